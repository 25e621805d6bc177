"""The learned score: a logistic model over `features`, then recency, importance and what was superseded.

Fitted by bench/fit_ranker.py; a score is the probability that a memory answers the question, so one
threshold serves every question. Two sets of coefficients: with vectors, and from words alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from clawcortex.store.base import Floats
from context_retention.features import NAMES, PARTS, Features

WEIGHTS = Path(__file__).with_name("ranker.json")
HALF_LIFE_DAYS, RECENCY_FLOOR = 30.0, 0.5
IMPORTANCE = (0.8, 1.2)
"""What the odds are multiplied with, from trivial to vital."""
SUPERSEDED = 0.5
"""What the odds of a memory are multiplied with that a newer one replaces."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Coefficients in order of NAMES; `usual` is each feature's mean over the candidates of the fit."""

    bias: float
    coefficients: Floats
    usual: Floats

    def logits(self, values: Floats) -> Floats:
        """Return the log-odds that each candidate answers."""
        return np.asarray((values - self.usual) @ self.coefficients + self.bias, np.float32)


@lru_cache(maxsize=1)
def weights() -> dict[str, Weights]:
    """Read the fitted weights, once."""
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return {
        mode: Weights(
            float(one["bias"]),
            np.array([one["coefficients"].get(name, 0.0) for name in NAMES], np.float32),
            np.array([one["usual"].get(name, 0.0) for name in NAMES], np.float32),
        )
        for mode, one in stored["weights"].items()
    }


def _recency(features: Features, half_life_days: float, floor: float) -> Floats:
    return np.asarray(floor + (1 - floor) * np.exp2(-features.age / half_life_days), np.float32)


def _importance(features: Features) -> Floats:
    least, most = IMPORTANCE
    return np.asarray(least + (most - least) * np.clip(features.importance, 0, 1), np.float32)


def logits(features: Features) -> Floats:
    """Return the learned part alone, as log-odds; what has no vector yet is judged by its words."""
    both = weights()
    hybrid = both["hybrid"].logits(features.values)
    if features.embedded.all():
        return hybrid
    return np.where(features.embedded, hybrid, both["lexical"].logits(features.values)).astype(np.float32)


def weighed(
    learned: Floats,
    features: Features,
    *,
    half_life_days: float = HALF_LIFE_DAYS,
    recency_floor: float = RECENCY_FLOOR,
) -> Floats:
    """Return probabilities: the odds of the learned log-odds, times recency, importance and what is outdated."""
    weight = _recency(features, half_life_days, recency_floor) * _importance(features)
    weight = np.where(features.superseded, weight * SUPERSEDED, weight)
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-learned) / weight), np.float32)


def score(
    features: Features, *, half_life_days: float = HALF_LIFE_DAYS, recency_floor: float = RECENCY_FLOOR
) -> Floats:
    """Return the probability in [0, 1] that each candidate answers the question."""
    return weighed(logits(features), features, half_life_days=half_life_days, recency_floor=recency_floor)


def why(
    features: Features,
    i: int,
    *,
    half_life_days: float = HALF_LIFE_DAYS,
    recency_floor: float = RECENCY_FLOOR,
) -> dict[str, float]:
    """Return how much each part of the score adds to the log-odds of candidate `i`, against the usual candidate."""
    model = weights()["hybrid" if features.embedded[i] else "lexical"]
    added = (features.values[i] - model.usual) * model.coefficients
    parts = {part: float(sum(added[NAMES.index(name)] for name in names)) for part, names in PARTS.items()}
    del parts["question"]
    parts["recency"] = float(np.log(_recency(features, half_life_days, recency_floor)[i]))
    parts["importance"] = float(np.log(_importance(features)[i]))
    return parts
