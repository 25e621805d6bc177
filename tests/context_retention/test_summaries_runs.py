"""Runs: late, twice, after a gap, with the clock set back, over rows that cannot be read."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from clawcortex import paths
from clawcortex.errors import BusyError, NotFoundError
from clawcortex.skills.context import Resources
from clawcortex.store.records import NewMemory, Provenance
from clawcortex.testing import FakeHost
from context_retention.summaries.gathering import still_held
from context_retention.summaries.operation import SCHEDULES, summaries
from context_retention.summaries.shapes import SummariesInput

from .conftest import Asking
from .summing import FRIDAY, Days

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TALK = [
    "We decided to use PostgreSQL for Falcon.",
    "I will draft the schema of Falcon by Thursday.",
    "The review of Falcon is on Monday, please remind me.",
]


@pytest.fixture
def days(asking: Asking, tmp_path: Path) -> Days:
    return Days(asking, tmp_path / "ws")


def test_an_empty_hour_leaves_nothing(days: Days) -> None:
    assert days.run(FRIDAY + HOUR).made == []
    days.say(FRIDAY, "Only here was something said.")
    days.run(FRIDAY + 5 * HOUR)
    assert days.text("hourly/2026-11-20.md").count("\n## ") == 1


def test_an_hour_with_one_turn(days: Days) -> None:
    turn = days.say(FRIDAY, "My dentist is Dr. Weber in Leipzig.")
    answer = days.run(FRIDAY + HOUR)
    assert [(one.start, one.turns) for one in answer.made] == [("2026-11-20T08:00Z", 1)]
    text = days.text("hourly/2026-11-20.md")
    assert "1 turn: Ann 1." in text
    assert f"- “My dentist is Dr. Weber in Leipzig.” Ann, 09:00 <!-- {turn} -->" in text


def test_an_hour_is_made_only_once_it_is_over(days: Days) -> None:
    days.talk(FRIDAY, TALK)
    assert days.run(FRIDAY + 59 * MINUTE).made == []
    assert days.run(FRIDAY + 30 * HOUR - 15 * MINUTE, "week").made[-1].period == "day"
    assert (days.workspace / "memory" / "daily" / "2026-11-20.md").exists()
    assert not (days.workspace / "memory" / "weekly").exists()


def test_running_twice_changes_no_byte(days: Days) -> None:
    days.talk(FRIDAY, TALK)
    days.run(FRIDAY + 10 * DAY, "week")
    before = days.files()
    assert len(before) == 3
    again = days.run(FRIDAY + 11 * DAY, "week", since=FRIDAY - DAY)
    assert (again.made, again.files, again.unchanged) == ([], [], 3)
    assert days.files() == before


def test_a_gap_of_three_days_gives_what_every_hour_gives(days: Days, asking: Asking, tmp_path: Path) -> None:
    for hour in (0, 1, 5, 26, 27, 50, 80):
        days.talk(FRIDAY + hour * HOUR, [f"{text} In round {hour}." for text in TALK])
    late = FRIDAY + 5 * DAY
    days.run(late, "week")
    once = days.files()
    store = days.at(late).store
    for collection in ("summaries", "summaries.progress"):
        for key in store.list_records(collection):
            store.take_record(collection, key)
    hourly = Days(asking, tmp_path / "hourly")
    now = FRIDAY
    while now <= late:
        hourly.run(now)
        local = hourly.at(now).local(now)
        if local.hour == 0:
            hourly.run(now + 15 * MINUTE, "day")
            hourly.run(now + 35 * MINUTE, "week")
        now += HOUR
    assert hourly.files() == once
    assert len(once) == 9


def test_turns_that_come_late_are_taken_in(days: Days) -> None:
    days.talk(FRIDAY, TALK)
    days.run(FRIDAY + DAY, "day")
    days.say(FRIDAY + 30 * MINUTE, "We agreed on the blue logo.")
    answer = days.run(FRIDAY + DAY + HOUR, "day")
    assert [one.period for one in answer.made] == ["hour", "day"]
    assert "blue logo" in days.text("hourly/2026-11-20.md")
    assert "blue logo" in days.text("daily/2026-11-20.md")


def test_a_run_from_a_named_beginning_leaves_what_lies_before_it_to_the_next(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    days.say(FRIDAY + 9 * DAY, "We agreed on the red door.")
    assert len(days.run(FRIDAY + 10 * DAY, since=FRIDAY + 8 * DAY).made) == 1
    assert len(days.run(FRIDAY + 10 * DAY).made) == 1
    assert "blue logo" in days.text("hourly/2026-11-20.md")


def test_a_turn_of_an_emptied_store_is_not_there(days: Days) -> None:
    assert list(still_held(days.at(FRIDAY), np.array([1, 2]))) == []


def test_a_clock_set_back_makes_no_future_and_loses_nothing(days: Days) -> None:
    days.talk(FRIDAY, TALK)
    days.talk(FRIDAY + 6 * HOUR, TALK)
    days.run(FRIDAY + 8 * HOUR)
    before = days.files()
    assert days.run(FRIDAY - 100 * DAY, "week").made == []
    assert days.run(FRIDAY + 30 * MINUTE).made == []
    assert days.files() == before
    days.say(FRIDAY + 6 * HOUR + 50 * MINUTE, "We chose the green door.")  # the clock is back in that hour
    assert days.run(FRIDAY + 6 * HOUR + 55 * MINUTE).made == []
    assert [one.start for one in days.run(FRIDAY + 7 * HOUR).made] == ["2026-11-20T14:00Z"]
    assert "green door" in days.text("hourly/2026-11-20.md")


def test_the_repeated_hour_of_autumn_is_two_parts(days: Days) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    days.say(first, "This was said at half past two, in summer time.")
    days.say(first + HOUR, "This was said at half past two, in winter time.")
    days.run(first + DAY, "day")
    text = days.text("hourly/2026-10-25.md")
    assert text.index("## 02:00 (UTC+02:00)") < text.index("summer time") < text.index("## 02:00 (UTC+01:00)")
    assert text.index("## 02:00 (UTC+01:00)") < text.index("winter time")
    assert "](../hourly/2026-10-25.md#0200-utc0100)" in days.text("daily/2026-10-25.md")


def test_the_missing_hour_of_spring_is_nowhere(days: Days) -> None:
    for minutes in (30, 90):
        days.say(datetime(2026, 3, 29, 0, 0, tzinfo=UTC) + minutes * MINUTE, f"It is {minutes} minutes past.")
    days.run(datetime(2026, 3, 30, 12, 0, tzinfo=UTC), "day")
    text = days.text("hourly/2026-03-29.md")
    assert "## 01:00" in text
    assert "## 03:00" in text
    assert "## 02:00" not in text


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("text", b"\xff\xfe broken", "no text"),
        ("text", "a bell \x07 rings", "control characters"),
        ("text", "   ", "empty"),
        ("provenance", "nobody", "cannot be read"),
        ("turn", "not-an-id", "no ULID"),
    ],
)
def test_a_malformed_turn_is_named_and_the_others_summed_up(
    days: Days, column: str, value: object, reason: str
) -> None:
    days.talk(FRIDAY, TALK)
    with sqlite3.connect(paths.database_path()) as database:
        database.execute(f"UPDATE memories SET {column} = ? WHERE n = 2", (value,))
    answer = days.run(FRIDAY + HOUR)
    assert [(one.position, one.agent, one.start) for one in answer.skipped] == [
        (2, "main", "2026-11-20T08:00Z")
    ]
    assert reason in answer.skipped[0].reason
    assert answer.made[0].turns == 2
    assert "1 turn could not be read, at 2." in days.text("hourly/2026-11-20.md")


def test_text_that_is_not_unicode_is_named(days: Days) -> None:
    days.talk(FRIDAY, TALK)
    with sqlite3.connect(paths.database_path()) as database:
        database.execute("UPDATE memories SET text = CAST(x'48ff4848' AS TEXT) WHERE n = 3")
    assert [one.position for one in days.run(FRIDAY + HOUR).skipped] == [3]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_fifty_thousand_turns_in_one_hour(days: Days, resources: Resources) -> None:
    told = [
        NewMemory(
            text=f"We decided on plan {n} of Falcon with Priya, I will send part {n % 977} by Friday.",
            key=f"many-{n}",
            created_at=FRIDAY + timedelta(milliseconds=70 * n),
            speaker=f"Person {n % 50}",
            provenance=Provenance.OWNER,
        )
        for n in range(50_000)
    ]
    for first in range(0, len(told), 5_000):
        resources.store.add(told[first : first + 5_000])
    answer = days.run(FRIDAY + HOUR)
    assert [one.turns for one in answer.made] == [50_000]
    assert len(days.hour(FRIDAY).model_dump_json()) < 40_000


def test_only_one_run_at_a_time(days: Days) -> None:
    days.talk(FRIDAY, TALK)
    with days.at(FRIDAY).store.exclusive("summaries") as held:
        assert held
        with pytest.raises(BusyError, match="another call"):
            days.run(FRIDAY + HOUR)


def test_an_unknown_agent_is_refused_with_those_there_are(days: Days) -> None:
    with pytest.raises(NotFoundError) as refused:
        days.run(FRIDAY, agent="mian")
    assert "main" in refused.value.hint


def test_an_agent_without_a_workspace_keeps_its_summaries_in_the_store(
    asking: Asking, tmp_path: Path
) -> None:
    days = Days(asking, tmp_path / "ws", host=FakeHost())
    days.talk(FRIDAY, TALK)
    answer = days.run(FRIDAY + HOUR)
    assert answer.warnings == ["main has no workspace: its summaries stay in the store"]
    shown = summaries(days.at(FRIDAY), SummariesInput(period="hour")).summaries
    assert [(one.start, one.turns) for one in shown] == [("2026-11-20T08:00Z", 3)]
    assert "## 09:00" in shown[0].markdown


def test_jobs_run_when_their_periods_are_over() -> None:
    assert [(one.cron, one.arguments) for one in SCHEDULES] == [
        ("0 8-22 * * *", {"period": "hour"}),
        ("15 0 * * *", {"period": "day"}),
        ("35 0 * * 1", {"period": "week"}),
    ]
