"""What every embedder shares: loading once, batches of similar length, the cache."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from clawcortex.models.base import Floats
from clawcortex.models.cache import VectorCache

BATCH = 32


class BatchedEmbedder(ABC):
    """Answer `encode` through `_open` and `_embed` of a backend; safe from any thread."""

    def __init__(self, model: str, dimensions: int, *, cache: VectorCache | None = None) -> None:
        self._model = model
        self._dimensions = dimensions
        self._cache = VectorCache() if cache is None else cache
        self._loading = threading.Lock()
        self._loaded = threading.Event()

    @property
    def model(self) -> str:
        """Return the name that vectors are stored under; it changes whenever vectors would."""
        return self._model

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return self._dimensions

    def ready(self) -> bool:
        """Return whether `encode` would answer without loading."""
        return self._loaded.is_set()

    def load(self) -> None:
        """Load the model now, once; raise ModelError when that is not possible."""
        if self._loaded.is_set():
            return
        with self._loading:
            if not self._loaded.is_set():
                self._open()
                self._loaded.set()

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return L2-normalised vectors (shape: texts x dimensions), in the order of the texts."""
        vectors = np.zeros((len(texts), self._dimensions), np.float32)
        missing: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            known = self._cache.get(text)
            if known is None:
                missing.setdefault(text, []).append(row)
            else:
                vectors[row] = known
        if missing:
            self.load()
        # Padding costs what words cost: texts of one length share a batch.
        waiting = sorted(missing, key=len)
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            for text, vector in zip(batch, self._embed(batch), strict=True):
                vectors[missing[text]] = vector
                self._cache.put(text, vector)
        return vectors

    @abstractmethod
    def _open(self) -> None:
        """Load the weights; raise ModelError when that is not possible."""

    @abstractmethod
    def _embed(self, batch: Sequence[str]) -> Floats:
        """Return the vectors of a few texts of similar length."""
