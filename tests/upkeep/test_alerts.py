"""What goes wrong is told once, and once more when it is well again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex import paths
from clawcortex.errors import HostError
from clawcortex.server.watching import QUICK_S, WHOLE_S, Watch
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.testing import FakeHost
from clawcortex.upkeep import alerts, doctor
from clawcortex.upkeep.doctor import Check

FULL = Check("disk", passed=False, found="3 MB free", next_step="Free some space.")
ROOM = Check("disk", passed=True, found="900 MB free")


@pytest.fixture
def resources() -> Iterator[Any]:
    paths.private_folder(paths.state_dir())
    settings = Settings(owners=("telegram:111", "slack:U1"))
    with closing(open_store(settings)) as store:
        yield SimpleNamespace(store=store, settings=settings, host=FakeHost())


def told(resources: Any) -> list[tuple[str, str, str]]:
    return [(one.sent.channel, one.sent.target, one.text) for one in resources.host.told]


def test_the_second_failure_is_told_once_and_so_is_the_recovery(resources: Any) -> None:
    assert [alerts.note(resources, [check]) for check in (ROOM, FULL)] == [[], []]
    text = "clawcortex\n\n⚠️ disk: 3 MB free\nFree some space."
    for _ in range(4):
        alerts.note(resources, [FULL])
    assert told(resources) == [("telegram", "111", text), ("slack", "U1", text)]
    alerts.note(resources, [ROOM])
    alerts.note(resources, [ROOM])
    assert told(resources)[2:] == [
        (channel, person, "clawcortex\n\n✅ disk is well again: 900 MB free")
        for channel, person in (("telegram", "111"), ("slack", "U1"))
    ]


def test_one_failure_that_goes_by_is_nobodys_business(resources: Any) -> None:
    for check in (FULL, ROOM, FULL, ROOM):
        alerts.note(resources, [check])
    assert told(resources) == []


def test_of_two_servers_one_tells(resources: Any) -> None:
    with closing(open_store(resources.settings)) as other:
        second: Any = SimpleNamespace(store=other, settings=resources.settings, host=FakeHost())
        for who in (resources, second, resources, second):
            alerts.note(who, [FULL])
        assert len(told(resources)) + len(told(second)) == 2


def test_an_owner_that_cannot_be_reached_keeps_nobody_from_being_told(
    resources: Any, caplog: pytest.LogCaptureFixture
) -> None:
    resources.host.refusals.append(HostError("the gateway is down"))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            alerts.note(resources, [FULL])
    assert [channel for channel, _, _ in told(resources)] == ["slack"]
    assert "the owner telegram:111 could not be told" in caplog.text


@given(st.lists(st.booleans(), max_size=30))
def test_alerts_and_recoveries_take_turns(passes: list[bool]) -> None:
    state: dict[str, object] = {}
    lines = []
    for passed in passes:
        state, new = alerts.compared(state, [ROOM if passed else FULL])
        lines += [line[0] for line in new]
    assert lines == (["⚠", "✅"] * len(passes))[: len(lines)]


def test_rounds_are_quick_ones_and_now_and_then_a_whole_one(
    resources: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, looked = [0.0], list[Any]()

    def examine(looks: Any) -> list[Check]:
        looked.extend(looks)
        return []

    monkeypatch.setattr(doctor, "examine", examine)
    watch = Watch(lambda: now[0])
    opened: Any = SimpleNamespace(resources=resources)
    for now[0] in (1.0, QUICK_S, QUICK_S + 1, 2 * QUICK_S, WHOLE_S, WHOLE_S + QUICK_S):
        assert watch.step(opened) is False
    assert looked == [*doctor.QUICK, *doctor.QUICK, *doctor.LOOKS, *doctor.QUICK]
    assert set(watch.found) == {one.__name__ for one in doctor.LOOKS}
