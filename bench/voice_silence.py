"""Count the words and tasks that are heard where nobody speaks.

    install.py run -- python bench/voice_silence.py [--clips 1000] [--seed 1] [--engine pocketsphinx] [--json]

Each clip of 2 to 12 seconds is silence, noise (white, pink, brown, wind, a fan, rain, clicks), mains hum, tones (sine,
sweep, dial tones, beeps) or music-like (chords, a melody with vibrato, drums), written as a file like a phone's and
sent through the whole transcriber. `words` and `tasks` must be 0; `reached` counts the clips that the voice gate let
pass to the engine. Music-like is synthesised: no singing, no recorded instrument.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from clawcortex.settings import load_settings
from clawcortex.speech import Transcriber
from report import emit, progress
from voice_pipeline.extracting.rules import extract_by_rules

sys.path.append(str(Path(__file__).parents[1]))

from tests.speech.speaking import RATE, Sound, encode

Rng = np.random.Generator
Numbers = Any


def _time(rng: Rng) -> Numbers:
    return np.arange(int(rng.uniform(2, 12) * RATE)) / RATE


def _coloured(rng: Rng, t: Numbers, slope: float) -> Numbers:
    """Return noise whose power falls with frequency to the given power: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(len(t)))
    shape = np.maximum(np.fft.rfftfreq(len(t), 1 / RATE), 20.0) ** (-slope / 2)
    found = np.fft.irfft(spectrum * shape, len(t))
    return found / np.abs(found).max()


def _swell(rng: Rng, t: Numbers, hertz: float) -> Numbers:
    return 0.6 + 0.4 * np.sin(2 * np.pi * hertz * t + rng.uniform(0, 6))


def _note(t: Numbers, hertz: float, vibrato: float = 0.0) -> Numbers:
    phase = 2 * np.pi * hertz * t + vibrato * np.sin(2 * np.pi * 5.5 * t)
    return np.sum([np.sin(k * phase) / k**1.3 for k in range(1, 9)], axis=0)


def silence(rng: Rng, t: Numbers) -> Numbers:
    """Return digital silence, or the hiss of a muted microphone."""
    return rng.standard_normal(len(t)) * rng.choice([0.0, 1e-5, 3e-4])


def noise(rng: Rng, t: Numbers) -> Numbers:
    """Return white, pink or brown noise, steady or in gusts as wind."""
    made = _coloured(rng, t, rng.choice([0.0, 1.0, 2.0]))
    return made * _swell(rng, t, rng.uniform(0.05, 3)) if rng.random() < 0.5 else made


def rain(rng: Rng, t: Numbers) -> Numbers:
    """Return drops or clicks over a hiss."""
    drops = rng.random(len(t)) < rng.uniform(1e-4, 3e-3)
    tail = np.exp(-np.arange(400) / rng.uniform(20, 90))
    return np.convolve(drops * rng.standard_normal(len(t)), tail)[: len(t)] + 0.05 * _coloured(rng, t, 0.5)


def hum(rng: Rng, t: Numbers) -> Numbers:
    """Return mains or a motor: a base with its overtones."""
    base = rng.choice([50.0, 60.0, 100.0, 120.0, rng.uniform(80, 400)])
    made = np.sum([rng.random() * np.sin(2 * np.pi * base * k * t) / k for k in range(1, 12)], axis=0)
    return made * _swell(rng, t, rng.uniform(0.1, 8)) + 0.02 * _coloured(rng, t, 1.0)


def tone(rng: Rng, t: Numbers) -> Numbers:
    """Return one sine, steady or swelling."""
    return np.sin(2 * np.pi * rng.uniform(80, 4_000) * t) * _swell(rng, t, rng.uniform(0, 4))


def sweep(rng: Rng, t: Numbers) -> Numbers:
    """Return a tone that rises."""
    low, high = sorted(rng.uniform(60, 6_000, 2))
    return np.sin(2 * np.pi * (low * t + (high - low) * t**2 / (2 * t[-1])))


def beeps(rng: Rng, t: Numbers) -> Numbers:
    """Return dial tones, on and off."""
    pairs = np.sin(2 * np.pi * rng.choice([697, 770, 852, 941]) * t)
    pairs = pairs + np.sin(2 * np.pi * rng.choice([1209, 1336, 1477]) * t)
    return pairs * (np.sin(2 * np.pi * rng.uniform(0.5, 6) * t) > rng.uniform(-0.5, 0.5))


def chords(rng: Rng, t: Numbers) -> Numbers:
    """Return struck chords that ring out."""
    made = np.zeros(len(t))
    beat = rng.uniform(0.3, 1.5)
    for start in np.arange(0, t[-1], beat):
        part = (t >= start) & (t < start + beat)
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        here = t[part] - start
        fade = np.minimum(1, here / 0.02) * np.exp(-here * rng.uniform(0.5, 4))
        made[part] = sum(_note(here, root * 2 ** (step / 12)) for step in (0, rng.choice([3, 4]), 7)) * fade
    return made


def melody(rng: Rng, t: Numbers) -> Numbers:
    """Return an instrument's melody over chords."""
    made = np.zeros(len(t))
    at = 0.0
    while at < t[-1]:
        length = rng.choice([0.15, 0.3, 0.6, 1.2])
        part = (t >= at) & (t < at + length)
        here = t[part] - at
        fade = np.minimum(1, here / 0.03) * np.minimum(1, (length - here) / 0.03)
        made[part] = _note(here, 196 * 2 ** (rng.integers(0, 20) / 12), vibrato=rng.choice([0.0, 1.0])) * fade
        at += length
    return made + 0.3 * chords(rng, t)


def drums(rng: Rng, t: Numbers) -> Numbers:
    """Return drums, with or without a melody."""
    made = 0.02 * _coloured(rng, t, 1.0)
    for start in np.arange(0, t[-1], rng.uniform(0.2, 0.6)):
        here = t - start
        after = here >= 0
        kick = np.sin(2 * np.pi * rng.choice([55, 90, 180]) * here) * np.exp(-here * 18)
        snare = rng.standard_normal(len(t)) * np.exp(-here * 35)
        made += np.where(after, kick if rng.random() < 0.5 else 0.7 * snare, 0)
    return made + (0.4 * melody(rng, t) if rng.random() < 0.5 else 0)


KINDS: tuple[Callable[[Rng, Numbers], Numbers], ...] = (
    silence, noise, rain, hum, tone, sweep, beeps, chords, melody, drums,
)  # fmt: skip


def clip(rng: Rng, kind: Callable[[Rng, Numbers], Numbers]) -> Sound:
    """Return one clip: of a kind, at a random level that is never clipped."""
    made = kind(rng, _time(rng))
    most = np.abs(made).max()
    level = 1.0 if kind is silence or not most else rng.choice([0.003, 0.05, 0.3, 0.9]) / most
    found: Sound = (made * level).astype(np.float32)
    return found


def measure(clips: int, seed: int, ear: Transcriber) -> tuple[dict[str, float], list[str]]:
    """Return the figures, and of each clip that let words through its kind and words."""
    rng = np.random.default_rng(seed)
    words, tasks, seconds, reached = 0, 0, 0.0, Counter[str]()
    told = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(clips):
            kind = KINDS[number % len(KINDS)]
            file = encode(clip(rng, kind), Path(folder) / "clip.ogg")
            found = ear.transcribe(file)
            words += len(found.text.split())
            tasks += len(extract_by_rules(found.text, datetime.now(UTC)).actions)
            seconds += found.seconds
            reached[kind.__name__] += found.engine_s > 0
            if found.text:
                told.append(f"{kind.__name__}: {found.text!r}")
            if number % 100 == 99:
                progress(f"{number + 1} clips: {words} words; reached the engine: {dict(+reached)}")
    figures = {"clips": clips, "words": words, "tasks": tasks, "reached": reached.total(), "seconds": seconds}
    return figures, told


def main() -> int:
    """Print the figures; exit with 1 when anything was heard."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", default="pocketsphinx")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    ear = Transcriber(load_settings().model_copy(update={"speech_engine": chosen.engine}))
    try:
        figures, told = measure(chosen.clips, chosen.seed, ear)
    finally:
        ear.close()
    for line in told:
        progress(line)
    emit("voice_silence", figures, chosen.json)
    return int(figures["words"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
