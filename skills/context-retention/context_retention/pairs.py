"""Whether a newer text takes an older one's place, judged by reading both together.

`relation.chance` reads each text for itself and is quick enough for an answer; it sees about half of the changes that
were not in view when its words were written. Here the embedder's own graph reads the pair, with small changes fitted by
bench/fit_pairs.py (pairs.npz). It takes milliseconds a pair: it is for the chore, and only for pairs that may be one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clawcortex.errors import ModelError
from clawcortex.models.base import Floats
from clawcortex.models.pairs import PairReader, open_reader, unpack
from clawcortex.paths import models_dir
from clawcortex.skills.context import Context
from context_retention.relation import Said, chance, reading
from context_retention.values import conflicts

FILE = Path(__file__).with_name("pairs.npz")
FLOOR, NEAR = 0.03, 0.5
"""A pair that the quick model gives less is read only where the cosine is at least this."""
JUDGED = 0.4
"""So sure, and a pair is called superseding: F1 of groups left out is flat from 0.3 to 0.5. Links ask for more: a
memory holds many pairs."""
MOST = 12
"""Pairs read for one memory: the likeliest."""


class Compared(NamedTuple):
    """A newer and an older text, and their cosine."""

    newer: Said
    older: Said
    cosine: float


@dataclass(frozen=True, slots=True)
class Head:
    """What is made of a pair's vector: a logit, mixed with that of the quick model."""

    model: str
    weights: Floats
    bias: float
    mix: tuple[float, ...]
    """Weight of the reader's logit, of the quick model's, and what is added."""

    def chances(self, vectors: Floats, quick: Sequence[float]) -> list[float]:
        """Return the probability for each vector (shape: pairs x dimensions) and quick probability."""
        read, other, bias = self.mix
        logits = read * (vectors @ self.weights + self.bias) + bias
        logits += other * np.array([math.log(one / (1 - one)) for one in np.clip(quick, FLOOR, 1 - FLOOR)])
        return [float(one) for one in 1 / (1 + np.exp(-np.clip(logits, -30, 30)))]


@lru_cache(maxsize=1)
def head() -> Head:
    """Return the fitted head."""
    with np.load(FILE) as packed:
        return Head(
            model=str(packed["model"]),
            weights=packed["head"],
            bias=packed["bias"].item(),
            mix=tuple(packed["mix"].tolist()),
        )


@lru_cache(maxsize=1)
def reader(model: str, folder: Path) -> PairReader | None:
    """Return this process's one reader over the export of a model in the models' folder; None where there is none."""
    with np.load(FILE) as packed:
        return open_reader(model, unpack(packed), folder)


def chances(context: Context, pairs: Sequence[Compared]) -> list[float]:
    """Return for each pair the probability in [0, 1] that the newer text takes the place of the older.

    The quick model's word stands where the embedder is another one, or its graph cannot be read.
    """
    quick = [chance(pair.newer, pair.older, pair.cosine) for pair in pairs]
    worth = [i for i, one in enumerate(quick) if one >= FLOOR or pairs[i].cosine >= NEAR]
    likely = sorted((i for i in worth if not _asked(pairs[i])), key=lambda i: -quick[i])[:MOST]
    if not likely or context.embedder.model != head().model:
        return quick
    found = reader(head().model, models_dir())
    if found is None:
        return quick
    try:
        vectors = found.read([(pairs[i].older.text, pairs[i].newer.text) for i in likely])
    except ModelError as error:
        context.log.warning("pairs are not read together: %s", error.message)
        return quick
    judged = head().chances(vectors, [quick[i] for i in likely])
    for i, one in zip(likely, judged, strict=True):
        quick[i] = max(one, quick[i]) if _plain(pairs[i]) else one
    return quick


def _plain(pair: Compared) -> bool:
    """Return whether the change stands in the form itself, which the quick model knows.

    The same words but for a value ("is at 9", "is at 10"), or the old value named as left ("from Lisbon to Oslo").
    """
    newer, older = reading(pair.newer.text), reading(pair.older.text)
    same = newer.stems - newer.values.stems == older.stems - older.values.stems
    if same and any(conflicts(newer.values, older.values).values()):
        return True
    return newer.from_to and bool(newer.values.names & older.values.names)


def _asked(pair: Compared) -> bool:
    return any(said.text.rstrip().endswith("?") for said in (pair.newer, pair.older))
