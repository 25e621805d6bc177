"""How memories age in the store: history, recalls, what the logs let go, locks and bells."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clawcortex.errors import NotFoundError
from clawcortex.store.base import FLAG_SUPERSEDED, Store, Usage
from clawcortex.store.records import Provenance, Selection

from .conftest import BASE, DIMENSIONS, MODEL, NewMemories, OpenStore, Vectors


def test_a_superseded_memory_is_history_until_the_newer_is_gone(store: Store, memories: NewMemories) -> None:
    old, new = store.add(memories(2))
    store.link(old.n, superseded_by=new.id, valid_to=BASE)
    [row] = store.rows([old.n])
    assert (row.superseded_by, row.valid_to) == (new.id, BASE)
    assert store.columns().flags.tolist() == [FLAG_SUPERSEDED, 0]
    store.delete(Selection(ids=(new.id,)))
    [row] = store.rows([old.n])
    assert (row.superseded_by, row.valid_to) == ("", None)
    with pytest.raises(NotFoundError):
        store.link(old.n, superseded_by=new.id, valid_to=BASE)


def test_recalls_are_counted_without_moving_the_generation(store: Store, memories: NewMemories) -> None:
    added = store.add(memories(3, importance=0.5))
    before = store.generation
    store.note_recalls([added[0].n, added[2].n], BASE)
    store.note_recalls([added[0].n, 999], BASE - timedelta(hours=1))
    store.note_recalls([], BASE)
    usage = store.usage()
    assert store.generation == before
    assert usage.n.tolist() == [one.n for one in added]
    assert usage.recalls.tolist() == [2, 0, 1]
    assert usage.recalled.tolist() == [BASE.timestamp(), 0.0, BASE.timestamp()]
    assert all(size > 100 for size in usage.bytes.tolist())
    store.delete(Selection(ids=(added[0].id,)))
    assert store.usage().recalls.tolist() == [0, 1]


def test_an_empty_store_has_no_usage(store: Store) -> None:
    usage = store.usage()
    assert [len(getattr(usage, name)) for name in Usage.__slots__] == [0] * len(Usage.__slots__)
    assert 0 <= store.wasted() <= 1


def test_usage_tells_whose_words_they_are_and_which_parts_are_one_text(
    store: Store, memories: NewMemories
) -> None:
    kinds = tuple(Provenance)
    for start, kind in enumerate(kinds):
        store.add(memories(1, start=start, provenance=kind))
    text = [replace(part, part=i, turn="T") for i, part in enumerate(memories(3, start=10))]
    first, *rest = store.add(text)
    store.delete(Selection(positions=(rest[0].n,)))
    usage = store.usage()
    assert [kinds[place] for place in usage.provenance[:4].tolist()] == list(kinds)
    assert usage.turn.tolist() == [1, 2, 3, 4, first.n, first.n]


def test_what_many_deleted_rows_leave_is_given_back_by_a_scrub(store: Store, memories: NewMemories) -> None:
    added = store.add(memories(400, text="long " * 400))
    store.delete(Selection(positions=tuple(one.n for one in added[20:])))
    before = store.wasted()
    store.scrub()
    assert before > 0.2
    assert store.wasted() < 0.05
    assert store.count() == 20


def test_an_evicted_turn_is_not_stored_again_by_a_replay_and_comes_back_under_another_key(
    store: Store, memories: NewMemories
) -> None:
    [turn] = memories(1, key="turn:abc.0")
    [added] = store.add([turn])
    store.delete(Selection(positions=(added.n,)))
    assert store.add([turn])[0].n == 0
    [back] = store.add([replace(turn, key=f"import:{added.id}.0")])
    assert back.fresh
    assert store.count() == 1


def test_a_models_vectors_are_dropped_whole(store: Store, memories: NewMemories, vectors: Vectors) -> None:
    added = store.add(memories(3))
    positions = [one.n for one in added]
    store.put_vectors(MODEL, positions, vectors(3))
    store.put_vectors("other", positions[:1], vectors(1))
    assert store.models() == {MODEL: DIMENSIONS, "other": DIMENSIONS}
    assert store.drop_vectors(MODEL) == 3
    assert store.drop_vectors(MODEL) == 0
    assert store.models() == {"other": DIMENSIONS}
    assert store.vectors_at(MODEL, positions) == {}
    assert list(store.vectors_at("other", positions)) == positions[:1]
    assert [n for n, _ in store.unembedded(MODEL, limit=9)] == positions


def test_events_of_a_span_are_read_whoever_acknowledged_them(store: Store) -> None:
    began = datetime.now(UTC)
    for kind in ("a", "b", "a"):
        store.append_event(kind, {"kind": kind})
    store.ack_events("one", 99)
    ended = datetime.now(UTC) + timedelta(seconds=1)
    assert [event.kind for event in store.events_between(began, ended)] == ["a", "b", "a"]
    assert [event.kind for event in store.events_between(began, ended, kinds=["b"])] == ["b"]
    assert store.events_between(ended, ended + timedelta(days=1)) == []
    assert store.events_between(began - timedelta(days=1), began) == []


def test_old_events_and_ended_jobs_are_pruned_and_open_jobs_stay(store: Store) -> None:
    store.append_event("a", {})
    store.enqueue("sum", {}, key="done")
    store.enqueue("sum", {}, key="open")
    job = store.lease({"sum": 60})
    assert job is not None
    store.finish(job)
    assert store.prune(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert store.prune(datetime.now(UTC) + timedelta(seconds=1)) == 2
    assert store.read_events("one") == []
    assert not store.enqueue("sum", {}, key="open")
    assert store.enqueue("sum", {}, key="done")


def test_a_job_that_failed_is_due_again_at_its_time(store: Store) -> None:
    store.enqueue("sum", {}, key="k")
    job = store.lease({"sum": 60})
    assert job is not None
    store.finish(job, error="later", retry_at=datetime.now(UTC) + timedelta(hours=1))
    assert store.lease({"sum": 60}) is None
    assert not store.enqueue("sum", {}, key="k")
    store.enqueue("sum", {}, key="other")
    job = store.lease({"sum": 60})
    assert job is not None
    store.finish(job, error="now", retry_at=datetime.now(UTC) - timedelta(seconds=1))
    again = store.lease({"sum": 60})
    assert again is not None
    assert (again.id, again.attempts) == (job.id, 2)


def test_a_listener_hears_what_came_before_and_while_it_waits(store: Store) -> None:
    assert not store.listen(0.01)
    store.append_event("a", {})
    assert store.listen(30)
    heard: list[bool] = []
    listening = threading.Thread(target=lambda: heard.append(store.listen(60)))
    listening.start()
    store.enqueue("sum", {}, key="k")
    listening.join(60)
    assert heard == [True]


def test_each_thread_that_listens_hears_each_event(store: Store) -> None:
    heard: list[bool] = []
    ready = threading.Barrier(3)

    def listen() -> None:
        store.listen(0)  # begins to hear
        ready.wait(60)
        heard.append(store.listen(60))

    listening = [threading.Thread(target=listen) for _ in range(2)]
    for thread in listening:
        thread.start()
    ready.wait(60)
    assert store.newest_event() == 0
    assert store.append_event("a", {}) == store.newest_event() == 1
    for thread in listening:
        thread.join(60)
    assert heard == [True, True]


def test_who_listens_on_hears_when_another_stopped_listening(store: Store) -> None:
    heard: list[bool] = []
    short = threading.Thread(target=lambda: store.listen(0.1))
    longer = threading.Thread(target=lambda: heard.append(store.listen(60)))
    store.listen(0)  # begins to hear
    short.start()
    longer.start()
    short.join(60)
    store.append_event("a", {})
    longer.join(60)
    assert heard == [True]


def test_an_advisory_lock_has_one_holder(open_again: OpenStore) -> None:
    one, two = open_again(), open_again()
    with one.exclusive("nightly") as mine:
        assert mine
        with two.exclusive("nightly") as theirs:
            assert not theirs
        with two.exclusive("other") as another:
            assert another
    with two.exclusive("nightly") as theirs:
        assert theirs
