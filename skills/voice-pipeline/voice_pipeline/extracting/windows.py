"""A text that is too long for one question, in parts that overlap; what was taken out of the parts, as one.

What is said where two parts meet is read twice, each time with words around it. It counts where it stands further
from the edge; the other part's reading counts only where the first has nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from voice_pipeline.extracting.sentences import Clause, clauses
from voice_pipeline.extracting.shapes import MOST, Extraction


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text, and the middle of it that no other part reads better."""

    start: int
    end: int
    own_start: int
    own_end: int


def windows(text: str, longest: int, overlap: int) -> list[Window]:
    """Return parts of at most `longest` characters, cut between clauses, with about `overlap` in two of them."""
    spans = list(_spans(list(clauses(text)), longest, overlap)) if len(text) > longest else []
    if not spans:
        return [Window(0, len(text), 0, len(text))]
    edges = [(here[1] + following[0]) // 2 for here, following in pairwise(spans)]
    owned = zip(spans, [0, *edges], [*edges, len(text)], strict=True)
    return [Window(start, end, own_start, own_end) for (start, end), own_start, own_end in owned]


def _spans(said: Sequence[Clause], longest: int, overlap: int) -> Iterator[tuple[int, int]]:
    first = last = 0
    while said:
        while last < len(said) and said[last].end - said[first].start <= longest:
            last += 1
        end = said[last - 1].end
        yield said[first].start, end
        if last == len(said):
            return
        earliest = max(end - overlap, said[last].end - longest)  # the next clause has room behind it
        first = last
        while said[first - 1].start >= earliest:
            first -= 1


def merged(parts: Sequence[tuple[Window, Extraction]]) -> Extraction:
    """Return one extraction with places in the whole text; each item once, in the order in which it was said."""
    if len(parts) == 1:
        return parts[0][1]
    notes = dict.fromkeys(part.note for _, part in parts if part.note)
    return Extraction(
        priorities=_joined([(window, part.priorities) for window, part in parts]),
        decisions=_joined([(window, part.decisions) for window, part in parts]),
        actions=_joined([(window, part.actions) for window, part in parts]),
        shifts=_joined([(window, part.shifts) for window, part in parts]),
        by="model" if any(part.by == "model" for _, part in parts) else "rules",
        note="; ".join(notes),
    )


def _joined(parts: Sequence[tuple[Window, Sequence[Any]]]) -> tuple[Any, ...]:
    own: list[Any] = []
    others: list[Any] = []
    for window, items in parts:
        for item in items:
            places = {"start": item.start + window.start, "end": item.end + window.start}
            moved = item.model_copy(update=places)
            (own if window.own_start <= moved.start < window.own_end else others).append(moved)
    own += [one for one in others if not any(one.start < it.end and it.start < one.end for it in own)]
    kept: dict[str, Any] = {}
    for item in sorted(own, key=lambda one: (one.start, one.end)):
        kept.setdefault((getattr(item, "theme", "") or item.text).casefold(), item)
    return tuple(kept.values())[:MOST]
