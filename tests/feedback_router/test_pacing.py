"""When a chat may be written to."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.periods import quiet_until
from feedback_router.pacing import (
    BATCH_MOST,
    LONGEST_PAUSE,
    PER_MINUTE,
    Pace,
    after_refusal,
    after_sending,
    batched,
    ready_at,
)

from .asks import NOW

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_quiet_chat_may_be_written_to_at_once() -> None:
    assert ready_at(Pace(), NOW) == NOW


@given(st.lists(st.integers(0, 20), max_size=80))
def test_no_chat_gets_more_than_it_bears(gaps: list[int]) -> None:
    now, pace, sent = NOW, Pace(), []
    for gap in gaps:
        now += timedelta(seconds=gap)
        now = ready_at(pace, now)
        pace = after_sending(pace, now)
        sent.append(now)
    for place, moment in enumerate(sent):
        within = [one for one in sent[: place + 1] if one > moment - timedelta(minutes=1)]
        assert len(within) <= PER_MINUTE
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in itertools.pairwise(sent))


def test_a_429_is_outwaited_and_each_one_in_a_row_waits_longer() -> None:
    pace, pauses = Pace(), []
    for _ in range(12):
        pace = after_refusal(pace, NOW)
        pauses.append(ready_at(pace, NOW) - NOW)
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=2)
    assert pauses[-1] == LONGEST_PAUSE
    told = after_refusal(Pace(), NOW, retry_after_s=37)
    assert ready_at(told, NOW) == NOW + timedelta(seconds=37)
    assert after_sending(pace, NOW).refusals == 0


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-11-20T23:30", "2026-11-21T07:00"),
        ("22:00-07:00", "2026-11-20T02:00", "2026-11-20T07:00"),
        ("22:00-07:00", "2026-11-20T07:00", ""),
        ("22:00-07:00", "2026-11-20T21:59", ""),
        ("22:00-07:00", "2026-11-20T22:00", "2026-11-21T07:00"),
        ("12:30-14:00", "2026-11-20T13:00", "2026-11-20T14:00"),
        ("12:30-14:00", "2026-11-20T14:30", ""),
        ("07:00-07:00", "2026-11-20T07:00", ""),
        ("", "2026-11-20T03:00", ""),
    ],
)
def test_quiet_hours_are_the_persons(hours: str, now: str, until: str) -> None:
    found = quiet_until(hours, datetime.fromisoformat(now).replace(tzinfo=BERLIN))
    assert found == (datetime.fromisoformat(until).replace(tzinfo=BERLIN) if until else None)


def test_the_morning_after_the_clocks_change_is_still_seven() -> None:
    night = datetime(2026, 10, 25, 1, 0, tzinfo=BERLIN)
    until = quiet_until("22:00-07:00", night)
    assert until is not None
    assert (until.hour, until.utcoffset()) == (7, timedelta(hours=1))


def test_more_than_five_go_out_together() -> None:
    assert [batched(waiting) for waiting in (1, 5, 6, 8, 30)] == [1, 1, 6, BATCH_MOST, BATCH_MOST]
