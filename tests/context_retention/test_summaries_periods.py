"""Hours, days and weeks on a person's clock, also when it is set forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.periods import Local, Period, day_of, days_in, hour_of, hours_in, week_of

ZONES = ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana", "Pacific/Apia", "UTC"]


def clock(zone: str) -> Local:
    return lambda moment: moment.astimezone(ZoneInfo(zone))


def labels(zone: str, day: date) -> list[str]:
    return [hour.label for hour in hours_in(day_of(day, clock(zone)), clock(zone))]


def test_an_hour_is_what_the_clock_shows() -> None:
    found = hour_of(datetime(2026, 11, 20, 8, 59, 59, 999_999, tzinfo=UTC), clock("Europe/Berlin"))
    assert (found.key, found.label, found.file) == ("2026-11-20T08:00Z", "09:00", "2026-11-20")
    assert found.ends - found.begins == timedelta(hours=1)


def test_in_spring_the_missing_hour_does_not_exist() -> None:
    found = labels("Europe/Berlin", date(2026, 3, 29))
    assert len(found) == 23
    assert found[:4] == ["00:00", "01:00", "03:00", "04:00"]


def test_in_autumn_the_repeated_hour_is_two() -> None:
    found = labels("Europe/Berlin", date(2026, 10, 25))
    assert len(found) == 25
    assert found[1:5] == ["01:00", "02:00 (UTC+02:00)", "02:00 (UTC+01:00)", "03:00"]


def test_a_clock_set_by_half_an_hour() -> None:
    assert labels("Australia/Lord_Howe", date(2026, 10, 4))[1:4] == ["01:00", "02:30", "03:00"]
    twice = labels("Australia/Lord_Howe", date(2026, 4, 5))
    assert twice[1:4] == ["01:00 (UTC+11:00)", "01:30 (UTC+10:30)", "02:00"]


def test_a_year_begins_in_its_iso_week() -> None:
    week = week_of(date(2027, 1, 1), clock("Europe/Berlin"))
    assert week.key == "2026-W53"
    assert [day.key for day in days_in(week, clock("Europe/Berlin"))][:5:4] == ["2026-12-28", "2027-01-01"]
    assert week.ends == datetime(2027, 1, 3, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
@given(moment=st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_moment_lies_in_one_hour_and_hours_touch(zone: str, moment: datetime) -> None:
    local = clock(zone)
    hour = hour_of(moment, local)
    assert hour.begins <= moment < hour.ends
    assert hour_of(hour.begins, local) == hour
    assert hour_of(hour.ends - timedelta(microseconds=1), local) == hour
    assert hour_of(hour.ends, local).begins == hour.ends


@pytest.mark.parametrize("zone", ZONES)
def test_hours_fill_their_day_without_gap(zone: str) -> None:
    local = clock(zone)
    days: list[Period] = [day_of(date(2026, 1, 1) + timedelta(days=n), local) for n in range(366)]
    for day, after in pairwise(days):
        hours = list(hours_in(day, local))
        assert (hours[0].begins, hours[-1].ends) == (day.begins, day.ends)
        assert day.ends == after.begins
        assert {hour.file for hour in hours} == {day.key}
