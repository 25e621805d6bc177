"""Corrections grouped into mistakes as they come in, each placed once: by its meaning, its words and its category.

taught = learned(embedder)
seen = taught.read(embedder, said_of("email", "nobody talks like that"))
key = Groups(taught).place(seen)     # of a mistake, "" for one never seen
"""

from __future__ import annotations

import hashlib
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
from memory_compounding.wording import Said

KNOWN, NEAR = 0.6, 0.45
"""Least probability of a kind of the catalogue, and least cosine to the nearest of its texts: of things that no mistake
that is written down is about, one is the likeliest, too."""
OWN = 0.45
"""Least mean likeness to the corrections of a mistake."""
CATEGORY = 2.0
"""What a category that fits a kind or does not fit it adds or takes (in logarithms of the probability, as below)."""
WORDS, FEWEST_WORDS = 3.0, 3
"""What words that a mistake is known by add; fewer words count as so many."""
NEAREST = 20.0
"""What the cosine to the nearest text adds: one mistake is put in quite different ways."""
DEGREES = {
    "too": "too", "more": "more", "less": "less", "fewer": "less", "no": "no", "not": "no", "don't": "no",
    "never": "no", "without": "no",
}  # fmt: skip
"""Words that turn the next one: "too formal" and "more formal" are opposite mistakes, and near in any embedding."""
TURNED = 2
"""How far the next word may be."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


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
class Seen:
    """A correction as it is compared."""

    point: Numbers
    """Roots of the probabilities of each written mistake."""
    near: Floats
    """Cosine to the nearest text of each."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the written mistakes teach with one embedding model."""

    name: str
    """Of the model and the mistakes: points of another name cannot be compared with these."""
    keys: tuple[str, ...]
    """Of the mistakes: first the kinds, then those that corrections are only compared with."""
    likeness: Likeness
    vectors: Floats
    starts: NDArray[np.intp]
    """The texts' embeddings, mistake after mistake, and where each begins."""
    stems: tuple[frozenset[str], ...]
    rarity: Mapping[str, float]
    """Of each stem: the logarithm of one in how many mistakes knows it."""
    categories: tuple[frozenset[str], ...]
    """Of the kinds."""

    def read(self, embedder: Embedder, said: Said) -> Seen:
        """Return a correction as it is compared; waits for the embedder."""
        vector = embedder.encode([said.compared])[0]
        mine = words(said.text)
        shared = [sum(self.rarity[stem] for stem in mine & known) for known in self.stems]
        near = np.maximum.reduceat(self.vectors @ vector, self.starts)
        evidence = NEAREST * near + WORDS * np.array(shared) / max(FEWEST_WORDS, len(mine))
        category = catalogue.category_named(said.category)
        if any(category in one for one in self.categories):
            fits = [1 if category in one else -1 if one else 0 for one in self.categories]
            evidence[: len(fits)] += CATEGORY * np.array(fits)
        return Seen(self.likeness.point(vector, evidence), near)


_learned: dict[str, Learned] = {}
_lock = threading.Lock()


def learned(embedder: Embedder) -> Learned:
    """Return what the catalogue teaches, learned once a model: some seconds of embedding the first time."""
    with _lock:
        if embedder.model not in _learned:
            _learned[embedder.model] = learn(embedder, catalogue.kinds())
        return _learned[embedder.model]


def learn(embedder: Embedder, kinds: Sequence[catalogue.Kind]) -> Learned:
    """Learn from these kinds, and from what was told of them and of mistakes that are no kinds."""
    told = catalogue.told()
    of = {kind.key: (*map(Said, kind.phrasings), *told.get(kind.key, ())) for kind in kinds}
    of |= {key: said for key, said in told.items() if key.startswith(catalogue.ASPECT)}
    texts = [one.compared for said in of.values() for one in said]
    vectors = vectors_of(embedder, texts)
    ends = np.cumsum([len(said) for said in of.values()])
    stems = tuple(frozenset().union(*(words(one.text) for one in said)) for said in of.values())
    known_by = Counter(stem for one in stems for stem in one)
    digest = hashlib.sha256("\x1f".join([*of, *texts]).encode()).hexdigest()[:8]
    return Learned(
        f"{embedder.model}/{digest}",
        tuple(of),
        fit(np.split(vectors, ends[:-1])),
        vectors,
        np.concatenate([[0], ends[:-1]]),
        stems,
        {stem: math.log(len(stems) / count) for stem, count in known_by.items()},
        tuple(kind.categories for kind in kinds),
    )


class Groups:
    """The mistakes in memory: of each the number and the sum of its corrections."""

    def __init__(self, taught: Learned) -> None:
        self.taught = taught
        self._kinds = len(taught.categories)
        self._keys: list[str] = []
        self._place: dict[str, int] = {}
        self._counts: Numbers = np.zeros(0)
        self._sums: Numbers = np.zeros((0, len(taught.keys)))

    def place(self, seen: Seen) -> str:
        """Return the mistake that a correction is of; "" when it is none of these."""
        best = int(np.argmax(seen.point[: self._kinds]))
        if seen.point[best] ** 2 >= KNOWN and seen.near[best] >= NEAR:
            return self.taught.keys[best]
        alike = self._alike(seen.point)
        nearest = int(np.argmax(alike)) if self._keys else 0
        return self._keys[nearest] if self._keys and alike[nearest] >= OWN else ""

    def likeliest(self, seen: Seen) -> list[str]:
        """Return the mistakes that were corrected, the likeliest first."""
        order = np.argsort(-self._alike(seen.point), kind="stable")
        return [self._keys[place] for place in order if self._counts[place] > 0]

    def put(self, key: str, count: int, total: Numbers) -> None:
        """Add `count` corrections with this sum to a mistake; negative numbers take them back."""
        if key not in self._place:
            self._place[key] = len(self._keys)
            self._keys.append(key)
            self._counts = np.append(self._counts, 0.0)
            self._sums = np.vstack([self._sums, np.zeros_like(total)])
        place = self._place[key]
        self._counts[place] += count
        self._sums[place] += total

    def _alike(self, point: Numbers) -> Numbers:
        """Return the mean likeness to the corrections of each mistake, 0 where none is left."""
        means = self._sums @ point / np.maximum(self._counts, 1)
        return np.where(self._counts > 0, means, 0.0)
