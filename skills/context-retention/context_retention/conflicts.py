"""Tell near-duplicates from contradictions: similar texts are never merged on cosine alone.

Measured on STS-B and SICK (research/memory.md): cosine >= .97 is a paraphrase, 3.5 % of pairs above
.92 contradict, and a negation mismatch at cosine >= .6 finds contradictions at P .87 R .82.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from clawcortex.text.terms import terms

Relation = Literal["duplicate", "supersedes", "none"]
DUPLICATE_COSINE = 0.97
RELATED_COSINE = 0.60
SHARED_STEMS = 0.6
NEGATION = re.compile(r"\b(?:not|no|never|none|nobody|nothing|without|cannot|\w+n't)\b", re.IGNORECASE)
CHANGE = re.compile(
    r"\b(?:no longer|not any ?more|anymore|any longer|instead|moved (?:to|from)|changed|switched|replaced|"
    r"postponed|rescheduled|pushed (?:back|to)|brought forward|is now|are now|now (?:is|lives?|works?|uses?)|"
    r"used to|since then|from now on|actually|correction|new (?:address|number|date|job|phone|deadline))\b",
    re.IGNORECASE,
)
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What is compared: the words, who said them and when."""

    text: str
    speaker: str
    at: datetime


def _values(text: str) -> tuple[frozenset[str], frozenset[str], bool]:
    return frozenset(NUMBER.findall(text)), frozenset(NAME.findall(text)), bool(NEGATION.search(text))


def relation(newer: Said, older: Said, cosine: float) -> Relation:
    """Return what the newer text is to the older one.

    A duplicate agrees in numbers, names and negation. A text supersedes another of the same speaker
    when it is about the same thing and says that it changed, or gives the same sentence another value.
    """
    if newer.text.casefold() == older.text.casefold():
        return "duplicate"
    if cosine < RELATED_COSINE:
        return "none"
    new, old = _values(newer.text), _values(older.text)
    if cosine >= DUPLICATE_COSINE and new == old:
        return "duplicate"
    if newer.speaker != older.speaker or newer.at <= older.at or newer.text.rstrip().endswith("?"):
        return "none"
    if older.text.rstrip().endswith("?"):
        return "none"
    stems_new, stems_old = set(terms(newer.text)), set(terms(older.text))
    shared = len(stems_new & stems_old) / max(1, min(len(stems_new), len(stems_old)))
    if CHANGE.search(newer.text) and shared >= SHARED_STEMS / 2:
        return "supersedes"
    same_sentence = shared >= SHARED_STEMS and min(len(stems_new), len(stems_old)) >= 2
    other_value = new[2] != old[2] or bool(new[0] and old[0] and new[0] != old[0]) or bool(
        new[1] and old[1] and not new[1] & old[1]
    )
    return "supersedes" if same_sentence and other_value else "none"


@dataclass(frozen=True, slots=True)
class Order:
    """Hits after conflicts are settled: positions to show, and what each replaces or hides."""

    shown: tuple[int, ...]
    superseded_by: dict[int, int]
    duplicates: dict[int, list[int]]


def settle(said: Sequence[Said], cosines: Sequence[Sequence[float]]) -> Order:
    """Put the current fact right before the one it replaces and hide near-duplicates.

    `said` is in order of score; `cosines[i][j]` compares two of them. Everything else keeps its order.
    """
    order: list[int] = []
    superseded: dict[int, int] = {}
    duplicates: dict[int, list[int]] = {}
    for current in range(len(said)):
        place = len(order)
        for rank, earlier in enumerate(order):
            newer, older = (current, earlier) if said[current].at > said[earlier].at else (earlier, current)
            kind = relation(said[newer], said[older], cosines[current][earlier])
            if kind == "duplicate":
                duplicates.setdefault(earlier, []).append(current)
                place = -1
                break
            if kind == "supersedes":
                superseded.setdefault(older, newer)
                if newer == current:
                    place = min(place, rank)
        if place >= 0:
            order.insert(place, current)
    return Order(tuple(order), superseded, duplicates)
