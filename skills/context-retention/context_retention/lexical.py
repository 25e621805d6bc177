"""Words in common, from the stem hashes the index holds: no row is read for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from clawcortex.store.base import Floats, Ints
from clawcortex.text.terms import hashed, terms

K1, B, USUAL_LENGTH = 1.2, 0.6, 12.0
SMALLEST = 300
"""Rarity is measured as if this many memories more were stored: few memories tell little about a word."""

Hashes = NDArray[np.uint32]

TIMES = np.unique(
    hashed(
        terms(
            "yesterday today tomorrow tonight week weekend month year day morning evening night ago last next recent "
            "monday tuesday wednesday thursday friday saturday sunday january february march april june july august "
            "september october november december summer winter spring fall hour date since start finish"
        )
    )
)
COUNTS = np.unique(
    hashed(
        terms(
            "one two three four five six seven eight nine ten dozen twice hundred thousand couple half several"
        )
        + [str(number) for number in range(2_101)]
    )
)


def rarity(stems: Sequence[str], frequencies: Mapping[str, int], total: int) -> Floats:
    """Return how much each stem tells, in [0, 1]: 1 for one that no other memory holds."""
    size = total + SMALLEST
    held = np.array([min(frequencies.get(stem, 0), total) for stem in stems], np.float32)
    return np.asarray(np.log1p((size - held) / (held + 1)) / np.log1p(size), np.float32)


def counts(pointers: Ints, words: Hashes, wanted: Hashes) -> tuple[Floats, Floats]:
    """Return how often each wanted hash stands in each row, and how many stand there side by side as wanted."""
    height, width = len(pointers) - 1, len(wanted)
    which = np.full(len(words), -1, np.int8)
    for place in range(width):
        which[words == wanted[place]] = place
    at = np.flatnonzero(which >= 0)
    row, which = np.searchsorted(pointers, at, side="right") - 1, which[at]
    table = np.bincount(row * width + which, minlength=height * width).reshape(height, width)
    pairs = (np.diff(at) == 1) & (np.diff(which) == 1) & (np.diff(row) == 0)
    return table.astype(np.float32), np.bincount(row[1:][pairs], minlength=height).astype(np.float32)


def holds(pointers: Ints, words: Hashes, wanted: Hashes) -> Floats:
    """Return 1 for every row that holds one of the wanted hashes, which are sorted."""
    height = len(pointers) - 1
    held = np.zeros(height, np.float32)
    if len(wanted) and len(words):
        place = np.minimum(np.searchsorted(wanted, words), len(wanted) - 1)
        held[np.searchsorted(pointers, np.flatnonzero(wanted[place] == words), side="right") - 1] = 1
    return held


def bm25(table: Floats, lengths: Floats, rare: Floats) -> Floats:
    """Return BM25 as a share of what a memory with every stem could reach at most."""
    norm = K1 * (1 - B + B * lengths / USUAL_LENGTH)
    reachable = (float(rare.sum()) or 1.0) * (K1 + 1)
    return np.asarray((table * (K1 + 1) / (table + norm[:, None])) @ (rare / reachable), np.float32)
