"""A text as the tagger reads it: words as in the data that it was fitted on, and what is to be seen of each.

The embedder reads no capitals, so whatever letters look like is told beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from clawcortex.models.base import Floats
from cross_agent_intelligence.recognising.lists import LISTS

OF_LISTS = (
    "first_name", "last_name", "place", "place_word", "company", "company_word", "product_word", "title_word",
    "group_word", "calendar", "common",
)  # fmt: skip
"""Lists that the tagger was fitted with."""
SEEN = (
    "title", "upper", "inner", "lower", "digit", "number", "mark", "handle", "tag", "link", "initial", "first",
    "after", "shouted", "small", "plain", "clitic", "quote", *OF_LISTS,
)  # fmt: skip
"""What is seen of one word, in the columns' order."""
COLUMN = {name: i for i, name in enumerate(SEEN)}
REACH = 2
"""Words to the left and right of which the same is told."""
SIZE = len(SEEN) * (2 * REACH + 1)
LONGEST_WORD = 100
"""Characters of a word that are looked at."""
_ENDS = frozenset('.!?:;…-–—"“”«»()[]|/*>')
_QUOTES = frozenset('"“”«»„')
_WORD = re.compile(
    r"https?://\S+|www\.\S+|[@#]\w+|[^\W\d_]+n['’]t\b|['’](?:s|m|re|ve|ll|d)\b|\d+(?:[.,:]\d+)*"
    r"|(?:[^\W\d_]\.){2,}|[^\W_]+(?:-[^\W_]+)*|&[a-z]{2,6};|\.{2,}|[^\s\w]|_",
    re.IGNORECASE,
)
"""Each alternative is a run that nothing else can end: linear although it may go back, and faster than `linear`."""
_NEGATED = frozenset({"n't", "n’t"})
_CLOSING = frozenset("\"”’')]»")
_SHORT = frozenset("inc corp ltd co st no vs etc jr sr mt ave approx e.g i.e".split())
MOST_WORDS = 60
"""Words of a sentence; a longer one is read in parts."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its characters in the text."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """Return the words of a text in order; marks are words, "it's" is two."""
    found = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        if len(match[0]) > 3 and match[0][-3:].lower() in _NEGATED:
            found += [Word(text[start : end - 3], start, end - 3), Word(text[end - 3 : end], end - 3, end)]
        else:
            found.append(Word(match[0], start, end))
    return found


def sentences(text: str) -> Iterator[list[Word]]:
    """Yield the words of each sentence; a line's end is one, "Dr." is not, and none has more than `MOST_WORDS`."""
    sentence: list[Word] = []
    for word in words(text):
        if sentence and (len(sentence) >= MOST_WORDS or _parted(text, sentence, word)):
            yield sentence
            sentence = []
        sentence.append(word)
    if sentence:
        yield sentence


def _parted(text: str, sentence: Sequence[Word], word: Word) -> bool:
    """Return whether a sentence ends before this word."""
    between = text[sentence[-1].end : word.start]
    if "\n" in between:
        return True
    last = len(sentence) - 1
    while last > 0 and sentence[last].text in _CLOSING:
        last -= 1
    mark, before = sentence[last].text, sentence[last - 1].text if last else ""
    if not between or mark not in {".", "!", "?", "…", ".."}:
        return False
    short = mark == "." and (len(before) < 2 or before.lower() in LISTS["title_word"] | _SHORT)
    return not short and not word.text[0].islower()


def capitals(sentence: Sequence[str]) -> list[bool]:
    """Return for each word whether it has a capital that says something: not where all are, or at the beginning."""
    found = [any(char.isupper() for char in word[:LONGEST_WORD]) and word[0] not in "@#" for word in sentence]
    letters = [one for one, word in zip(found, sentence, strict=True) if word[:1].isalpha()]
    shouted = len(letters) > 3 and sum(letters) > 0.75 * len(letters)
    return [one and not shouted for one in found]


def looks(sentence: Sequence[str]) -> Floats:
    """Return what is seen of each word and its neighbours (shape: words x SIZE)."""
    count = len(sentence)
    seen = np.zeros((count + 2 * REACH, len(SEEN)), np.float32)
    letters = [word for word in sentence if word[0].isalpha()]
    capital = sum(word[0].isupper() for word in letters)
    shouted = len(letters) > 3 and capital > 0.75 * len(letters)
    small = capital <= 1 and len(letters) > 3 and not any(word[0].isupper() for word in letters[1:])
    quoted = False
    for i, word in enumerate(sentence):
        row = seen[i + REACH]
        row[list(_of_word(word[:LONGEST_WORD]))] = 1
        before = sentence[i - 1] if i else ""
        first = not any(other[0].isalnum() for other in sentence[:i][-3:]) and i < 4
        after = bool(before) and before[-1] in _ENDS
        row[COLUMN["first"]], row[COLUMN["after"]] = first, after
        row[COLUMN["shouted"]], row[COLUMN["small"]] = shouted, small
        row[COLUMN["plain"]] = word[0].isupper() and not (first or after or shouted)
        quoted ^= word in _QUOTES
        row[COLUMN["quote"]] = quoted
    return np.concatenate([seen[i : i + count] for i in range(2 * REACH + 1)], axis=1)


@lru_cache(maxsize=8_192)
def _of_word(word: str) -> tuple[int, ...]:
    """Return the columns of what a word shows by itself."""
    low = word.lower()
    found = [name for name in OF_LISTS if low in LISTS[name]]
    first, rest = word[0], word[1:]
    if first == "@" and rest:
        found.append("handle")
    elif first == "#" and rest:
        found.append("tag")
    elif low.startswith(("http", "www.")) and len(word) > 7:
        found.append("link")
    elif first in "'’" or low in {"n't", "n’t"}:
        found.append("clitic")
    elif not any(char.isalnum() for char in word):
        found.append("mark")
    elif word.replace(",", "").replace(".", "").replace(":", "").isdigit():
        found += ["number", "digit"]
    else:
        found += _case(word)
    return tuple(COLUMN[name] for name in found)


def _case(word: str) -> list[str]:
    first, rest = word[0], word[1:]
    found = ["digit"] if any(char.isdigit() for char in word) else []
    if first.isupper() and (not rest or rest in {".", "'"}):
        found.append("initial")
    elif word.isupper():
        found.append("upper")
    elif first.isupper():
        found.append("title")
        found += ["inner"] if any(char.isupper() for char in rest) else []
    else:
        found.append("inner" if any(char.isupper() for char in rest) else "lower")
    return found
