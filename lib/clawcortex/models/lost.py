"""The embedder of a model that cannot be had: its vectors stay, questions cannot be put to them."""

from __future__ import annotations

from collections.abc import Sequence

from clawcortex.errors import ModelError
from clawcortex.models.base import Floats


class LostEmbedder:
    """Say of which model the vectors are, and why nothing can be embedded with it. Implements `Embedder`."""

    def __init__(self, model: str, dimensions: int, reason: str, *, hint: str | None = None) -> None:
        self.model = model
        self.dimensions = dimensions
        self._reason = reason
        self._hint = hint

    def ready(self) -> bool:
        """Return False: recall goes by words."""
        return False

    def load(self) -> None:
        """Raise ModelError with the reason."""
        raise ModelError(self._reason, hint=self._hint)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Raise ModelError with the reason."""
        raise ModelError(f"{len(texts)} texts cannot be embedded: {self._reason}", hint=self._hint)
