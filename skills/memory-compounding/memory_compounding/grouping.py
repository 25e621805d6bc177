"""Corrections grouped into mistakes as they come in, each placed once: by its meaning, its words and its category.

groups = Groups(learned(embedder))
said = read(embedder, groups.likeness, text)
key = groups.place(said, "email")     # of a mistake, "" for one never seen
"""

from __future__ import annotations

import math
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clawcortex.models.base import Embedder, Floats
from clawcortex.text.terms import fold, terms
from memory_compounding import catalogue
from memory_compounding.likeness import Likeness, Numbers, fit
from memory_compounding.remembered import vectors_of

KNOWN, OWN = 3.0, 8.0
"""Least log-likelihood ratio for joining a kind of the catalogue, and a mistake that only this person made."""
CATEGORY = 5.0
"""What a category that fits or does not fit adds or takes."""
WORDS, FEWEST_WORDS = 10.0, 3
"""What words that a kind is known by add or take; fewer words count as so many."""
NEAREST, USUAL = 20.0, 0.5
"""What the cosine to the nearest phrasing adds, over the usual one: one kind is put in quite different ways."""
DEGREES = {
    "too": "too", "more": "more", "less": "less", "fewer": "less", "no": "no", "not": "no", "don't": "no",
    "never": "no", "without": "no",
}  # fmt: skip
"""Words that turn the next one: "too formal" and "more formal" are opposite mistakes, and near in any embedding."""
TURNED = 2
"""How far the next word may be."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Said:
    """A correction as it is compared: a point in the fitted space, and its stems."""

    point: Numbers
    vector: Floats
    stems: frozenset[str]


def read(embedder: Embedder, likeness: Likeness, text: str) -> Said:
    """Return a text as it is compared; waits for the embedder."""
    vector = embedder.encode([text])
    return Said(likeness.project(vector)[0], vector[0], words(text))


def words(text: str) -> frozenset[str]:
    """Return the stems of a text, and those that a word of degree turns, with it: "too formal"."""
    found = set(terms(text))
    said = _WORD.findall(fold(text))
    for place, word in enumerate(said):
        if word in DEGREES:
            after = next((stems for one in said[place + 1 : place + 1 + TURNED] if (stems := terms(one))), [])
            found |= {f"{DEGREES[word]} {stem}" for stem in after[:1]}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Learned:
    """What the catalogue teaches with one embedding model."""

    likeness: Likeness
    counts: Numbers
    vectors: Floats
    starts: NDArray[np.intp]
    """The phrasings' embeddings, kind after kind, and where each kind begins."""
    sums: Numbers
    """Of each kind's phrasings, in the fitted space."""
    stems: tuple[frozenset[str], ...]
    rarity: Mapping[str, float]
    """Of each stem: the logarithm of one in how many kinds knows it."""


_learned: dict[str, Learned] = {}
_lock = threading.Lock()


def learned(embedder: Embedder) -> Learned:
    """Return what the catalogue teaches, learned once a model: some seconds of embedding the first time."""
    with _lock:
        if embedder.model not in _learned:
            _learned[embedder.model] = learn(embedder, catalogue.kinds())
        return _learned[embedder.model]


def learn(embedder: Embedder, kinds: Sequence[catalogue.Kind]) -> Learned:
    """Fit the space to these kinds."""
    vectors = vectors_of(embedder, [said for kind in kinds for said in kind.phrasings])
    ends = np.cumsum([len(kind.phrasings) for kind in kinds])
    groups = np.split(vectors, ends[:-1])
    likeness = fit(groups)
    sums = np.array([likeness.project(group).sum(axis=0) for group in groups])
    stems = tuple(frozenset().union(*map(words, kind.phrasings)) for kind in kinds)
    known_by = Counter(stem for one in stems for stem in one)
    rarity = {stem: math.log(len(kinds) / count) for stem, count in known_by.items()}
    counts = np.array([float(len(group)) for group in groups])
    return Learned(likeness, counts, vectors, ends - counts.astype(np.intp), sums, stems, rarity)


class Groups:
    """The mistakes in memory: of each the number and sum of its corrections, and their categories."""

    def __init__(self, taught: Learned, kinds: Sequence[catalogue.Kind] | None = None) -> None:
        known = catalogue.kinds() if kinds is None else kinds
        self.likeness = taught.likeness
        self._taught = taught
        self._keys = [kind.key for kind in known]
        self._place = {key: place for place, key in enumerate(self._keys)}
        self._categories = [set(kind.categories) for kind in known]
        self._named = frozenset().union(*self._categories)
        self._least = np.full(len(known), KNOWN)
        self._counts = taught.counts.copy()
        self._phrasings = taught.counts
        self._sums = taught.sums.copy()

    def place(self, said: Said, category: str = "") -> str:
        """Return the mistake that a correction is of; "" when it is none of these."""
        ratios = self._ratios(said, category)
        best = int(np.argmax(ratios))
        return self._keys[best] if ratios[best] >= 0 else ""

    def likeliest(self, said: Said, category: str = "") -> list[str]:
        """Return the mistakes that were corrected, the likeliest first."""
        counts = self._counts.copy()
        counts[: len(self._phrasings)] -= self._phrasings
        order = np.argsort(-self._ratios(said, category), kind="stable")
        return [self._keys[place] for place in order if counts[place] > 0]

    def _ratios(self, said: Said, category: str) -> Numbers:
        """Return for each mistake how much likelier than not a correction is of it."""
        ratios = self.likeness.ratios(said.point, self._counts, self._sums) - self._least
        ratios[: len(self._taught.stems)] += self._known(said)
        category = catalogue.category_named(category)
        if category in self._named:
            ratios += [CATEGORY * (1 if category in one else -1 if one else 0) for one in self._categories]
        return np.asarray(ratios)

    def _known(self, said: Said) -> Numbers:
        """Return what the words and the nearest phrasing say for each kind."""
        taught, length = self._taught, max(FEWEST_WORDS, len(said.stems))
        shared = [sum(taught.rarity[stem] for stem in said.stems & known) for known in taught.stems]
        nearest = np.maximum.reduceat(taught.vectors @ said.vector, taught.starts)
        return WORDS * (np.array(shared) / length - 1) + NEAREST * (nearest - USUAL)

    def put(self, key: str, count: int, total: Numbers, categories: Sequence[str] = ()) -> None:
        """Add `count` corrections with this sum to a mistake; negative numbers take them back."""
        if key not in self._place:
            self._place[key] = len(self._keys)
            self._keys.append(key)
            self._categories.append(set())
            self._least = np.append(self._least, OWN)
            self._counts = np.append(self._counts, 0.0)
            self._sums = np.vstack([self._sums, np.zeros_like(total)])
        place = self._place[key]
        self._counts[place] += count
        self._sums[place] += total
        if self._least[place] == OWN:
            self._categories[place] |= set(map(catalogue.category_named, categories)) & self._named
