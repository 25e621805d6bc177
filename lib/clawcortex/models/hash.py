"""An embedder without a model: texts that share words are near. For tests and for what needs no meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clawcortex.models.base import Floats
from clawcortex.models.batches import BatchedEmbedder
from clawcortex.text.terms import hashed, terms

DIMENSIONS = 384


class HashEmbedder(BatchedEmbedder):
    """Add up one pseudo-random unit direction per stem: cosine is the share of stems in common."""

    def __init__(self, dimensions: int = DIMENSIONS) -> None:
        super().__init__(f"hash-{dimensions}", dimensions)

    def _open(self) -> None:
        """Need nothing."""

    def _embed(self, batch: Sequence[str]) -> Floats:
        return np.stack([self._vector(text) for text in batch])

    def _vector(self, text: str) -> Floats:
        seeds = np.unique(hashed(terms(text) or [text]))
        vector = np.zeros(self._dimensions, np.float32)
        for seed in seeds:
            # Philox is specified bit by bit: the same vectors on every machine and numpy.
            direction = np.random.Generator(np.random.Philox(int(seed)))
            vector += direction.standard_normal(self._dimensions, np.float32)
        return vector / np.linalg.norm(vector)
