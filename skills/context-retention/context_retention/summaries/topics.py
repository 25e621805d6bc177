"""What was talked about: words and pairs of words by the number of turns they stand in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from clawcortex.text.terms import STOPWORDS, fold, stem
from context_retention.summaries import cues
from context_retention.summaries.shapes import Counted

WORD = re.compile(r"[^\W\d_][\w'’-]*[\w]")
REFS = 3
"""Turns named with a topic or a name."""
PAIR_SHARE = 0.6
"""A pair stands for its words when it makes up this share of the rarer one."""
MOST_HELD = 50_000
"""Different words that are counted at once; beyond it those seen once go."""


class Topics:
    """Count the words of turns as they are read."""

    def __init__(self) -> None:
        self._turns: Counter[str] = Counter()
        self._first: dict[str, tuple[str, ...]] = {}
        self._shown: dict[str, Counter[str]] = {}

    def add(self, turn: str, text: str) -> None:
        """Count the words of one turn."""
        words = [(word, _stem(word)) for word in WORD.findall(text)]
        spelled = {known: word for word, known in words if known}
        pairs = pairwise(words)
        spelled |= {f"{one} {two}": f"{a} {b}" for (a, one), (b, two) in pairs if one and two}
        for known, word in spelled.items():
            self._turns[known] += 1
            self._shown.setdefault(known, Counter())[word] += 1
            refs = self._first.setdefault(known, ())
            if len(refs) < REFS:
                self._first[known] = (*refs, turn)
        if len(self._turns) > MOST_HELD:
            self._forget_rare()

    def _forget_rare(self) -> None:
        for known in [known for known, count in self._turns.items() if count == 1]:
            del self._turns[known], self._first[known], self._shown[known]

    def weight(self, text: str) -> float:
        """Return how much a text is about what the period is about, its length aside."""
        stems = {known for word in WORD.findall(text) if (known := _stem(word))}
        return sum(self._turns[known] for known in stems) / (len(stems) + 3) if stems else 0.0

    def best(self, limit: int, *, without: Iterable[str] = ()) -> tuple[Counted, ...]:
        """Return what stands in at least two turns, most frequent first, without these names."""
        left_out = {_stem(word) for name in without for word in WORD.findall(name)}
        told = {
            known: count
            for known, count in self._turns.items()
            if count > 1 and left_out.isdisjoint(known.split())
        }
        for pair in [known for known in told if " " in known]:
            parts = pair.split()
            if told[pair] >= PAIR_SHARE * min(told.get(part, 0) for part in parts):
                for part in parts:
                    if told.get(part, 0) <= told[pair] / PAIR_SHARE:
                        told.pop(part, None)
            else:
                del told[pair]
        ranked = sorted(told, key=lambda known: (-told[known], known))[:limit]
        return tuple(
            Counted(name=self._spelling(known), count=told[known], turns=self._first[known])
            for known in ranked
        )

    def _spelling(self, known: str) -> str:
        return min(self._shown[known].items(), key=lambda item: (-item[1], item[0]))[0]


@lru_cache(maxsize=32_768)
def _stem(word: str) -> str:
    folded = fold(word)
    bare = folded.removesuffix("'s")
    if len(bare) < 3 or len(bare) > 40 or folded in STOPWORDS or bare in STOPWORDS or folded in cues.COMMON:
        return ""
    return stem(bare)
