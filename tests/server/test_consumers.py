"""Events told to skills: in order, again after a kill, by one server at a time; a bad one stops no other."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clawcortex import client
from clawcortex.errors import HostError
from clawcortex.server import consumers
from clawcortex.server.consumers import BATCH, FAILED, TRIES, Consumers
from clawcortex.server.resources import Opened, Residence
from clawcortex.settings import Settings
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Consumer, Skill, consumer
from clawcortex.skills.registry import Registry
from clawcortex.store.base import Store
from clawcortex.store.records import Event
from tests.postgres import QUICK, Server, started

Spawn = Callable[..., subprocess.Popen[bytes]]
Hear = Callable[[subprocess.Popen[bytes]], dict[str, Any]]


class House:
    """An open store with consumers and a clock that the test moves."""

    def __init__(self, residence: Residence) -> None:
        self.residence = residence
        self.now = datetime(2026, 11, 20, tzinfo=UTC)
        self.outcomes: list[str] = []
        self.store: Store = residence.opened().resources.store

    def having(self, *given: Consumer) -> Opened:
        """Let one skill have these consumers."""
        skill = Skill("probe", "Probe", "Listens.", "1.0.0", operations=(), consumers=given)
        resources = replace(self.residence.opened().resources, clock=lambda: self.now)
        self.residence._opened = Opened(resources, Registry({"probe": skill}))
        return self.residence._opened

    def server(self) -> Consumers:
        """Return the consumers of a server that has just started."""
        return Consumers(
            self.residence, count=lambda name, what: self.outcomes.append(what), failed=lambda: None
        )

    def tell_all(self, server: Consumers, opened: Opened) -> None:
        """Tell everything, pauses included."""
        while server.tell(opened) or self.store.read_events("probe.listener", kinds=("said",), limit=1):
            self.now += timedelta(hours=1)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """One PostgreSQL for all tests of this module."""
    yield from started(QUICK)


@pytest.fixture(params=["sqlite", "postgresql"])
def listening(house: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """A house on each backend in turn."""
    with ExitStack() as held:
        given = {}
        if request.param == "postgresql":
            given["store_url"] = held.enter_context(request.getfixturevalue("postgres").memory())
        settings = Settings(embedding_backend="hash", **given)
        residence = Residence(settings, wake=lambda: None, drain=lambda: None)
        residence._open()
        held.callback(residence.close)
        yield House(residence)


def recording(seen: list[Any], name: str = "listener") -> Consumer:
    """Return a consumer that keeps the numbers it is told, and fails on text."""

    @consumer(name, kinds=("said",))
    def listen(context: Context, event: Event) -> None:
        seen.append(event.payload["i"])
        if isinstance(event.payload["i"], str):
            raise HostError("the gateway is down")

    return listen


def test_events_are_told_once_in_order_from_the_oldest(listening: House) -> None:
    seen: list[int] = []
    count = 3 * BATCH
    for i in range(count):
        listening.store.append_event("said", {"i": i})
        listening.store.append_event("other", {})
    opened, server = listening.having(recording(seen)), listening.server()
    while server.tell(opened):
        pass
    assert seen == list(range(count))
    assert listening.store.read_events("probe.listener", kinds=("said",)) == []
    listening.store.append_event("said", {"i": count})
    again = listening.server()
    while again.tell(opened):
        pass
    assert seen == list(range(count + 1))
    assert listening.outcomes == ["done"] * (count + 1)


@pytest.mark.parametrize("before", [1, BATCH + 2])  # told one by one, and in batches
def test_a_failing_event_is_tried_kept_and_passed_over_while_others_go_on(
    listening: House, before: int
) -> None:
    seen: list[Any] = []
    beside: list[int] = []

    @consumer("beside", kinds=("said",))
    def listen(context: Context, event: Event) -> None:
        beside.append(event.seq)

    for given in [*range(before), "bad", before]:
        listening.store.append_event("said", {"i": given})
    opened, server = listening.having(recording(seen), listen), listening.server()
    while server.tell(opened):
        pass
    assert seen == [*range(before), "bad"], "the rest waits for the pause"
    assert len(beside) == before + 2, "another consumer does not"
    assert not server.tell(opened)
    listening.tell_all(server, opened)
    assert seen == [*range(before), *["bad"] * TRIES, before]
    [(key, kept)] = listening.store.list_records(FAILED).items()
    assert key == f"probe.listener.{before + 1:012}"
    assert (kept["kind"], kept["payload"], kept["error"]) == ("said", {"i": "bad"}, "the gateway is down")
    assert listening.outcomes.count("retried") == TRIES - 1
    assert listening.outcomes.count("given up") == 1


def test_an_event_that_ends_the_process_each_time_is_given_up(listening: House) -> None:
    seen: list[int] = []

    class KilledError(BaseException):
        """Stands for SIGKILL: no code of ours runs after it."""

    @consumer("listener", kinds=("said",))
    def listen(context: Context, event: Event) -> None:
        seen.append(event.seq)
        if event.payload["i"] == 1:
            raise KilledError

    for i in range(3):
        listening.store.append_event("said", {"i": i})
    opened = listening.having(listen)
    for _ in range(TRIES):
        with pytest.raises(KilledError):
            listening.tell_all(listening.server(), opened)
    listening.tell_all(listening.server(), opened)
    assert seen == [1, *[2] * TRIES, 3]
    assert list(listening.store.list_records(FAILED)) == ["probe.listener.000000000002"]


def test_of_two_servers_one_tells_a_consumer_its_events(listening: House) -> None:
    seen: list[int] = []
    other: list[bool] = []

    @consumer("listener", kinds=("said",))
    def listen(context: Context, event: Event) -> None:
        seen.append(event.seq)
        other.append(listening.server().tell(opened))

    listening.store.append_event("said", {})
    opened = listening.having(listen)
    assert listening.server().tell(opened)
    assert (seen, other) == ([1], [False])


def test_events_of_other_kinds_are_not_read_over_and_over(
    listening: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "SKIPPED", 10)
    opened, server = listening.having(recording([])), listening.server()
    for _ in range(9):
        listening.store.append_event("other", {})
    assert not server.tell(opened)
    assert len(listening.store.read_events("probe.listener")) == 9
    listening.store.append_event("other", {})
    assert not server.tell(opened)
    assert listening.store.read_events("probe.listener") == []


def test_the_thread_hears_an_event_beside_another_listener(listening: House) -> None:
    told = threading.Event()

    @consumer("listener", kinds=("said",))
    def listen(context: Context, event: Event) -> None:
        told.set()

    listening.having(listen)
    server = listening.server()
    listening.store.listen(0)  # begins to hear
    server.start()
    heard: list[bool] = []
    beside = threading.Thread(target=lambda: heard.append(listening.store.listen(60)))
    beside.start()
    listening.store.append_event("said", {})
    assert told.wait(60)
    beside.join(60)
    assert heard == [True]
    assert server.stop(60)


def test_a_real_server_tells_what_is_said_and_counts_it(server: int, fifo: Path) -> None:
    for text in ("one", str(fifo)):
        client.call("/v1/probe/tell", {"text": text})
    assert fifo.read_bytes() == b"heard"
    while client.call("/v1/probe/heard", {})["count"] < 2:
        pass
    assert client.call("/v1/probe/heard", {})["texts"] == ["one", str(fifo)]
    with client.Connection() as connection:
        _, body = connection.request("/metrics")
    assert b'clawcortex_consumed_events_total{consumer="probe.listener",outcome="done"}' in body
    assert b"clawcortex_given_up_events 0.0" in body


def test_after_sigkill_the_next_server_tells_the_event_again(spawn: Spawn, hear: Hear, fifo: Path) -> None:
    first = spawn()
    hear(first)
    client.call("/v1/probe/tell", {"text": "before"})
    client.call("/v1/probe/tell", {"text": str(fifo)})  # the consumer waits here for a reader
    client.call("/v1/probe/tell", {"text": "after"})
    while client.call("/v1/probe/heard", {})["count"] < 1:
        pass
    first.kill()
    first.wait()
    hear(spawn())
    assert fifo.read_bytes() == b"heard"
    while client.call("/v1/probe/heard", {})["count"] < 3:
        pass
    assert client.call("/v1/probe/heard", {})["texts"] == ["before", str(fifo), "after"]


def test_a_bad_event_does_not_keep_the_server_from_ending(server: int) -> None:
    client.call("/v1/probe/tell", {"text": "boom"})
    client.call("/v1/probe/tell", {"text": "later"})
    assert client.call("/v1/probe/heard", {})["texts"] == []
