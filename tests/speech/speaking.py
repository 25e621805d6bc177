"""Voice notes for tests: what flite says, as a phone sends it (ogg/opus).

flite is no Python package, so what the tests say is kept beside them in clips/. A test asks for a sentence by its
words; a new one is spoken where flite is installed (`apt-get install flite`), and the new file is committed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

CLIPS = Path(__file__).parent / "clips"
RATE = 16_000
Sound = NDArray[np.float32]


def spoken(text: str, *, voice: str = "rms") -> Path:
    """Return an ogg in which flite's voice says the text."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")
    clip = CLIPS / f"{voice}-{slug[:80]}.ogg"
    if not clip.is_file():
        if shutil.which("flite") is None:
            pytest.fail(f"nobody has said {text!r} yet: install flite, run this test once, commit {clip}")
        encode(speak(text, voice=voice), clip)
    return clip


def speak(text: str, *, voice: str = "rms") -> Sound:
    """Return what flite says now, at 16 kHz."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", file.name], check=True)
        with wave.open(file.name) as opened:
            assert (opened.getframerate(), opened.getnchannels()) == (RATE, 1)
            samples = np.frombuffer(opened.readframes(opened.getnframes()), "<i2")
    return samples.astype(np.float32) / np.float32(32_768)


def decode(clip: Path) -> Sound:
    """Return the sound of a clip at 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(clip)) as container:
        frames = [made for frame in container.decode(audio=0) for made in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in [*frames, *resampler.resample(None)]])


def encode(
    sound: Sound, path: Path, *, codec: str = "libopus", rate: int = 48_000, bit_rate: int = 24_000
) -> Path:
    """Write a sound as a file of the format that the path ends in."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=rate, frame_size=stream.frame_size or 1_024
        )
        for at in range(0, len(sound), RATE):
            frame = av.AudioFrame.from_ndarray(sound[None, at : at + RATE], format="flt", layout="mono")
            frame.sample_rate = RATE
            frame.pts = at
            for made in resampler.resample(frame):
                container.mux(stream.encode(made))
        for made in resampler.resample(None):
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return path
