"""Patterns that take linear time on any text: google-re2, which ships no types, behind the few that are used here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import re2


class Match(Protocol):
    """Where a pattern stands in a text."""

    def __getitem__(self, group: int | str, /) -> str: ...

    def groupdict(self) -> Mapping[str, str | None]:
        """Return named groups; None for one that took no part."""

    def start(self, group: int = 0, /) -> int:
        """Return where a group begins."""

    def end(self, group: int = 0, /) -> int:
        """Return where a group ends."""

    def span(self, group: int = 0, /) -> tuple[int, int]:
        """Return both."""


class Pattern(Protocol):
    """A compiled pattern."""

    groupindex: Mapping[str, int]

    def search(self, text: str, /) -> Match | None:
        """Return the first match."""

    def match(self, text: str, /) -> Match | None:
        """Return the match at the beginning."""

    def fullmatch(self, text: str, /) -> Match | None:
        """Return the match that is the whole text."""

    def finditer(self, text: str, /) -> Iterator[Match]:
        """Yield the matches from left to right."""

    def findall(self, text: str, /) -> list[str]:
        """Return the matches' texts."""

    def sub(self, replacement: str, text: str, /) -> str:
        """Return the text with every match replaced."""

    def split(self, text: str, /) -> list[str]:
        """Return what stands between the matches."""


def linear(pattern: str) -> Pattern:
    """Return a compiled pattern; no look-around, no back-references: those have no linear time."""
    compiled: Pattern = re2.compile(pattern)
    return compiled
