"""Vectors: exact, of one model each, never longer-lived than their memory."""

from __future__ import annotations

import numpy as np
import pytest

from clawcortex.errors import ConflictError, InputError
from clawcortex.store.base import Store
from clawcortex.store.records import Selection

from .conftest import MODEL, NewMemories, Vectors


def test_vectors_come_back_nearly_exact(store: Store, memories: NewMemories, vectors: Vectors) -> None:
    store.add(memories(50))
    given = vectors(50, dimensions=384)
    store.put_vectors(MODEL, range(1, 51), given)
    found = store.vectors_at(MODEL, [7, 50, 99])
    assert found.keys() == {7, 50}
    assert found[7].dtype == np.float32
    cosines = np.stack([vector for _, batch in store.vectors(MODEL, batch=7) for vector in batch]) @ given.T
    assert np.abs(cosines - given @ given.T).max() < 5e-4
    assert store.vectors_at(MODEL, []) == store.vectors_at("another", [1]) == {}


def test_vectors_are_read_in_order_within_bounds(
    store: Store, memories: NewMemories, vectors: Vectors
) -> None:
    store.add(memories(10))
    store.put_vectors(MODEL, [9, 2, 5, 10], vectors(4))
    assert [ns.tolist() for ns, _ in store.vectors(MODEL, batch=3)] == [[2, 5, 9], [10]]
    assert [ns.tolist() for ns, _ in store.vectors(MODEL, after=2, until=9)] == [[5, 9]]
    assert list(store.vectors(MODEL, after=10)) == list(store.vectors("another")) == []


def test_what_lacks_a_vector_of_this_model(store: Store, memories: NewMemories, vectors: Vectors) -> None:
    store.add(memories(4))
    assert store.unembedded(MODEL, limit=2) == [(1, "text number 0"), (2, "text number 1")]
    store.put_vectors(MODEL, [1, 3], vectors(2))
    assert [n for n, _ in store.unembedded(MODEL, limit=9)] == [2, 4]
    assert len(store.unembedded("another", limit=9)) == 4
    store.put_vectors("another", [1, 2, 3, 4], vectors(4))
    assert store.unembedded("another", limit=9) == store.unembedded(MODEL, limit=0) == []
    store.put_vectors(MODEL, [4], vectors(1))
    store.delete(Selection(positions=(2,)))
    assert store.unembedded(MODEL, limit=9) == []
    store.add(memories(1, start=4))
    assert [n for n, _ in store.unembedded(MODEL, limit=9)] == [5]


def test_a_vector_does_not_outlive_its_memory(store: Store, memories: NewMemories, vectors: Vectors) -> None:
    store.add(memories(3))
    store.put_vectors("another", [1, 2, 3], vectors(3))
    store.delete(Selection(positions=(2,)))
    store.put_vectors(MODEL, [1, 2, 3], vectors(3))  # embedded from what was read before the deletion
    for model in (MODEL, "another"):
        assert store.vectors_at(model, [1, 2, 3]).keys() == {1, 3}
    assert store.check() == []


def test_a_vector_can_be_replaced(store: Store, memories: NewMemories, vectors: Vectors) -> None:
    store.add(memories(1))
    store.put_vectors(MODEL, [1], vectors(1, seed=1))
    store.put_vectors(MODEL, [1], vectors(1, seed=2))
    assert np.allclose(store.vectors_at(MODEL, [1])[1], vectors(1, seed=2)[0], atol=1e-3)


def test_nothing_is_put_for_no_positions(store: Store) -> None:
    store.put_vectors(MODEL, [], np.empty((0, 4), np.float32))
    assert store.generation == 0


@pytest.mark.parametrize(
    "broken",
    [
        np.ones((1, 4)),
        np.zeros((1, 4)),
        np.array([[np.nan, 0, 0, 1]]),
        np.array([[np.inf, 0, 0, 1]]),
        np.ones(4) / 2,
        np.ones((2, 4)) / 2,
        np.empty((1, 0)),
    ],
    ids=["long", "zero", "nan", "infinite", "flat", "too many", "empty"],
)
def test_malformed_vectors_are_refused(store: Store, memories: NewMemories, broken: np.ndarray) -> None:
    store.add(memories(1))
    with pytest.raises(InputError):
        store.put_vectors(MODEL, [1], broken)
    assert store.vectors_at(MODEL, [1]) == {}


def test_one_model_has_one_dimension(store: Store, memories: NewMemories, vectors: Vectors) -> None:
    store.add(memories(2))
    store.put_vectors(MODEL, [1], vectors(1, dimensions=8))
    with pytest.raises(ConflictError, match="8 dimensions"):
        store.put_vectors(MODEL, [2], vectors(1, dimensions=9))
    with pytest.raises(InputError):
        store.put_vectors("", [2], vectors(1))
