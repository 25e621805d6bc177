"""What was and what is: the links between memories, followed for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clawcortex.store.base import Store
from clawcortex.store.records import Memory, Selection
from context_retention.query import Query

STEPS = 8
"""Links followed from a memory to what holds now."""
MOST = 50
"""Predecessors brought in beside the hits."""


def ends(store: Store, memories: Sequence[Memory]) -> dict[str, Memory]:
    """Return what holds now, by the id of each successor that is not among these memories."""
    here = {memory.id for memory in memories}
    open_ = {one.superseded_by: one.superseded_by for one in memories if one.superseded_by not in {"", *here}}
    found: dict[str, Memory] = {}
    for _ in range(STEPS):
        if not open_:
            break
        wanted = set(open_.values())
        chosen = store.select(Selection(ids=tuple(wanted)))
        by_id = {memory.id: memory for memory in chosen if memory.id in wanted}  # an id may name a whole turn
        reached = {start: by_id[identity] for start, identity in open_.items() if identity in by_id}
        found |= reached
        open_ = {start: memory.superseded_by for start, memory in reached.items() if memory.superseded_by}
    return found


def replaced(store: Store, memories: Sequence[Memory]) -> list[Memory]:
    """Return what these memories replaced and is not among them."""
    if not memories:
        return []
    ids = {memory.id for memory in memories}
    chosen = store.select(Selection(superseded_by=tuple(ids)), limit=MOST)
    return [memory for memory in chosen if memory.id not in ids]


def links(memories: Sequence[Memory], last: Mapping[str, Memory]) -> dict[int, int]:
    """Return which of these is replaced by which other: by the next, or where that is missing by the last."""
    place = {memory.id: i for i, memory in enumerate(memories)}
    found = {}
    for i, memory in enumerate(memories):
        new = memory.superseded_by
        new = last[new].id if new not in place and new in last else new
        if new in place:
            found[i] = place[new]
    return found


def asked_for(query: Query, memory: Memory) -> bool:
    """Return whether the question asks for what a memory says of the past."""
    if query.past_first:
        return True
    if memory.valid_to is None:
        return False
    start, end = memory.created_at.timestamp(), memory.valid_to.timestamp()
    return any(window.start < end and start < window.end <= end for window in query.windows)
