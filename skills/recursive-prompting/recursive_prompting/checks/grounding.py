"""Links and numbers of an answer stand in what it rests on, or come out of a sum that it shows."""

from __future__ import annotations

import re
from fractions import Fraction

import re2

from recursive_prompting.checks import arithmetic
from recursive_prompting.checks.blocks import prose_of
from recursive_prompting.checks.numbers import NUMBER, value_of

SMALL = 12
"""Counting so far needs no source."""
LINK = re.compile(r"https?://[^\s<>\"'`\])}]+", re.IGNORECASE)
_TRAILING = ".,;:!?*_"
_NUMBER = re2.compile(NUMBER)
_LISTED = re.compile(r"^\s*\d{1,3}[.)]\s", re.MULTILINE)
MOST_TOLD = 8


def links_of(text: str) -> set[str]:
    """Return the links of a text, as they are compared."""
    return {match[0].rstrip(_TRAILING).rstrip("/").casefold() for match in LINK.finditer(text)}


def numbers_of(text: str) -> dict[Fraction, str]:
    """Return the numbers of a text and how each is written; not those of links and list markers."""
    bare = _LISTED.sub(" ", LINK.sub(" ", text))
    found = ((value_of(match[0]), match[0]) for match in _NUMBER.finditer(bare))
    return {value: written for value, written in found if value is not None}


def check(answer: str, sources: str) -> tuple[bool, str]:
    """Return whether all is borne out, and what is not."""
    prose = prose_of(answer)
    links = sorted(links_of(prose) - links_of(sources))
    known = numbers_of(sources).keys() | arithmetic.results(answer)
    numbers = [
        written
        for value, written in numbers_of(prose).items()
        if value not in known and not (value.denominator == 1 and value <= SMALL)
    ]
    missing = [f"the link {one}" for one in links] + [f"the number {one}" for one in numbers]
    told = ", ".join(missing[:MOST_TOLD])
    return not missing, f"{told}: nowhere in the task or its context" if missing else ""
