"""Queued work in the server: leased once, tried again, given up with its reason; chores after embedding."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clawcortex.errors import HostError
from clawcortex.server.looping import Loop
from clawcortex.server.resources import Opened, Residence
from clawcortex.server.spool import Spool
from clawcortex.server.tasks import TRIES, run_one
from clawcortex.server.worker import Worker
from clawcortex.settings import Settings
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Chore, Skill, chore, task
from clawcortex.skills.registry import Registry
from clawcortex.store.records import Job
from clawcortex.testing import FrozenClock

Make = Callable[..., Opened]


@pytest.fixture
def residence(house: Path) -> Iterator[Residence]:
    made = Residence(Settings(embedding_backend="hash"), wake=lambda: None, drain=lambda: None)
    made._open()
    yield made
    made.close()


def having(
    residence: Residence,
    *,
    run: Any = None,
    chores: tuple[Chore, ...] = (),
    lease_s: float = 60,
    **given: Any,
) -> Opened:
    """Give the residence one skill with one task and these chores."""
    tasks = () if run is None else (task("count", lease_s=lease_s)(run),)
    skill = Skill("probe", "Probe", "Counts.", "1.0.0", operations=(), tasks=tasks, chores=chores)
    opened = residence.opened()
    made = Opened(replace(opened.resources, **given), Registry({"probe": skill}))
    residence._opened = made
    return made


def test_a_job_is_run_once_with_its_payload(residence: Residence) -> None:
    seen: list[tuple[str, Mapping[str, Any]]] = []

    def run(context: Context, payload: Mapping[str, Any]) -> None:
        seen.append((context.caller.actor, payload))

    opened = having(residence, run=run)
    opened.resources.store.enqueue("count", {"to": 3}, key="count:3")
    opened.resources.store.enqueue("unknown", {}, key="unknown")
    assert run_one(opened)
    assert not run_one(opened)
    assert seen == [("probe:count", {"to": 3})]


def test_a_failing_job_is_tried_again_and_given_up_with_its_reason(residence: Residence) -> None:
    tries: list[int] = []

    def run(context: Context, payload: Mapping[str, Any]) -> None:
        tries.append(1)
        raise HostError("the gateway is down")

    clock = FrozenClock()
    opened = having(residence, run=run, clock=lambda: clock() - timedelta(days=400))  # a retry is due at once
    store = opened.resources.store
    store.enqueue("count", {}, key="k")
    while run_one(opened):
        pass
    assert len(tries) == TRIES
    assert store.enqueue("count", {}, key="k"), "a job that was given up may be queued anew"


def test_a_job_that_ends_the_process_each_time_is_given_up(residence: Residence) -> None:
    tries: list[int] = []
    opened = having(residence, run=lambda *_: tries.append(1))
    store = opened.resources.store
    store.enqueue("count", {}, key="k")
    for _ in range(TRIES):  # as a process does that is killed: its lease runs out
        assert store.lease({"count": -1}) is not None
    assert run_one(opened)
    assert tries == []
    assert not run_one(opened)
    assert store.enqueue("count", {}, key="k"), "a job that was given up may be queued anew"
    assert run_one(opened)
    assert tries == [1]


def test_a_job_that_outlived_its_lease_is_left_to_who_has_it_now(residence: Residence) -> None:
    taken: list[Job | None] = []
    store = residence.opened().resources.store
    opened = having(residence, lease_s=0, run=lambda *_: taken.append(store.lease({"count": 60})))
    store.enqueue("count", {}, key="k")
    assert run_one(opened)
    assert not run_one(opened), "the other has it"
    assert taken[0] is not None
    store.finish(taken[0])


def test_a_slow_job_keeps_its_lease_and_the_others_do_not_wait_for_it(residence: Residence) -> None:
    began, renewed, ended = threading.Event(), threading.Event(), threading.Event()

    def crawl(context: Context, payload: Mapping[str, Any]) -> None:
        began.set()
        renewed.wait(60)

    def count(context: Context, payload: Mapping[str, Any]) -> None:
        ended.set()

    opened = having(residence)
    tasks = (task("crawl", lease_s=0.03, slow=True)(crawl), task("count")(count))
    skill = Skill("probe", "Probe", "Counts.", "1.0.0", operations=(), tasks=tasks)
    opened = Opened(opened.resources, Registry({"probe": skill}))
    residence._opened = opened
    store = opened.resources.store
    kept, extend = [], store.extend

    def extended(job: Job, seconds: float) -> None:
        extend(job, seconds)
        kept.append(job.kind)
        if len(kept) == 3:
            renewed.set()

    store.extend = extended  # type: ignore[method-assign]
    slow = Loop("slow tasks", residence, partial(run_one, slow=True), failed=lambda: None)
    slow.start()
    store.enqueue("crawl", {}, key="a")
    assert began.wait(60)
    store.enqueue("count", {}, key="b")
    assert run_one(opened), "the quick one is run here"
    assert ended.is_set()
    assert renewed.wait(60)
    assert slow.stop(60)
    assert set(kept) == {"crawl"}


def test_the_thread_hears_a_new_job_and_outlives_a_fault(residence: Residence) -> None:
    done = threading.Event()

    def run(context: Context, payload: Mapping[str, Any]) -> None:
        if payload["i"] == 0:
            raise ZeroDivisionError("a bug")
        done.set()

    opened = having(residence, run=run)
    tasks = Loop("tasks", residence, run_one, failed=lambda: None)
    tasks.start()
    opened.resources.store.enqueue("count", {"i": 0}, key="0")
    opened.resources.store.enqueue("count", {"i": 1}, key="1")
    assert done.wait(60)
    assert tasks.stop(60)


def test_chores_run_until_nothing_is_left_and_one_that_fails_stops_no_other(residence: Residence) -> None:
    left, failures = [3], []

    @chore("broken")
    def broken(context: Context) -> bool:
        raise ZeroDivisionError("a bug")

    @chore("count")
    def count(context: Context) -> bool:
        left[0] -= 1
        return left[0] > 0

    opened = having(residence, chores=(broken, count))
    worker = Worker(residence, Spool(lambda *_: None), failed=lambda: failures.append(1))
    worker._round(opened)
    assert left == [0]
    assert failures == [1]


def test_a_chore_with_much_to_do_gives_way_to_what_is_new(residence: Residence) -> None:
    pieces: list[int] = []
    worker = Worker(residence, Spool(lambda *_: None), failed=lambda: None)

    @chore("endless")
    def endless(context: Context) -> bool:
        pieces.append(1)
        if len(pieces) == 3:
            worker.wake()  # a turn was captured
        return True

    opened = having(residence, chores=(endless,))
    worker._round(opened)
    assert len(pieces) == 3
    worker._round(opened)
    assert len(pieces) == 4, "one piece a round, however much is new"
