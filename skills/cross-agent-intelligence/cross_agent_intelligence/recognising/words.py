"""A text as the tagger reads it: words as in the data that it was fitted on, and what is to be seen of each.

The embedder reads no capitals, so whatever letters look like is told beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from clawcortex.models.base import Floats
from clawcortex.text.linear import linear
from cross_agent_intelligence.recognising.lists import LISTS

SEEN = (
    "title", "upper", "inner", "lower", "digit", "number", "mark", "handle", "tag", "link", "initial", "first",
    "after", "shouted", "small", "plain", "clitic", "quote", *LISTS,
)  # fmt: skip
"""What is seen of one word, in the columns' order."""
COLUMN = {name: i for i, name in enumerate(SEEN)}
REACH = 2
"""Words to the left and right of which the same is told."""
SIZE = len(SEEN) * (2 * REACH + 1)
LONGEST_WORD = 100
"""Characters of a word that are looked at."""
_ENDS = frozenset(".!?:;…-–—\"“”«»()[]|/*>")
_QUOTES = frozenset("\"“”«»„")
_WORD = linear(
    r"(?i)https?://\S+|www\.\S+|[@#][\pL\pN_]+|(?:n't|n’t)\b|['’](?:s|m|re|ve|ll|d)\b"
    r"|\pN+(?:[.,:]\pN+)*|(?:\pL\.){2,}|[\pL\pN][\pL\pN\pM]*(?:-[\pL\pN\pM]+)*|&[a-z]{2,6};|\.{2,}|[^\s\pL\pN]"
)
_NEGATED = linear(r"(?i)^([\pL]+)(n['’]t)$")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its characters in the text."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """Return the words of a text in order; marks are words, "it's" is two."""
    return [Word(match[0], *match.span()) for match in _WORD.finditer(text)]


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
    found = [name for name, members in LISTS.items() if low in members]
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
