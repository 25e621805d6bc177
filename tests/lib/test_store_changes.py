"""The log of changes: every step of the generation, until it is cut."""

from __future__ import annotations

import pytest

from clawcortex.store.base import Store
from clawcortex.store.records import Selection
from clawcortex.store.sql import changes

from .conftest import MODEL, NewMemories, OpenIndex, Vectors


def test_every_change_is_a_step(store: Store, memories: NewMemories, vectors: Vectors) -> None:
    added = store.add(memories(5))
    store.add(memories(5))  # nothing new
    store.put_vectors(MODEL, [1, 2, 4], vectors(3))
    store.link(1, superseded_by=added[4].id)
    store.delete(Selection(positions=(2, 5)))
    told = store.changes(0)
    assert told is not None
    assert [(step.kind, step.first, step.last, step.model) for step in told] == [
        ("added", 1, 5, ""),
        ("embedded", 1, 2, MODEL),
        ("embedded", 4, 4, MODEL),
        ("marked", 1, 1, ""),
        ("marked", 1, 1, ""),  # its link ended with 5
        ("deleted", 2, 2, ""),
        ("deleted", 5, 5, ""),
    ]
    assert [step.generation for step in told] == list(range(1, 8))
    assert store.generation == 7
    assert store.changes(5) == told[5:]
    assert store.changes(7) == []
    assert store.changes(8) is None


def test_a_log_that_was_cut_says_so_and_the_index_reads_all(
    store: Store,
    memories: NewMemories,
    vectors: Vectors,
    open_index: OpenIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "KEPT", 2)
    monkeypatch.setattr(changes, "PRUNED_EVERY", 4)
    index = open_index(store)
    store.add(memories(1))
    index.refresh()
    index.snapshot()
    for i in range(1, 8):
        store.add(memories(1, start=i))
    store.put_vectors(MODEL, [3], vectors(1))
    assert store.changes(1) is None
    assert store.changes(store.generation) == []
    index.refresh()
    assert len(index.view().columns.n) == 8
    assert index.embedded == 1
    assert index.generation == store.generation
    late = open_index(store)
    late.load()
    assert late.view().columns.n.tolist() == list(range(1, 9))
