"""Settle what stands beside each other in an answer: the current fact first, near-duplicates once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from context_retention.relation import LEAST_COSINE, Said, chance, is_duplicate, weights

LIKELY = 0.15
"""Two texts in one answer: so likely, and the newer comes first; nothing is said of the older but where a question
presupposes that something changed."""
COMPARED = 24
"""So many of the best are compared with each other, all there is of a usual answer; the wide one after a compaction
leaves the rest to what is known already: pairs grow with the square, and the prompt waits."""
POSSIBLE, PRESUPPOSED = 0.05, 3
"""Asked about before, so likely is enough among so many of the best answers: the question itself says that something
changed."""
ALIKE = 0.3
"""What is only likely moves the newer up where its score is at least this share of the older one's."""


@dataclass(frozen=True, slots=True)
class Order:
    """Hits after conflicts are settled: positions to show, and what each replaces or hides."""

    shown: tuple[int, ...]
    superseded_by: dict[int, int]
    duplicates: dict[int, list[int]]


def settle(
    said: Sequence[Said],
    cosines: NDArray[np.float32],
    *,
    scores: Sequence[float] = (),
    stored: Mapping[int, int] | None = None,
    related: AbstractSet[int] = frozenset(),
    asked_for: AbstractSet[int] = frozenset(),
    past: bool = False,
) -> Order:
    """Put the current fact right before the one it replaces and hide near-duplicates; the rest keeps its order.

    `said` is in order of score; `cosines[i][j]` compares two of them; `stored` says what each is replaced by as far as
    that is known already; of those in `related` nothing more is said, but where the question asks for the `past`.
    Of what is `asked_for` the old one comes first.
    """
    superseded = dict(stored or {})
    duplicates: dict[int, list[int]] = {}
    kept: list[int] = []
    for i, one in enumerate(said):
        twin = next((j for j in kept if is_duplicate(one.text, said[j].text, float(cosines[i][j]))), -1)
        if twin < 0:
            kept.append(i)
        else:
            duplicates.setdefault(twin, []).append(i)
    after: set[tuple[int, int]] = set()
    for i, j in _pairs(said, cosines, kept[:COMPARED]):
        newer, older = (i, j) if said[i].at > said[j].at else (j, i)
        sure = chance(said[newer], said[older], float(cosines[i][j])) if said[i].at != said[j].at else 0.0
        if sure >= LIKELY and (not scores or scores[newer] >= ALIKE * scores[older]):
            after.add((older, newer))
        known = older in superseded or (not past and newer in related and older in related)
        if not known and sure >= (LIKELY if past else weights().threshold):
            superseded[older] = newer
    superseded = {old: new for old, new in superseded.items() if old in kept and new in kept}
    if past:
        superseded |= _presupposed(
            said, cosines, [i for i in kept if i not in superseded.values()], superseded
        )
    after |= set(superseded.items())
    return Order(tuple(_ordered(kept, after, asked_for)), superseded, duplicates)


def _presupposed(
    said: Sequence[Said],
    cosines: NDArray[np.float32],
    kept: Sequence[int],
    known: Mapping[int, int],
) -> dict[int, int]:
    """Return what replaced the best answers without a successor: a question about before presupposes a change.

    It is the likeliest of the texts that answer as well, were said later by the same one, and replace nothing else.
    """
    found: dict[int, int] = {}
    best = kept[:PRESUPPOSED]
    for i in best:
        later = [
            (chance(said[j], said[i], float(cosines[i][j])), j)
            for j in best
            if said[j].at > said[i].at and said[j].speaker == said[i].speaker
        ]
        sure, newer = max(later, default=(0.0, i))
        if i not in known and sure >= POSSIBLE:
            found[i] = newer
    return found


def _pairs(said: Sequence[Said], cosines: NDArray[np.float32], kept: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs worth comparing: of one speaker and about the same."""
    return [
        (i, j)
        for place, i in enumerate(kept)
        for j in kept[:place]
        if said[i].speaker == said[j].speaker and cosines[i][j] >= LEAST_COSINE
    ]


def _ordered(
    kept: Sequence[int], after: AbstractSet[tuple[int, int]], asked_for: AbstractSet[int]
) -> list[int]:
    """Return the positions, each behind those that must come first, by way of others or not."""
    first: dict[int, list[int]] = {i: [] for i in kept}
    for old, new in sorted(after):
        earlier, later = (old, new) if old in asked_for else (new, old)
        first[later].append(earlier)
    order: list[int] = []
    seen: set[int] = set()

    def place(i: int) -> None:
        if i not in seen:
            seen.add(i)
            for earlier in first[i]:
                place(earlier)
            order.append(i)

    for i in kept:
        place(i)
    return order
