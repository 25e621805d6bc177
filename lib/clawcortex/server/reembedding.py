"""Which model answers and which one all is embedded with, read from the store.

The model of the settings is the target. As long as another model's vectors reach further, that one answers;
once the target has caught up it takes over, and the others' vectors go. Nothing else is remembered:
whatever process is killed whenever, the next look at the store finds the same or the next step.

Several servers on one store may have different settings: the one started last says which is the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clawcortex.models.base import Embedder
from clawcortex.models.embedder import find_embedder
from clawcortex.models.lost import LostEmbedder
from clawcortex.store.base import Store

COLLECTION, TARGET = "embedding", "target"
BEYOND = 1 << 62
MEND = "Run `clawcortex context-retention reembed`: it drops those vectors and makes them again."


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that answers, and the one that all is embedded with; both are one most of the time."""

    serving: Embedder
    target: Embedder

    @property
    def settled(self) -> bool:
        """Return whether the target answers."""
        return self.serving is self.target


def declare(store: Store, wanted: Embedder) -> None:
    """Say that this server's model is the one that all should be embedded with."""
    value = {"model": wanted.model}
    if store.get_record(COLLECTION, TARGET) != value:
        store.put_record(COLLECTION, TARGET, value)


def choose(store: Store, wanted: Embedder) -> Choice:
    """Return what the store's vectors call for; `wanted` is the model of this server's settings."""
    held = store.models()
    record = store.get_record(COLLECTION, TARGET) or {}
    name = str(record.get("model", wanted.model))
    target = _embedder(name, held, wanted)
    best, reached = target, -1 if isinstance(target, LostEmbedder) else _reach(store, name)
    for other in held:
        if other != name and (reach := _reach(store, other)) > reached:
            best, reached = _embedder(other, held, wanted), reach
    return Choice(best, target)


def same(one: Embedder, other: Embedder) -> bool:
    """Return whether two embedders are one model, as far as an answer depends on it."""
    lost = isinstance(one, LostEmbedder), isinstance(other, LostEmbedder)
    return (one.model, one.dimensions, lost[0]) == (other.model, other.dimensions, lost[1])


def others(store: Store, target: str) -> list[str]:
    """Return the models beside the target that have vectors."""
    return [name for name in store.models() if name != target]


def _reach(store: Store, model: str) -> int:
    """Return the `n` of the first memory that lacks a vector of this model."""
    waiting = store.unembedded(model, limit=1)
    return waiting[0][0] if waiting else BEYOND


def _embedder(model: str, held: Mapping[str, int], wanted: Embedder) -> Embedder:
    found = wanted if model == wanted.model else find_embedder(model)
    dimensions = held.get(model, 0)
    if found is None:
        return LostEmbedder(
            model,
            dimensions or wanted.dimensions,
            f"the model {model}, which made the vectors, is not here any more",
            hint="Recall goes by words until all is embedded anew; `clawcortex doctor` says how far that is.",
        )
    if dimensions and dimensions != found.dimensions:
        return LostEmbedder(
            model,
            dimensions,
            f"the store's vectors of {model} have {dimensions} dimensions, the model gives {found.dimensions}",
            hint=MEND,
        )
    return found
