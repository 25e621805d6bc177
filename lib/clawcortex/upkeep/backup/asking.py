"""Questions to a restored store, by the recall that answers prompts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from clawcortex.errors import NotFoundError
from clawcortex.models.base import Embedder
from clawcortex.models.embedder import get_embedder
from clawcortex.openclaw.gateway import GatewayHost
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context, Resources
from clawcortex.skills.registry import Registry
from clawcortex.store.base import Store
from clawcortex.store.index import Index

SKILL, OPERATION = "context-retention", "recall"
QUESTIONS, LONGEST = 5, 200
Answers = list[list[tuple[str, float]]]
"""Of each question the ids of the hits and their scores, best first."""


def questions(store: Store, count: int = QUESTIONS) -> list[str]:
    """Return the beginnings of some memories, from the oldest to the newest."""
    positions = store.columns().n
    if not len(positions):
        return []
    step = max(1, len(positions) // count)
    return [memory.text[:LONGEST] for memory in store.rows(positions[::-step][:count][::-1].tolist())]


@dataclass(frozen=True, slots=True)
class Asker:
    """Recall on one store."""

    context: Context
    registry: Registry

    def answers(self, asked: Sequence[str], now: datetime) -> Answers:
        """Return what the store answers; NotFoundError without the skill that recalls."""
        recall = self.registry.operation(SKILL, OPERATION)
        found: list[Any] = [
            recall.run(self.context, recall.input.model_validate({"query": one, "top_k": 5, "now": now}))
            for one in asked
        ]
        return [[(hit.id, round(hit.score, 4)) for hit in one.hits] for one in found]


def asker(settings: Settings, store: Store, registry: Registry, scratch: Path, clock: datetime) -> Asker:
    """Return who asks this store; its index is built in RAM and kept in the scratch folder."""
    embedder: Embedder = get_embedder(settings)
    embedder.load()
    index = Index(
        store,
        embedder.model,
        embedder.dimensions,
        flat_limit=settings.flat_index_limit,
        snapshot_folder=scratch,
    )
    index.load()
    resources = Resources(
        settings=settings,
        store=store,
        index=index,
        embedder=embedder,
        clock=lambda: clock,
        wake=lambda: None,
        drain=lambda: None,
        host=GatewayHost(),
    )
    log = logging.LoggerAdapter(logging.getLogger(__name__), {})
    return Asker(Context(resources, Caller("cli", trusted=True), log), registry)


def can_ask(registry: Registry) -> bool:
    """Return whether there is a recall to ask."""
    try:
        registry.operation(SKILL, OPERATION)
    except NotFoundError:
        return False
    return True
