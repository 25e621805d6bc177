"""Spoken words as a grammar reads them: lower case, numbers in digits, "uh" and repeated words left out.

    "Uh, by, by the twenty-second of May"  ->  "by the 22th of may"

Every character of the wording knows where it stands in the text. One pass over the words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from clawcortex.text.linear import linear
from clawcortex.text.numbers import ORDINALS, SMALL, TENS

_TOKEN = linear(r"[0-9]+|\pL+(?:['’]\pL+)*|[^\s]")
_FILLERS = frozenset("uh uhm um umm er erm hmm hm mm mhm ah eh".split())
_BREAKS = frozenset(",-–—…")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the wording and the characters of the text that it stands for."""

    text: str
    start: int
    end: int
    apart: bool
    """Whether white space stands before it."""


class Wording:
    """Some words of a text in a row, and the way back to the text."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        parts: list[str] = []
        self._starts: list[int] = []
        length = 0
        for word in self.words:
            gap = " " if word.apart and parts else ""
            self._starts.append(length + len(gap))
            parts.append(gap + word.text)
            length += len(parts[-1])
        self.text = "".join(parts)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the characters of the text that this part of the wording stands for."""
        first = self.words[max(0, bisect_right(self._starts, start) - 1)]
        last = self.words[max(0, bisect_right(self._starts, end - 1) - 1)]
        return first.start, last.end


def spoken(text: str) -> Wording:
    """Return the wording that the grammar of dates reads."""
    return Wording(_folded(_fluent(_words(text))))


def fluent(text: str) -> Wording:
    """Return the text in its own letters, without fillers and words said twice, on one line."""
    said = _fluent(_words(text))
    return Wording([Word(text[word.start : word.end], word.start, word.end, word.apart) for word in said])


def _words(text: str) -> list[Word]:
    found: list[Word] = []
    end = 0
    for match in _TOKEN.finditer(text):
        shown = match[0].lower().replace("’", "'")
        shown = shown if shown.isascii() else "~" * len(shown)  # one width, and no letter to the grammar
        found.append(Word(shown, match.start(), match.end(), match.start() > end or not found))
        end = match.end()
    return found


def _fluent(words: list[Word]) -> list[Word]:
    """Leave out fillers with their commas, and the first of what is said twice at once."""
    said: list[Word] = []
    dropped = False
    for i, word in enumerate(words):
        following = words[i + 1].text if i + 1 < len(words) else ""
        if word.text in _FILLERS or _parenthesis(word.text, said, following):
            if said and said[-1].text == ",":
                said.pop()
            dropped = True
            continue
        if word.text == "t" and said and said[-1].text.isdigit() and following.isdigit():  # 2026-05-01T09:00
            dropped = not word.apart
            continue
        if dropped and word.text == ",":
            continue
        said.append(Word(word.text, word.start, word.end, apart=True) if dropped else word)
        dropped = False
        _without_repeat(said)
    return said


def _parenthesis(text: str, said: list[Word], following: str) -> bool:
    return text == "like" and following == "," and bool(said) and said[-1].text == ","


def _without_repeat(said: list[Word]) -> None:
    """Drop the first of two equal words, or pairs of words, that follow each other at once."""
    for size in (2, 1):
        for gap in (1, 0):
            length = 2 * size + gap
            if len(said) < length or (gap and said[-size - 1].text not in _BREAKS):
                continue
            again, before = said[-size:], said[-length : -size - gap]
            if all(a.text == b.text and a.text.isalpha() for a, b in zip(again, before, strict=True)):
                del said[-length:-size]
                return


def _folded(words: list[Word]) -> list[Word]:
    """Write number words in digits."""
    found: list[Word] = []
    i = 0
    while i < len(words):
        numbers, following = _run(words, i)
        if following == i:
            found.append(words[i])
            i += 1
            continue
        for j, (text, first, last) in enumerate(_years(numbers)):
            head = words[first]
            found.append(Word(text, head.start, words[last].end, head.apart or j > 0))
        i = following
    return found


Number = tuple[int, bool, int, int]
"""Value, whether it is an ordinal, first and last word."""


def _run(words: list[Word], i: int) -> tuple[list[Number], int]:
    """Return the numbers that follow each other from word `i`, and the word after them."""
    found: list[Number] = []
    while True:
        start = i + bool(found and i + 1 < len(words) and words[i].text == "-" and not words[i].apart)
        number = _number(words, start)
        if number is None:
            return found, i
        found.append(number)
        i = number[3] + 1
        if number[1]:
            return found, i


def _number(words: list[Word], i: int) -> Number | None:
    """Return the number that begins at word `i`: up to 99, or with hundreds and thousands."""
    small = _small(words, i)
    if small is None:
        return None
    value, ordinal, _, last = small
    for scale, name in ((100, "hundred"), (1000, "thousand")):
        if ordinal or last + 1 >= len(words) or words[last + 1].text != name:
            continue
        value, last = value * scale, last + 1
        after = last + 1 + (last + 1 < len(words) and words[last + 1].text == "and")
        rest = _small(words, after)
        if rest is not None:
            value, ordinal, last = value + rest[0], rest[1], rest[3]
    return value, ordinal, i, last


def _small(words: list[Word], i: int) -> Number | None:
    text = words[i].text if i < len(words) else ""
    if text in ORDINALS:
        return ORDINALS[text], True, i, i
    if text in SMALL:
        return SMALL[text], False, i, i
    if text not in TENS:
        return None
    after = i + 1 + (i + 1 < len(words) and words[i + 1].text == "-")
    unit = words[after].text if after < len(words) else ""
    if 1 <= SMALL.get(unit, 0) <= 9:
        return TENS[text] + SMALL[unit], False, i, after
    if 1 <= ORDINALS.get(unit, 0) <= 9:
        return TENS[text] + ORDINALS[unit], True, i, after
    return TENS[text], False, i, i


def _years(numbers: list[Number]) -> Iterable[tuple[str, int, int]]:
    """Yield numbers as digits, two of them as a year: 19 86 -> 1986."""
    i = 0
    while i < len(numbers):
        value, ordinal, first, last = numbers[i]
        more = [number for number in numbers[i + 1 : i + 3] if not number[1] and number[0] < 100]
        century = 16 <= value <= 21 and not ordinal
        if century and more and more[0][0] >= 10 and not (len(more) == 2 and 16 <= more[0][0] <= 21):
            yield str(100 * value + more[0][0]), first, more[0][3]
            i += 2
            continue
        yield f"{value}th" if ordinal else str(value), first, last
        i += 1
