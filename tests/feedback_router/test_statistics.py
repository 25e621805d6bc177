"""Patterns: rates with their Wilson intervals, latencies, groups."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_router.digest import patterns_digest, pending_digest
from feedback_router.machine import Answer, Decided, press
from feedback_router.records import Decision
from feedback_router.statistics import Interval, find_patterns, measure, time_of_day, wilson

from .asks import ANN, NOW, an_ask


def decided(
    choice: str, *, agent: str = "main", category: str = "deploy", minutes: float = 1, at: datetime = NOW
) -> Decision:
    ask = an_ask(agent=agent, category=category, asked_at=at, expires_at=None)
    outcome = press(ask, None, Answer(choice, ANN, "button", at + timedelta(minutes=minutes), text="x"))
    assert isinstance(outcome, Decided)
    return outcome.decision


@pytest.mark.parametrize(
    ("accepted", "judged", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 10, 0.4902, 0.9433), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_is_wilsons(accepted: int, judged: int, low: float, high: float) -> None:
    found = wilson(accepted, judged)
    assert isinstance(found, Interval)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


@given(st.integers(1, 10_000), st.data())
def test_an_interval_holds_its_rate(judged: int, data: st.DataObject) -> None:
    accepted = data.draw(st.integers(0, judged))
    found = wilson(accepted, judged)
    assert found is not None
    assert 0 <= found.low <= accepted / judged <= found.high <= 1


def test_nothing_seen_has_no_rate() -> None:
    assert wilson(0, 0) is None
    nothing = measure("all", [])
    assert (nothing.asks, nothing.acceptance, nothing.interval, nothing.latency) == (0, None, None, None)


def test_what_is_counted() -> None:
    decisions = [decided("approve", minutes=n) for n in range(1, 9)]
    decisions += [decided("reject", minutes=20), decided("edit", minutes=30), decided("skip", minutes=60)]
    found = measure("main", decisions)
    assert found.choices == {"approve": 8, "edit": 1, "reject": 1, "skip": 1}
    assert found.acceptance == 0.8, "a skip says nothing about what was asked"
    assert found.latency is not None
    assert (found.latency.median_s, found.latency.p90_s) == (6 * 60, 30 * 60)


def test_groups_by_agent_category_and_the_owners_time_of_day() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    decisions = [
        decided("approve"),
        decided("reject", category="mail"),
        decided("approve", agent="work", at=NOW + timedelta(hours=7)),
    ]
    found = find_patterns(
        decisions, since=NOW - timedelta(days=1), now=NOW, local=lambda moment: moment.astimezone(tokyo)
    )
    assert [one.name for one in found.agents] == ["main", "work"]
    assert [one.name for one in found.categories] == ["main/deploy", "main/mail", "work/deploy"]
    assert [(one.name, one.asks) for one in found.times_of_day] == [("night", 1), ("evening", 2)]
    text = patterns_digest(found, 1)
    assert text.startswith("Decisions of 1 days: 3 asked, 67% approved")
    assert "• main/mail: 1 asked, 0% approved" in text


@pytest.mark.parametrize(("hour", "name"), [(0, "night"), (6, "morning"), (12, "afternoon"), (23, "evening")])
def test_the_quarters_of_the_day(hour: int, name: str) -> None:
    assert time_of_day(NOW.replace(hour=hour)) == name


def test_a_long_list_is_cut_for_a_chat() -> None:
    asks = [an_ask(title=f"*Question* {number}") for number in range(40)]
    text = pending_digest(asks, 40, lambda moment: moment)
    assert text.splitlines()[0] == "40 questions wait for you"
    assert text.splitlines()[-1] == "… and 28 more"
    assert "*" not in text
    assert pending_digest([], 0, lambda moment: moment) == "Nothing waits for you."
