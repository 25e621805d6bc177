"""Does a sound change its colour as a voice does? What the gate takes for a vowel may be a mains hum, or an organ.

Of each frame that the gate calls speech, the levels of twenty bands are compared: a hum swells but keeps its
colour; a held note keeps it until the next note. Speech changes it ten times a second.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

from clawcortex.models.base import Floats

VARIES_DB = 3.1
"""Least mean deviation of a band. Hums reach 2.6; speech, human or not, begins at 3.7 with noise 3 dB below it."""
MOVES = 0.7
"""Least change over a tenth of a second, as a share of that deviation. Held notes reach 0.5; speech begins at 0.9."""
_BANDS, _LOWEST, _HIGHEST = 20, 100.0, 7_000.0
_FLOOR = 1e-4
"""What is 40 dB below the loudest band counts as nothing: noise there moves without meaning."""
_LAG = 3
"""Frames between the two that are compared, 96 ms."""


@functools.cache
def _bands(size: int, rate: int) -> tuple[Floats, Floats]:
    edges = np.geomspace(_LOWEST, _HIGHEST, _BANDS + 1)
    at = np.fft.rfftfreq(size, 1 / rate)
    members = [(at >= low) & (at < high) for low, high in itertools.pairwise(edges)]
    return np.hanning(size).astype(np.float32), np.array(members, np.float32)


def is_voice(frames: Floats, voiced: NDArray[np.bool_], rate: int) -> bool:
    """Return whether the voiced frames (shape: frames x samples) sound like somebody who speaks."""
    window, bands = _bands(frames.shape[1], rate)
    power = np.abs(np.fft.rfft(frames * window)) ** 2 @ bands.T
    levels = 10 * np.log10(power + _FLOOR * power[voiced].max(initial=1e-12))
    colour = levels - levels.mean(axis=1, keepdims=True)
    varies = float(colour[voiced].std(axis=0).mean())
    pairs = voiced[_LAG:] & voiced[:-_LAG]
    if not pairs.any():
        return varies >= VARIES_DB
    moves = np.sqrt(((colour[_LAG:] - colour[:-_LAG]) ** 2).mean(axis=1))[pairs]
    return varies >= VARIES_DB and float(np.median(moves)) >= MOVES * varies
