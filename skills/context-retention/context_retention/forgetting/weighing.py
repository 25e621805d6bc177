"""How much each memory is worth keeping, in [0, 1], from columns and usage alone: no text is read.

Any one reason suffices, so that the reasons are joined as independent chances are: what was said (importance,
how much the words tell, age), that it was used (how often, how long ago), and that it stands beside something
used. A use weighs more than any cue: it is the only evidence that the memory was ever wanted. The result is
lowered for words that are not the owner's and for what something newer or earlier says as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from clawcortex.store.base import FLAG_DUPLICATE, FLAG_PINNED, FLAG_SUPERSEDED, Columns, Floats, Usage
from clawcortex.store.index import View
from clawcortex.store.records import Provenance

DAY = 86_400.0
ONCE = 0.6
"""Worth of a single use; more uses add up to 1."""
OFTEN = 16
"""Uses after which more of them say nothing new."""
BESIDE = 0.5
"""What standing beside a used memory is worth, as a share of that use: an answer needs its question."""
ENOUGH = 4.0
"""Sum of the rarities of a text's stems at which it tells half of what a text can tell."""
KINDS = {Provenance.OWNER: 1.0, Provenance.AGENT: 0.8, Provenance.SYSTEM: 0.8, Provenance.UNTRUSTED: 0.5}
SUPERSEDED, DUPLICATE = 0.4, 0.3
BUCKETS = 1 << 20
"""Stems are counted by the lowest bits of their hash: a clash costs a little sharpness, no memory."""
PART = 50_000
"""Memories whose stems are weighed at a time."""


def keep_worth(
    view: View, usage: Usage, now: datetime, *, half_life_days: float, recency_floor: float
) -> Floats:
    """Return the worth of each row of the view; rows that are not in the usage are worth as unused ones."""
    columns = view.columns
    rows = view.at(usage.n)
    known = rows >= 0
    recalls = np.zeros(len(columns.n), np.float32)
    recalled = np.zeros(len(columns.n))
    kind = np.ones(len(columns.n), np.float32)
    recalls[rows[known]] = usage.recalls[known]
    recalled[rows[known]] = usage.recalled[known]
    kind[rows[known]] = np.array([KINDS[one] for one in Provenance], np.float32)[usage.provenance[known]]

    def fresh(moments: NDArray[np.float64]) -> Floats:
        """Return how much of a moment is left; one in the future, after a clock went back, is now."""
        days = np.maximum((now.timestamp() - moments) / DAY, 0.0)
        return np.asarray(recency_floor + (1 - recency_floor) * 0.5 ** (days / half_life_days), np.float32)

    often = np.minimum(np.log1p(recalls) / np.log1p(OFTEN), 1.0)
    used = np.where(recalls > 0, ONCE + (1 - ONCE) * often, 0.0) * fresh(recalled)
    said = np.clip(columns.importance, 0, 1) * (0.5 + 0.5 * telling(columns)) * fresh(columns.created)
    beside = BESIDE * np.maximum(_of(used, view.previous), _of(used, view.next))
    worth = (1 - (1 - said) * (1 - used) * (1 - beside)) * kind
    worth *= np.where(columns.flags & FLAG_SUPERSEDED, SUPERSEDED, 1.0)
    worth *= np.where(columns.flags & FLAG_DUPLICATE, DUPLICATE, 1.0)
    worth[(columns.flags & FLAG_PINNED) > 0] = 1.0
    return np.asarray(np.clip(worth, 0.0, 1.0), np.float32)


def _of(values: NDArray[np.floating], rows: NDArray[np.int32]) -> NDArray[np.floating]:
    """Return the value at each row, 0 where there is none."""
    return np.where(rows >= 0, values[rows], 0.0) if len(values) else values


def telling(columns: Columns) -> Floats:
    """Return how much each memory's words tell, in [0, 1): many words that few others hold tell most."""
    held = np.zeros(BUCKETS, np.int64)
    for _, _, stems in _parts(columns):
        held += np.bincount(stems, minlength=BUCKETS)
    size = len(columns.n) + 1
    rarity = (np.log1p(size / (held + 1)) / np.log1p(size)).astype(np.float32)
    told = np.zeros(len(columns.n), np.float32)
    for first, counts, stems in _parts(columns):
        owner = np.repeat(np.arange(len(counts)), counts)
        sums = np.bincount(owner, rarity[stems], minlength=len(counts))
        told[first : first + len(counts)] = sums / (sums + ENOUGH)
    return told


def _parts(columns: Columns) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.int64]]]:
    """Yield (first row, stems of each row, the stems' buckets) part by part."""
    begin = 0
    for first in range(0, len(columns.n), PART):
        counts = columns.term_counts[first : first + PART]
        end = begin + int(counts.sum(dtype=np.int64))
        yield first, counts, (columns.terms[begin:end] & (BUCKETS - 1)).astype(np.int64)
        begin = end
