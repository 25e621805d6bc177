"""The embedder's contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Embedder(Protocol):
    """Turn texts into unit vectors: inner product is cosine, everywhere in clawcortex."""

    @property
    def model(self) -> str:
        """Return the name that vectors are stored under; it changes whenever vectors would."""

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""

    def ready(self) -> bool:
        """Return whether `encode` would answer without loading."""

    def load(self) -> None:
        """Load the model now; raise ModelError when that is not possible."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return L2-normalised vectors (shape: texts x dimensions); raise ModelError when not loadable."""
