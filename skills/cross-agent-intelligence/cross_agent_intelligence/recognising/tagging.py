"""Names that nobody has told of, found by a small network over the embedder's own layers.

What the layers say of a word is read from the resident embedder, so nothing is loaded twice; see `network`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clawcortex.models.base import Embedder, Floats
from cross_agent_intelligence.recognising.network import NEVER, Fitted, fitted
from cross_agent_intelligence.recognising.shapes import Kind, Mention
from cross_agent_intelligence.recognising.words import Word, looks, sentences

LONGEST_READ = 8_000
"""Characters of a text that are read: half a second's work. Names found there are looked for in the rest."""
SENTENCES_AT_ONCE = 64
KINDS: dict[str, Kind] = {
    "person": "person",
    "location": "place",
    "corporation": "company",
    "group": "company",
    "product": "product",
    "creative-work": "product",
}
"""Types of WNUT17 and ours."""


@runtime_checkable
class WordReader(Protocol):
    """An embedder that tells what its layers say of each word."""

    def read_words(self, sentences: Sequence[Sequence[str]], layers: Sequence[int]) -> list[Floats]:
        """Return shape words x (layers * dimensions) for each sentence."""


class FittedTagger:
    """Finds names; the same text has the same names."""

    def __init__(self, fitted: Fitted, reader: WordReader) -> None:
        self._fitted = fitted
        self._reader = reader
        self._begin = np.array([NEVER if tag.startswith("I-") else 0.0 for tag in fitted.tags])

    def tag(self, text: str) -> list[Mention]:
        """Return people, companies, products and places of a text; of a long one those of its beginning."""
        found: list[Mention] = []
        every = list(sentences(text[:LONGEST_READ]))
        for at in range(0, len(every), SENTENCES_AT_ONCE):
            some = every[at : at + SENTENCES_AT_ONCE]
            for sentence, scores in zip(some, self._scores([[w.text for w in s] for s in some]), strict=True):
                found += self._mentions(text, sentence, scores)
        return found

    def tags(self, sentences_: Sequence[Sequence[str]]) -> list[list[str]]:
        """Return the tags of sentences that are words already, as the data names them."""
        found = []
        for at in range(0, len(sentences_), SENTENCES_AT_ONCE):
            some = self._scores(sentences_[at : at + SENTENCES_AT_ONCE])
            found += [[self._fitted.tags[tag] for tag in self._best(scores)] for scores in some]
        return found

    def _scores(self, sentences_: Sequence[Sequence[str]]) -> list[Floats]:
        states = self._reader.read_words(sentences_, self._fitted.layers)
        return self._fitted.scores(states, [looks(words) for words in sentences_])

    def _best(self, scores: Floats) -> list[int]:
        """Return the best path through the tags (Viterbi)."""
        score, back = scores[0] + self._begin, []
        for row in scores[1:]:
            every = score[:, None] + self._fitted.steps
            back.append(every.argmax(0))
            score = every.max(0) + row
        path = [int(score.argmax())]
        for row in reversed(back):
            path.append(int(row[path[-1]]))
        return path[::-1]

    def _mentions(self, text: str, sentence: Sequence[Word], scores: Floats) -> Iterator[Mention]:
        path = self._best(scores)
        if not any(path):
            return
        chances = self._chances(scores)
        start = 0
        while start < len(path):
            tag = self._fitted.tags[path[start]]
            end = start + 1
            while end < len(path) and self._fitted.tags[path[end]] == f"I-{tag[2:]}" and tag != "O":
                end += 1
            if tag != "O":
                first, last = sentence[start].start, sentence[end - 1].end
                sure = float(np.mean([chances[i, path[i]] for i in range(start, end)]))
                yield Mention(text[first:last], KINDS[tag[2:]], first, last, round(sure, 3))
            start = end

    def _chances(self, scores: Floats) -> NDArray[np.float64]:
        """Return the probability of every tag at every word, all paths weighed (forward, backward)."""
        steps = self._fitted.steps
        forward = [scores[0] + self._begin]
        for row in scores[1:]:
            forward.append(np.logaddexp.reduce(forward[-1][:, None] + steps, axis=0) + row)
        backward = [np.zeros(len(self._begin))]
        for row in scores[:0:-1]:
            backward.append(np.logaddexp.reduce(steps + (row + backward[-1])[None], axis=1))
        both = np.array(forward) + np.array(backward[::-1])
        found: NDArray[np.float64] = np.exp(both - np.logaddexp.reduce(both, axis=1, keepdims=True))
        return found


def open_tagger(embedder: Embedder) -> FittedTagger | None:
    """Return a tagger that reads through this embedder; None where it was fitted on another one's layers."""
    if not isinstance(embedder, WordReader) or embedder.model != fitted().model:
        return None
    return FittedTagger(fitted(), embedder)
