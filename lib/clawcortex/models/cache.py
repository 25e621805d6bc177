"""The last vectors, by what they were made from."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

from clawcortex.models.base import Floats

ENTRIES = 2_048
"""3 MB at 384 dimensions."""


class VectorCache:
    """Keep the vectors used last, at most `entries`, by the hash of their text; safe from any thread."""

    def __init__(self, entries: int = ENTRIES) -> None:
        self._entries = entries
        self._vectors: OrderedDict[bytes, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many vectors are held."""
        return len(self._vectors)

    def get(self, text: str) -> Floats | None:
        """Return the vector of this very text, or None."""
        key = _key(text)
        with self._lock:
            vector = self._vectors.get(key)
            if vector is not None:
                self._vectors.move_to_end(key)
            return vector

    def put(self, text: str, vector: Floats) -> None:
        """Hold a copy of the vector, in place of the one used longest ago."""
        with self._lock:
            self._vectors[_key(text)] = vector.copy()
            while len(self._vectors) > self._entries:
                self._vectors.popitem(last=False)

    def clear(self) -> None:
        """Forget every vector."""
        with self._lock:
            self._vectors.clear()


def _key(text: str) -> bytes:
    # The text itself is not held: what is forgotten must leave memory too.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
