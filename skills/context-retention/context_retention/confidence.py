"""Whether memory holds an answer at all: what a score says in absolute terms.

The ranker orders candidates, fitted where hundreds compete. In a small memory the same log-odds mean
something else, so a second small model reads the best candidate on its own: how near, how much of the
question it and its neighbours cover, how much there was to ask for. Fitted by bench/fit_confidence.py on
whole conversations, on small memories cut out of them, and on prompts that nothing answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from clawcortex.store.base import Floats
from context_retention.features import NAMES, Features
from context_retention.query import Query

WEIGHTS = Path(__file__).with_name("confidence.json")
SPREAD = 2.0
"""A candidate this many nats behind the best scores 1/e of it."""
EDGE = 1e-6
NEAR, COVERED = NAMES.index("cos"), NAMES.index("cover_window")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the best candidate shows."""

    near: float
    """Its cosine."""
    nearest: float
    """The best cosine of all candidates."""
    covered: float
    """Share of the question's rare words that it and its neighbours hold."""
    asked: float
    """log(1 + stems asked for)."""
    odds: float
    """The ranker's log-odds."""

    def values(self) -> tuple[float, ...]:
        """Return the values in the order of the weights."""
        return self.near, self.nearest, self.covered, self.asked, self.odds


def log_odds(chances: Floats) -> Floats:
    """Return the log-odds of probabilities, bounded."""
    bounded = np.clip(chances, EDGE, 1 - EDGE)
    return np.asarray(np.log(bounded / (1 - bounded)), np.float32)


def evidence(query: Query, features: Features, odds: Floats) -> Evidence:
    """Return what the best candidate shows; there must be one."""
    best = int(np.argmax(odds))
    near = features.values[:, NEAR]
    return Evidence(
        near=float(near[best]),
        nearest=float(near.max()),
        covered=float(features.values[best, COVERED]),
        asked=float(np.log1p(len(query.stems))),
        odds=float(odds[best]),
    )


@lru_cache(maxsize=1)
def _weights() -> dict[str, tuple[float, ...]]:
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return {mode: tuple(map(float, weights)) for mode, weights in stored["weights"].items()}


def scores(query: Query, features: Features, chances: Floats) -> Floats:
    """Return scores in [0, 1] in the ranker's order: the chance of an answer, shared out by the odds."""
    if not len(chances):
        return chances
    odds = log_odds(chances)
    bias, *weights = _weights()["hybrid" if features.embedded.any() else "lexical"]
    found = float(np.dot(weights, evidence(query, features, odds).values())) + bias
    return np.asarray(np.exp((odds - odds.max()) / SPREAD) / (1 + np.exp(-found)), np.float32)
