"""Measure what the transcriber takes beside the engine: a process asked, a file decoded, a voice found, a window cut.

    install.py run -- python bench/voice_overhead.py [--seconds 10] [--runs 20] [--hours 3] [--engine NAME] [--json]

`overhead_s` is the wall clock of a spoken note less the engine's own time (the median; `overhead_p95_s`, the process
and its model being there), `start_s` what the first note waits longer. With --hours a recording of so many hours, most
of it pauses, is heard after that: `hours_rss_mb` is the most memory the process held, `hours_s` how long it took.
pocketsphinx hears unless another engine is named; with `--engine whisper` set speech_model to weights that are there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from clawcortex.settings import Settings, load_settings
from clawcortex.speech import Transcriber
from clawcortex.speech.process import resident_mb
from report import emit, progress

sys.path.append(str(Path(__file__).parents[1]))

from tests.speech.speaking import RATE, Sound, decode, encode, spoken

SENTENCE = "Please send the report to Anna by Friday."


def note(seconds: float) -> Sound:
    """Return a sentence said again and again."""
    said = decode(spoken(SENTENCE))
    return np.tile(said, int(seconds * RATE / len(said)) + 1)[: int(seconds * RATE)]


def measure(settings: Settings, seconds: float, runs: int, hours: float) -> dict[str, float]:
    """Return the figures."""
    ear = Transcriber(settings)
    with tempfile.TemporaryDirectory() as folder:
        file = encode(note(seconds), Path(folder) / "note.ogg")
        try:
            begun = time.perf_counter()
            first = ear.transcribe(file)
            start = time.perf_counter() - begun - first.engine_s
            over = []
            for _ in range(runs):
                begun = time.perf_counter()
                over.append(-ear.transcribe(file).engine_s + time.perf_counter() - begun)
            found = {
                "overhead_s": float(np.median(over)),
                "overhead_p95_s": float(np.percentile(over, 95)),
                "start_s": start - float(np.median(over)),
                "seconds": first.seconds,
                "words": float(len(first.text.split())),
            }
            return found | (long(ear, Path(folder), hours) if hours else {})
        finally:
            ear.close()


def long(ear: Transcriber, folder: Path, hours: float) -> dict[str, float]:
    """Return what a recording of hours takes: a sentence every two minutes."""
    part = np.concatenate([note(3), np.zeros(117 * RATE, np.float32)])
    progress(f"writing {hours:g} hours")
    file = encode(np.tile(part, int(hours * 30)), folder / "long.ogg")
    most = 0.0

    def look(done_s: float, total_s: float) -> None:
        nonlocal most
        most = max(most, resident_mb(ear.running()))
        if int(done_s) % 600 < 5:
            progress(f"{done_s / 60:.0f} of {total_s / 60:.0f} minutes, {most:.0f} MB")

    begun = time.perf_counter()
    found = ear.transcribe(file, progress=look)
    return {
        "hours_seconds": found.seconds,
        "hours_segments": float(len(found.segments)),
        "hours_rss_mb": most,
        "hours_s": time.perf_counter() - begun,
        "hours_engine_s": found.engine_s,
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--hours", type=float, default=0)
    parser.add_argument("--engine", default="pocketsphinx")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    settings = load_settings().model_copy(update={"speech_engine": chosen.engine})
    emit("voice_overhead", measure(settings, chosen.seconds, chosen.runs, chosen.hours), chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
