"""How far the memories are embedded with a model."""

from __future__ import annotations

import numpy as np

from clawcortex.store.base import Store
from clawcortex.store.view import View


def embedded_with(store: Store, view: View, model: str) -> tuple[int, int]:
    """Return how many memories have a vector of this model, and how many there are.

    The oldest are embedded first, so that all before the first one that lacks a vector have one.
    """
    total = int(np.count_nonzero(view.alive))
    waiting = store.unembedded(model, limit=1)
    if not waiting:
        return total, total
    first = int(np.searchsorted(view.columns.n, waiting[0][0]))
    return int(np.count_nonzero(view.alive[:first])), total


def told(store: Store, view: View, serving: str, target: str) -> str:
    """Return the sentence that says how far a change of the model is."""
    done, total = embedded_with(store, view, target)
    return f"re-embedding {done} of {total} with {target}, answering from {serving}"
