"""Which turns stand for the others: near the centre of all, and not near each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clawcortex.errors import ModelError
from clawcortex.skills.context import Context
from clawcortex.store.base import Floats
from clawcortex.store.records import Memory
from context_retention.summaries.sentences import alike, sentences
from context_retention.summaries.topics import Topics

SAMPLED = 600
"""Most turns that are compared, evenly spread over the period."""
DIGITS = 3
"""Scores are compared to so many places: the last bits of a vector depend on the batch it was made in."""
LEAST_WORDS = 4
NEARNESS, WORDS, LIKENESS = 0.6, 0.4, 0.7
"""What counts for a turn: its cosine to the centre, its share of the topics; against it: its likeness to one chosen."""


def representative(
    context: Context, memories: Sequence[Memory], topics: Topics, limit: int, *, told: set[str]
) -> list[tuple[Memory, str]]:
    """Return up to `limit` turns, in the order they were said, each with its most telling sentence."""
    candidates = [(memory, best) for memory in memories if (best := _telling(memory, topics, told))]
    if not candidates:
        return []
    vectors = _vectors(context, [memory for memory, _ in candidates])
    words = np.array([topics.weight(sentence) for _, sentence in candidates])
    worth = WORDS * words / max(float(words.max()), 1e-9)
    if vectors is not None:
        centre = vectors.mean(axis=0)
        worth = worth + NEARNESS * (vectors @ (centre / max(float(np.linalg.norm(centre)), 1e-9)))
    chosen: list[int] = []
    seen: set[str] = set()
    likest = np.zeros(len(candidates))
    while len(chosen) < min(limit, len(candidates)):
        score = np.round(worth - LIKENESS * likest, DIGITS)
        score[chosen] = -np.inf
        nearest = int(np.argmax(score))
        chosen.append(nearest)
        likest = np.maximum(likest, _likeness(vectors, candidates, nearest))
    kept = []
    for index in sorted(chosen):
        memory, sentence = candidates[index]
        if alike(sentence) not in seen:
            seen.add(alike(sentence))
            kept.append((memory, sentence))
    return kept


def _telling(memory: Memory, topics: Topics, told: set[str]) -> str:
    """Return the sentence of a turn that is most about the topics, "" when none says enough."""
    found = [
        sentence
        for sentence in sentences(memory.text)
        if len(sentence.split()) >= LEAST_WORDS and not sentence.endswith("?") and alike(sentence) not in told
    ]
    return max(found, key=lambda sentence: round(topics.weight(sentence), DIGITS), default="")


def _vectors(context: Context, memories: Sequence[Memory]) -> Floats | None:
    """Return the turns' vectors: the store's, and made now where it has none yet; None without a model."""
    known = context.store.vectors_at(context.embedder.model, [memory.n for memory in memories])
    missing = [memory for memory in memories if memory.n not in known]
    if missing:
        try:
            made = context.embedder.encode([memory.text for memory in missing])
        except ModelError as error:
            context.log.warning("summed up by words alone: %s", error)
            return None
        known |= {memory.n: vector for memory, vector in zip(missing, made, strict=True)}
    return np.stack([known[memory.n] for memory in memories])


def _likeness(
    vectors: Floats | None, candidates: Sequence[tuple[Memory, str]], chosen: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if vectors is not None:
        return np.asarray(vectors @ vectors[chosen], np.float64)
    words = set(alike(candidates[chosen][1]).split())
    shared = [
        len(words & (other := set(alike(one).split()))) / max(len(words | other), 1) for _, one in candidates
    ]
    return np.array(shared)
