"""The index: always what the store is, whatever happened in between."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clawcortex.errors import ConflictError, InputError
from clawcortex.store.base import FLAG_DUPLICATE, FLAG_PINNED, FLAG_SUPERSEDED, FLAG_UNTRUSTED, Store
from clawcortex.store.index import Index, View
from clawcortex.store.records import Provenance, Scope, Selection
from clawcortex.text.terms import hashed

from .conftest import DIMENSIONS, MODEL, NewMemories, OpenIndex, OpenStore, Vectors


def _everything(view: View) -> np.ndarray:
    return np.ones(len(view.columns.n), np.bool_)


def _filled(store: Store, memories: NewMemories, vectors: Vectors, count: int) -> None:
    store.add(memories(count))
    store.put_vectors(MODEL, range(1, count + 1), vectors(count))


def test_an_empty_store(store: Store, open_index: OpenIndex, vectors: Vectors) -> None:
    index = open_index(store)
    index.refresh()
    index.snapshot()
    view = index.view()
    assert (index.embedded, index.generation, len(view.columns.n)) == (0, 0, 0)
    rows, cosines = view.search(vectors(1)[0], 5, _everything(view))
    assert len(rows) == len(cosines) == 0
    assert view.at([1]).tolist() == [-1]
    assert view.vectors(np.empty(0, np.int64)).shape == (0, DIMENSIONS)
    assert view.terms_of(np.empty(0, np.int64))[0].tolist() == [0]
    assert view.sessions_named("none").tolist() == []


def test_columns_are_the_stores(store: Store, memories: NewMemories, open_index: OpenIndex) -> None:
    scope = Scope(agent="work")
    added = store.add(
        [
            *memories(2, session="s", speaker="Ann", importance=0.25),
            *memories(1, start=2, provenance=Provenance.UNTRUSTED, pinned=True, scope=scope, terms=()),
            *memories(1, start=3, session="s", terms=("東京", "tea")),
        ]
    )
    store.link(1, superseded_by=added[1].id, duplicate_of=added[1].id)
    index = open_index(store)
    index.refresh()
    view = index.view()
    assert view.columns.n.tolist() == [1, 2, 3, 4]
    assert view.columns.flags.tolist() == [
        FLAG_SUPERSEDED | FLAG_DUPLICATE,
        0,
        FLAG_PINNED | FLAG_UNTRUSTED,
        0,
    ]
    assert view.columns.importance.tolist() == [0.25, 0.25, 0.5, 0.5]
    assert [view.scopes[number].agent for number in view.columns.scope.tolist()] == [
        "main",
        "main",
        "work",
        "main",
    ]
    assert [view.speakers.get(number, "") for number in view.columns.speaker.tolist()] == [
        "Ann",
        "Ann",
        "",
        "",
    ]
    assert view.columns.created.tolist() == [
        memory.created_at.timestamp() for memory in store.rows([1, 2, 3, 4])
    ]
    assert np.isin(view.columns.session, view.sessions_named("s")).tolist() == [True, True, False, True]
    indptr, hashes = view.terms_of(np.array([3, 2, 0]))
    assert indptr.tolist() == [0, 2, 2, 5]
    assert hashes.tolist() == hashed(["東京", "tea", "text", "number", "0"]).tolist()
    assert view.at([4, 9, 1, 0]).tolist() == [3, -1, 0, -1]


def test_neighbours_stay_in_their_session_and_chat(
    store: Store, memories: NewMemories, open_index: OpenIndex
) -> None:
    bob = Scope(channel="telegram", chat="222", sender="222")
    store.add(memories(2, session="a"))
    index = open_index(store)
    index.refresh()
    store.add(memories(1, start=2, session="a", scope=bob))  # the same session key, another person's chat
    store.add(memories(1, start=3))
    store.add(memories(1, start=4, session="a", scope=Scope(sender="guest")))  # the same chat, another sender
    store.add(memories(1, start=5))
    index.refresh()
    view = index.view()
    assert view.previous.tolist() == [-1, 0, -1, -1, 1, -1]
    assert view.next.tolist() == [1, 4, -1, -1, -1, -1]
    assert len(view.sessions_named("a")) == 2
    index.remove([2])
    assert index.view().previous.tolist() == [-1, -1, -1, -1, 0, -1]
    assert index.view().next.tolist() == [4, -1, -1, -1, -1, -1]
    index.remove([5])
    store.add(memories(1, start=6, session="a"))
    index.refresh()
    assert index.view().previous[6] == 0
    assert view.next.tolist() == [1, 4, -1, -1, -1, -1]


def test_search_is_exact_and_obeys_the_mask(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    _filled(store, memories, vectors, 500)
    index = open_index(store)
    index.refresh()
    view = index.view()
    query = vectors(1, seed=9)[0]
    exact = view.vectors(np.arange(500)) @ query
    for share in (1.0, 0.5, 0.1, 0.01, 0.0):
        mask = np.random.default_rng(1).random(500) < share
        rows, cosines = view.search(query, 20, mask)
        allowed = np.flatnonzero(mask)
        expected = allowed[np.argsort(-exact[allowed], kind="stable")][:20]
        assert rows.tolist() == expected.tolist()
        assert np.allclose(cosines, exact[expected], atol=1e-6)


@pytest.mark.parametrize("count", [1_200, 3_200])
def test_eight_bits_with_rescoring_find_what_exact_finds(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex, count: int
) -> None:
    store.add(memories(count))
    index = open_index(store, flat_limit=1_000, dimensions=64)
    given = vectors(count, dimensions=64)
    for start in range(0, count, 400):  # grows over the limit on the way
        store.put_vectors(MODEL, range(start + 1, start + 401), given[start : start + 400])
        index.refresh()
    view = index.view()
    assert not view.nearest.exact
    exact = np.stack([vector for _, batch in store.vectors(MODEL) for vector in batch])
    mask = np.random.default_rng(2).random(count) < 0.7
    for query in vectors(20, seed=3, dimensions=64):
        rows, cosines = view.search(query, 10, mask)
        scores = np.where(mask, exact @ query, -2)
        assert set(rows.tolist()) == set(np.argsort(-scores)[:10].tolist())
        assert np.allclose(cosines, np.sort(scores)[::-1][:10], atol=1e-6)
    assert np.abs(view.vectors(np.arange(count)) - exact).max() < 0.01
    assert len(view.search(given[0], 10**9, _everything(view))[0]) == count


def test_eight_bits_alone_read_no_vector_from_the_store(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    given = vectors(1_500, dimensions=64)
    store.add(memories(1_500))
    store.put_vectors(MODEL, range(1, 1_501), given)
    index = open_index(store, flat_limit=1_000, dimensions=64)
    index.refresh()
    view = index.view()
    mask = np.random.default_rng(2).random(1_500) < 0.7
    query = vectors(1, seed=3, dimensions=64)[0]
    exact = np.where(mask, given @ query, -2)
    store.close()  # a vector read now would raise
    rows, cosines = view.search(query, 50, mask, exact=False)
    assert len(rows) == 50
    assert mask[rows].all()
    assert np.abs(cosines - exact[rows]).max() < 0.02
    assert len(np.intersect1d(rows, np.argsort(-exact)[:50])) >= 45


def test_a_vector_removed_from_the_store_is_not_found_by_an_older_view(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    _filled(store, memories, vectors, 1_100)
    index = open_index(store, flat_limit=1_000)
    index.refresh()
    view = index.view()
    store.delete(Selection(positions=(6,)))
    rows, _ = view.search(vectors(1_100)[5], 3, _everything(view))
    assert 5 not in rows.tolist()
    store.delete(Selection(after=0, positions=tuple(range(1, 1_101))))
    assert len(view.search(vectors(1_100)[5], 3, _everything(view))[0]) == 0


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex, k: int
) -> None:
    _filled(store, memories, vectors, 3)
    index = open_index(store)
    index.refresh()
    with pytest.raises(InputError):
        index.view().search(vectors(1)[0], k, np.ones(3, np.bool_))


@pytest.mark.parametrize(
    "query", [np.ones(3), np.full(DIMENSIONS, np.nan), np.full(DIMENSIONS, np.inf), np.empty(0)]
)
def test_malformed_queries_are_refused(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex, query: Any
) -> None:
    _filled(store, memories, vectors, 3)
    index = open_index(store)
    index.refresh()
    with pytest.raises(InputError):
        index.view().search(query, 1, np.ones(3, np.bool_))


@pytest.mark.parametrize("mask", [np.ones(2, np.bool_), np.ones(3, np.int64), np.ones((3, 1), np.bool_)])
def test_malformed_masks_are_refused(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex, mask: Any
) -> None:
    _filled(store, memories, vectors, 3)
    index = open_index(store)
    index.refresh()
    with pytest.raises(InputError):
        index.view().search(vectors(1)[0], 1, mask)


def test_a_model_whose_dimension_changed_is_named(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    _filled(store, memories, vectors, 3)
    with pytest.raises(ConflictError, match=f"{DIMENSIONS} dimensions"):
        open_index(store, dimensions=DIMENSIONS + 1).refresh()


def test_rows_without_a_vector_are_never_found(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    store.add(memories(6))
    store.put_vectors(MODEL, [4, 2], vectors(2))
    store.put_vectors("another", range(1, 7), vectors(6))
    index = open_index(store)
    index.refresh()
    view = index.view()
    assert view.embedded.tolist() == [False, True, False, True, False, False]
    assert sorted(view.search(vectors(1)[0], 9, _everything(view))[0].tolist()) == [1, 3]
    assert np.count_nonzero(view.vectors(np.array([0, 1])).any(axis=1)) == 1


def test_a_view_stays_as_it_was(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    _filled(store, memories, vectors, 100)
    index = open_index(store)
    index.refresh()
    view = index.view()
    held: list[np.ndarray] = [view.columns.n, view.columns.flags, view.next, view.alive, view.embedded]
    before = [array.copy() for array in held]
    query = vectors(100)[4]
    found = view.search(query, 5, _everything(view))[0].tolist()
    store.add(memories(200, start=100, session="late"))
    store.put_vectors(MODEL, range(101, 301), np.tile(query, (200, 1)))  # all nearer than the others
    store.link(1, superseded_by=store.rows([2])[0].id)
    index.refresh()
    after: list[np.ndarray] = [view.columns.n, view.columns.flags, view.next, view.alive, view.embedded]
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert view.search(query, 5, _everything(view))[0].tolist() == found
    newer = index.view()
    assert newer.search(query, 5, _everything(newer))[0].tolist() != found
    with pytest.raises(ValueError, match="read-only"):
        view.columns.n[0] = 7


def test_removed_is_invisible_at_once_and_stays_so(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    _filled(store, memories, vectors, 50)
    index = open_index(store)
    index.refresh()
    index.remove([5, 999])
    for _ in range(2):
        view = index.view()
        assert not view.alive[4]
        assert 4 not in view.search(vectors(50)[4], 50, _everything(view))[0].tolist()
        assert index.rebuild() == 49  # the store has not removed it yet: still hidden
    store.delete(Selection(positions=(5,)))
    assert index.rebuild() == 49
    assert index.view().columns.n.tolist() == [n for n in range(1, 51) if n != 5]


def test_refresh_search_and_rebuild_from_many_threads(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    _filled(store, memories, vectors, 900)
    index = open_index(store, flat_limit=1_000)
    index.refresh()
    done = threading.Event()

    def search() -> int:
        rounds = 0
        while not done.is_set() or not rounds:
            index.refresh()
            view = index.view()
            rows, cosines = view.search(vectors(900)[7], 5, _everything(view))
            assert rows[0] == 7
            assert cosines[0] == pytest.approx(1, abs=1e-3)
            rounds += 1
        return rounds

    with ThreadPoolExecutor(4) as threads:
        searches = [threads.submit(search) for _ in range(3)]
        for i in range(10):
            store.add(memories(40, start=900 + 40 * i))
            store.put_vectors(MODEL, range(901 + 40 * i, 941 + 40 * i), vectors(40, seed=i + 1))
            if i % 4 == 0:
                index.rebuild()
                index.snapshot()
        done.set()
        assert all(one.result() for one in searches)
    index.refresh()
    assert index.embedded == 1_300


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 5), st.sampled_from(["", "a", "b"])),
        st.tuples(st.just("embed"), st.integers(1, 6), st.integers(0, 99)),
        st.tuples(st.just("again"), st.integers(0, 30), st.integers(0, 99)),
        st.tuples(st.just("link"), st.integers(0, 30), st.integers(0, 30)),
        st.tuples(st.just("delete"), st.integers(0, 30), st.integers(0, 3)),
        st.tuples(st.just("refresh")),
        st.tuples(st.just("snapshot")),
        st.tuples(st.just("reopen")),
        st.tuples(st.just("rebuild")),
    ),
    min_size=3,
    max_size=25,
)


def _step(store: Store, memories: NewMemories, vectors: Vectors, step: tuple[Any, ...]) -> None:
    held = [memory.n for memory in store.select(Selection())]
    match step:
        case ("add", count, session):
            start = store.generation * 100
            store.add([replace(one, key=f"{start}-{one.key}") for one in memories(count, session=session)])
        case ("embed", count, seed):
            waiting = [n for n, _ in store.unembedded(MODEL, limit=count)]
            store.put_vectors(MODEL, waiting, vectors(len(waiting), seed=seed))
        case ("again", which, seed) if held:
            store.put_vectors(MODEL, [held[which % len(held)]], vectors(1, seed=seed))
        case ("link", which, target) if held:
            store.link(held[which % len(held)], superseded_by=store.rows([held[target % len(held)]])[0].id)
        case ("delete", which, count) if held:
            store.delete(Selection(positions=tuple(held[which % len(held) :][: count + 1])))


def _alike(index: Index, fresh: Index, query: np.ndarray) -> None:
    """Compare by `n`: the rows of what was removed may still be there."""
    seen, truth = index.view(), fresh.view()
    rows = np.flatnonzero(seen.alive)
    assert seen.columns.n[rows].tolist() == truth.columns.n.tolist()
    for name in ("scope", "session", "flags", "importance", "created", "term_counts"):
        assert getattr(seen.columns, name)[rows].tolist() == getattr(truth.columns, name).tolist(), name
    for side in ("previous", "next"):
        for row, n in zip(rows, truth.columns.n, strict=True):
            mine, theirs = getattr(seen, side)[row], getattr(truth, side)[truth.at([n])[0]]
            assert (mine < 0) == (theirs < 0)
            assert mine < 0 or seen.columns.n[mine] == truth.columns.n[theirs]
    assert seen.embedded[rows].tolist() == truth.embedded.tolist()
    assert np.array_equal(seen.vectors(rows), truth.vectors(np.arange(len(rows))))
    found, scores = seen.search(query, 7, np.ones(len(seen.alive), np.bool_))
    expected, exact = truth.search(query, 7, np.ones(len(truth.alive), np.bool_))
    assert np.allclose(scores, exact)
    assert set(seen.columns.n[found].tolist()) == set(truth.columns.n[expected].tolist())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_the_index_is_what_the_store_is(
    open_again: OpenStore,
    open_index: OpenIndex,
    memories: NewMemories,
    vectors: Vectors,
    steps: list[tuple[Any, ...]],
) -> None:
    store = open_again()
    index = open_index(store)
    for step in steps:
        _step(store, memories, vectors, step)
        if step[0] in {"refresh", "snapshot", "rebuild"}:
            getattr(index, step[0])()
        elif step[0] == "reopen":
            index = open_index(store)
    index.refresh()
    fresh = open_index(store)
    fresh.rebuild()
    assert index.generation == fresh.generation == store.generation
    assert index.embedded == fresh.embedded
    _alike(index, fresh, vectors(1, seed=1_000)[0])
    store.delete(Selection(positions=tuple(memory.n for memory in store.select(Selection()))))
    store.close()


@pytest.mark.parametrize("limit", [1_000, 100])
def test_cosines_of_rows_are_those_of_their_vectors(
    limit: int, store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    _filled(store, memories, vectors, 300)
    index = open_index(store, flat_limit=limit)
    index.refresh()
    view, asked = index.view(), vectors(1)[0]
    rows = np.arange(len(view.columns.n))[::-3]
    assert np.allclose(view.cosines(rows, asked), view.vectors(rows) @ asked, atol=1e-4)
