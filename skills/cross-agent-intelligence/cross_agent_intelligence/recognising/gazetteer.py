"""Names that are known already: a person confirmed them, or they were met often enough.

Found by walking the words of a text through a tree of words: the cost grows with the text, not with the names, and no
name is ever read as a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from clawcortex.text.terms import fold
from cross_agent_intelligence.recognising.shapes import LONGEST_NAME, Kind, Mention

CONFIDENCE = 0.95
MOST_WORDS = 12
"""Words of a name that are compared; a longer one is not learned."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?|[&+]")


_PLAIN = frozenset(" \t\n-–_/’'")


@dataclass(slots=True)
class _Node:
    below: dict[str, _Node] = field(default_factory=dict)
    kind: Kind | None = None
    shown: str = ""


class Gazetteer:
    """Names and their kinds; adding and removing take the time of the name's words."""

    def __init__(self, names: Iterable[tuple[str, Kind]] = ()) -> None:
        self._root = _Node()
        for name, kind in names:
            self.add(name, kind)

    def add(self, name: str, kind: Kind) -> None:
        """Learn a name; one that is known gets the kind. One without letters or of too many words is not learned."""
        words = _words(name)
        if not words or len(words) > MOST_WORDS or len(name) > LONGEST_NAME:
            return
        node = self._root
        for word, _, _ in words:
            node = node.below.setdefault(word, _Node())
        node.kind, node.shown = kind, name

    def remove(self, name: str) -> None:
        """Forget a name."""
        trail = [self._root]
        words = [word for word, _, _ in _words(name)]
        for word in words:
            found = trail[-1].below.get(word)
            if found is None:
                return
            trail.append(found)
        trail[-1].kind = None
        for above, word in zip(reversed(trail[:-1]), reversed(words), strict=True):
            if above.below[word].below or above.below[word].kind:
                return
            del above.below[word]

    def find(self, text: str) -> Iterator[Mention]:
        """Yield where known names stand in a text, the longest ones, in order.

        A name of one word that was learned with a capital is found with one only: "Apple" is not in "apple pie".
        """
        words, at = _words(text), 0
        while at < len(words):
            node, last, kind = self._root, at, None
            shown = ""
            for reach in range(at, min(len(words), at + MOST_WORDS)):
                below = node.below.get(words[reach][0])
                if below is None or (reach > at and not _beside(text[words[reach - 1][2] : words[reach][1]])):
                    break
                node = below
                if node.kind:
                    last, kind, shown = reach + 1, node.kind, node.shown
            start, end = words[at][1], words[last - 1][2]
            if kind and _written(text[start:end], shown):
                yield Mention(text[start:end], kind, start, end, CONFIDENCE)
                at = last
            else:
                at += 1


def _words(text: str) -> list[tuple[str, int, int]]:
    """Return each word folded, without a possessive ending, and where it stands."""
    found = []
    for match in _WORD.finditer(text):
        word, start, end = match[0], *match.span()
        if len(word) > 2 and word[-2] in "'’" and word[-1] in "sS":
            word, end = word[:-2], end - 2
        found.append((_folded(word) if len(word) <= LONGEST_NAME else "", start, end))
    return found


@lru_cache(maxsize=16_384)
def _folded(word: str) -> str:
    return fold(word)


def _beside(between: str) -> bool:
    """Return whether two words with this between them may be of one name."""
    return len(between) <= 3 and "\n\n" not in between


def _written(found: str, shown: str) -> bool:
    """Return whether a name is written as names are, or as this one was told: not "Ben. Ortiz" for "Ben Ortiz"."""
    if " " not in shown and shown[0].isupper() and not found[0].isupper():
        return False
    pairs = zip(_gaps(found), _gaps(shown), strict=False)
    return all(not set(gap) - _PLAIN or gap == told for gap, told in pairs)


def _gaps(name: str) -> list[str]:
    words = _words(name)
    return [name[one[2] : other[1]] for one, other in pairwise(words)]
