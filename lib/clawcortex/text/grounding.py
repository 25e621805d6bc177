"""Where a model's quote stands in the source: only letters and digits are compared, in one pass over the text."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from clawcortex.text.terms import terms

LEAST = 0.5
"""Share of an item's own words that must stand in its quote; else the quote speaks for itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of the source."""

    start: int
    end: int


class Ground:
    """A source in which quotes are looked up."""

    def __init__(self, text: str) -> None:
        self.text = text
        letters: list[str] = []
        self._at: list[int] = []
        for i, char in enumerate(text):
            if char.isalnum():
                folded = char.casefold()
                letters.append(folded)
                self._at += [i] * len(folded)
        self._letters = "".join(letters)

    def find(self, quote: str, within: Place | None = None) -> Place | None:
        """Return where the quote stands, whole words only; None when the source does not say it."""
        wanted = "".join(char.casefold() for char in quote if char.isalnum())
        if not wanted:
            return None
        low = bisect_left(self._at, within.start) if within else 0
        high = bisect_left(self._at, within.end) if within else len(self._at)
        for _ in range(8):  # "all" in "call": the next place may be a word
            found = self._letters.find(wanted, low, high)
            if found < 0:
                return None
            start, end = self._at[found], self._at[found + len(wanted) - 1] + 1
            if not self._inside_word(start, end):
                return Place(start, end)
            low = found + 1
        return None

    def _inside_word(self, start: int, end: int) -> bool:
        before = start > 0 and self.text[start - 1].isalnum()
        return before or (end < len(self.text) and self.text[end].isalnum())


def grounded(words: str, quote: str) -> bool:
    """Tell whether an item's own words say what its quote says: its terms mostly, its numbers all."""
    own, said = set(terms(words)), set(terms(quote))
    numbers = {term for term in own if any(char.isdigit() for char in term)}
    return bool(own) and numbers <= said and len(own & said) >= LEAST * len(own)
