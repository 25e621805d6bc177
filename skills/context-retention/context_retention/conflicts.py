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

import numpy as np
from numpy.typing import NDArray

from clawcortex.text.terms import terms

Relation = Literal["duplicate", "supersedes", "none"]
DUPLICATE_COSINE = 0.97
RELATED_COSINE = 0.60
SHARED = 0.6
SAME_WORDS = 2
NEGATION = re.compile(r"\b(?:not|no|never|none|nobody|nothing|without|cannot|\w+n't)\b", re.IGNORECASE)
CHANGE = re.compile(
    r"\b(?:no longer|not any ?more|anymore|any longer|instead|moved|changed|switched|replaced|"
    r"postponed|rescheduled|pushed (?:back|to)|brought forward|is now|are now|now (?:is|lives?|works?|uses?)|"
    r"used to|since then|from now on|actually|correction|new (?:address|number|date|job|phone|deadline))\b",
    re.IGNORECASE,
)
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
NAME = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][\w'-]+|(?<=Dr\. )\w+|(?<=Mr\. )\w+|(?<=Ms\. )\w+|(?<=Mrs\. )\w+")
WORD = re.compile(r"[^\W\d_]+")
STATE = re.compile(
    r"\b(?:is|are|am|lives?|works?|uses?|has|have|owns?|drives?|eats?|drinks?|likes?|loves?|prefers?|hates?|"
    r"costs?|starts?|ends?|opens?|closes?|goes|go)\b|'(?:s|m|re)\b",
    re.IGNORECASE,
)
PAST = re.compile(r"\b(?:was|were|had|went|did|got|yesterday|ago|last)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """What is compared: the words, who said them and when."""

    text: str
    speaker: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Values:
    """What two texts about the same thing may differ in."""

    numbers: frozenset[str]
    names: frozenset[str]
    negated: bool

    @classmethod
    def of(cls, text: str) -> Values:
        """Read the values of a text."""
        return cls(
            frozenset(NUMBER.findall(text)), frozenset(NAME.findall(text)), bool(NEGATION.search(text))
        )

    def differ(self, other: Values) -> bool:
        """Return whether each has a number or a name of its own, or one denies."""
        numbers = self.numbers - other.numbers and other.numbers - self.numbers
        names = self.names - other.names and other.names - self.names
        return bool(numbers or names) or self.negated != other.negated


def _frame(text: str) -> frozenset[str]:
    """Return the words around the values: "my dentist is Dr. Weber" -> my, dentist, is."""
    names = {word.casefold() for name in NAME.findall(text) for word in WORD.findall(name)}
    return frozenset(word.casefold() for word in WORD.findall(text)) - names


def _is_state(text: str) -> bool:
    """Return whether a text says how things are; what happened once is not replaced by what happened next."""
    return bool(STATE.search(text)) and not PAST.search(text) and not text.rstrip().endswith("?")


def relation(newer: Said, older: Said, cosine: float) -> Relation:
    """Return what the newer text is to the older one.

    A duplicate agrees in numbers, names and negation. A text supersedes another of the same speaker when it
    is about the same thing and says that it changed, or says the same of how things are with another value.
    """
    if newer.text.casefold() == older.text.casefold():
        return "duplicate"
    if cosine < RELATED_COSINE:
        return "none"
    new, old = Values.of(newer.text), Values.of(older.text)
    if cosine >= DUPLICATE_COSINE and new == old:
        return "duplicate"
    if newer.speaker != older.speaker or newer.at <= older.at:
        return "none"
    if not (_is_state(older.text) and (_is_state(newer.text) or CHANGE.search(newer.text))):
        return "none"
    stems_new, stems_old = set(terms(newer.text)), set(terms(older.text))
    about = len(stems_new & stems_old) / max(1, min(len(stems_new), len(stems_old)))
    if CHANGE.search(newer.text) and about >= SHARED / 2 and stems_new != stems_old:
        return "supersedes"
    one, other = _frame(newer.text), _frame(older.text)
    frame = len(one & other) / max(1, min(len(one), len(other)))
    return "supersedes" if frame >= SHARED and len(one & other) >= SAME_WORDS and new.differ(old) else "none"


@dataclass(frozen=True, slots=True)
class Order:
    """Hits after conflicts are settled: positions to show, and what each replaces or hides."""

    shown: tuple[int, ...]
    superseded_by: dict[int, int]
    duplicates: dict[int, list[int]]


def settle(said: Sequence[Said], cosines: NDArray[np.float32]) -> Order:
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
            kind = relation(said[newer], said[older], float(cosines[current][earlier]))
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
