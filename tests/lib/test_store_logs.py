"""Records, events, jobs, audit: durable, in order, for exactly one taker."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clawcortex.errors import ConflictError, InputError
from clawcortex.store.base import Store

from .conftest import BASE, OpenStore


def test_records_are_put_read_listed_and_replaced(store: Store) -> None:
    value = {"text": "é😀", "list": [1, 2.5, None, True], "deep": {"x": "y"}}
    store.put_record("flags", "a", value)
    store.put_record("flags", "b", {})
    store.put_record("other", "a", {"x": 1})
    assert store.get_record("flags", "a") == value
    store.put_record("flags", "a", {"new": 1})
    assert store.list_records("flags") == {"a": {"new": 1}, "b": {}}
    assert store.get_record("flags", "none") is None
    assert store.list_records("none") == {}


def test_a_record_is_taken_once(store: Store) -> None:
    store.put_record("flags", "a", {"x": 1})
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: store.take_record("flags", "a"), range(8)))
    assert sorted(taken, key=bool) == [None] * 7 + [{"x": 1}]
    assert store.get_record("flags", "a") is None


@pytest.mark.parametrize("value", [{"x": math.nan}, {"x": object()}, {"x": b"bytes"}])
def test_what_json_cannot_say_is_refused(store: Store, value: dict[str, object]) -> None:
    with pytest.raises(InputError):
        store.put_record("flags", "a", value)
    with pytest.raises(InputError):
        store.append_event("kind", value)


def test_a_lone_surrogate_is_refused(store: Store) -> None:
    with pytest.raises(InputError):
        store.put_record("flags", "a", {"x": "\ud800"})
    assert store.get_record("flags", "a") is None


def test_each_consumer_reads_on_from_where_it_is(open_again: OpenStore) -> None:
    store = open_again()
    seqs = [store.append_event(kind, {"i": i}) for i, kind in enumerate(["a", "b", "a", "c"])]
    assert seqs == sorted(set(seqs))
    assert [event.kind for event in store.read_events("one")] == ["a", "b", "a", "c"]
    assert [event.payload for event in store.read_events("one", kinds=["a"])] == [{"i": 0}, {"i": 2}]
    assert [event.seq for event in store.read_events("one", kinds=["a", "c"], limit=2)] == [seqs[0], seqs[2]]
    store.ack_events("one", seqs[2])
    store.ack_events("one", seqs[0])  # late and older: does not go back
    store.close()
    again = open_again()
    assert [event.seq for event in again.read_events("one")] == [seqs[3]]
    assert len(again.read_events("two")) == 4
    assert again.read_events("two")[0].at.tzinfo == UTC


def test_a_job_is_queued_once_and_leased_once(store: Store) -> None:
    assert store.enqueue("sum", {"hour": 1}, key="sum:1")
    assert not store.enqueue("sum", {"hour": 2}, key="sum:1")
    with ThreadPoolExecutor(8) as threads:
        leased = [job for job in threads.map(lambda _: store.lease({"sum": 60}), range(8)) if job]
    assert [(job.kind, job.payload, job.attempts) for job in leased] == [("sum", {"hour": 1}, 1)]
    store.finish(leased[0])
    assert not store.enqueue("sum", {}, key="sum:1")
    assert store.lease({"sum": 60}) is None


def test_a_lease_that_runs_out_makes_the_job_due_again(store: Store) -> None:
    store.enqueue("sum", {}, key="k")
    first = store.lease({"sum": 0})
    second = store.lease({"sum": 60})
    assert first is not None
    assert second is not None
    assert (first.id, second.attempts) == (second.id, 2)
    assert store.lease({"sum": 60}) is None


def test_who_lost_the_lease_ends_nothing_for_who_has_it(store: Store) -> None:
    store.enqueue("sum", {}, key="k")
    first, second = store.lease({"sum": 0}), store.lease({"sum": 0})
    assert first is not None
    assert second is not None
    endings: list[dict[str, Any]] = [{}, {"error": "it broke"}, {"error": "later", "retry_at": BASE}]
    for late in endings:
        with pytest.raises(ConflictError, match="try 1"):
            store.finish(first, **late)
    store.finish(second)  # its time ran out, too, but nobody took the job meanwhile
    with pytest.raises(ConflictError, match="try 2"):
        store.finish(second, error="too late")
    assert not store.enqueue("sum", {}, key="k"), "it is done, neither failed nor queued"


def test_a_lease_that_is_renewed_does_not_run_out(store: Store) -> None:
    store.enqueue("sum", {}, key="k")
    first = store.lease({"sum": 0})
    assert first is not None
    store.extend(first, 600)
    assert store.lease({"sum": 60}) is None
    store.extend(first, 0)
    assert store.lease({"sum": 60}) is not None
    with pytest.raises(ConflictError, match="try 1"):
        store.extend(first, 600)


def test_each_kind_is_leased_for_its_own_time(store: Store) -> None:
    store.enqueue("short", {}, key="s")
    store.enqueue("long", {}, key="l")
    leases = {"short": 0, "long": 600}
    leased = [job.kind for _ in range(4) if (job := store.lease(leases))]
    assert sorted(leased) == ["long", "short", "short", "short"]


def test_a_failed_job_may_be_queued_again(store: Store) -> None:
    store.enqueue("sum", {"try": 1}, key="k")
    job = store.lease({"sum": 60})
    assert job is not None
    store.finish(job, error="it broke")
    assert store.enqueue("sum", {"try": 2}, key="k")
    again = store.lease({"sum": 60})
    assert again is not None
    assert (again.payload, again.attempts) == ({"try": 2}, 1)
    with pytest.raises(ConflictError):
        store.finish(job)


def test_jobs_wait_for_their_time_and_their_kind(store: Store) -> None:
    now = datetime.now(UTC)
    store.enqueue("later", {}, key="l", run_at=now + timedelta(hours=1))
    store.enqueue("sum", {"i": 2}, key="2", run_at=now - timedelta(hours=1))
    store.enqueue("sum", {"i": 1}, key="1", run_at=now - timedelta(hours=2))
    assert store.lease({"other": 60}) is None
    leased = [store.lease({"sum": 60, "later": 60}) for _ in range(3)]
    assert [job.payload["i"] if job else None for job in leased] == [1, 2, None]
    with pytest.raises(InputError):
        store.enqueue("sum", {}, key="")


def test_the_audit_trail_is_kept_in_order(store: Store) -> None:
    for i in range(3):
        store.audit("owner", "forget", f"id-{i}", {"count": i})
    rows = store.audited(limit=2)
    assert [(row.actor, row.operation, row.subject, row.details) for row in rows] == [
        ("owner", "forget", "id-1", {"count": 1}),
        ("owner", "forget", "id-2", {"count": 2}),
    ]


def test_a_trail_is_sealed_line_by_line_for_all_who_write_it(store: Store, open_again: OpenStore) -> None:
    others = [store, open_again(), open_again()]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda i: others[i % 3].audit("owner", "forget", f"id-{i}", {}), range(30)))
    rows = store.audited()
    assert [row.seq for row in rows] == list(range(1, 31))
    assert len({row.digest for row in rows}) == 30
    assert store.check() == []


def test_the_log_of_changes_tells_each_generation(store: Store) -> None:
    assert store.generation == 0
    assert store.changes(0) == []
    assert store.changes(1) is None
    store.append_event("kind", {})
    store.put_record("a", "b", {})
    assert store.generation == 0
