"""An embedder without a model: texts that share words are near. For tests and for what needs no meaning."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

from clawcortex.models.base import Floats
from clawcortex.models.batches import BatchedEmbedder
from clawcortex.text.terms import hashed, terms

DIMENSIONS = 384
NAME = re.compile(r"hash-([1-9]\d{0,3})(?:-(\w+))?")


class HashEmbedder(BatchedEmbedder):
    """Add up one pseudo-random unit direction per stem: cosine is the share of stems in common.

    Another salt makes another model of the same dimensions.
    """

    def __init__(self, dimensions: int = DIMENSIONS, salt: str = "") -> None:
        super().__init__(f"hash-{dimensions}-{salt}" if salt else f"hash-{dimensions}", dimensions)
        self._salt = zlib.crc32(salt.encode()) if salt else 0

    @classmethod
    def named(cls, name: str) -> HashEmbedder | None:
        """Return the embedder of a name as "hash-64" or "hash-64-salt"; None when it is no such name."""
        found = NAME.fullmatch(name)
        return cls(int(found[1]), found[2] or "") if found else None

    def _open(self) -> None:
        """Need nothing."""

    def _embed(self, batch: Sequence[str]) -> Floats:
        return np.stack([self._vector(text) for text in batch])

    def _vector(self, text: str) -> Floats:
        seeds = np.unique(hashed(terms(text) or [text]))
        vector = np.zeros(self._dimensions, np.float32)
        for seed in seeds:
            # Philox is specified bit by bit: the same vectors on every machine and numpy.
            direction = np.random.Generator(np.random.Philox(int(seed) ^ self._salt))
            vector += direction.standard_normal(self._dimensions, np.float32)
        return vector / np.linalg.norm(vector)
