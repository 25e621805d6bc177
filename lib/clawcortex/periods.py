"""Hours, days and ISO weeks on the person's clock, as spans of real time.

An hour is one reading of the clock's hour under one offset from UTC: the hour that comes twice in autumn is
two periods with their offsets in the label, the hour that is missing in spring does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Kind = Literal["hour", "day", "week"]
Local = Callable[[datetime], datetime]
"""Show a moment on the person's clock: `Context.local`."""

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
EAST, WEST = timedelta(hours=15), timedelta(hours=13)
"""No clock is further from UTC."""


@dataclass(frozen=True, slots=True)
class Period:
    """One span: begins <= moment < ends (UTC)."""

    kind: Kind
    key: str
    """The hour's beginning in UTC, "2026-11-20T08:00Z"; the day or week by its name."""
    label: str
    """What a person calls it: "09:00", "2026-11-20", "2026-W47"."""
    file: str
    """Name of the file that shows it, without ".md"."""
    begins: datetime
    ends: datetime


def hour_of(moment: datetime, local: Local) -> Period:
    """Return the hour that a moment lies in."""
    shown = local(moment)
    into = timedelta(minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)
    full = moment - into
    mark = _mark(moment, local)
    begins = _first(lambda at: _mark(at, local) == mark, full, moment)
    ends = _first(lambda at: _mark(at, local) != mark, moment, full + HOUR)
    begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)
    return Period(
        "hour", f"{begins:%Y-%m-%dT%H:%MZ}", _label(begins, local), shown.date().isoformat(), begins, ends
    )


def _mark(moment: datetime, local: Local) -> tuple[date, int, timedelta | None]:
    shown = local(moment)
    return shown.date(), shown.hour, shown.utcoffset()


def _label(begins: datetime, local: Local) -> str:
    shown = local(begins)
    beside = (local(begins - HOUR), local(begins + HOUR))
    twice = any((one.date(), one.hour) == (shown.date(), shown.hour) for one in beside)
    return f"{shown:%H:%M}" + (f" (UTC{shown.isoformat()[-6:]})" if twice else "")


def _first(holds: Callable[[datetime], bool], low: datetime, high: datetime) -> datetime:
    """Return the first second from `low` at which it holds; from there to `high` it must hold throughout."""
    if holds(low):
        return low
    low = low.replace(microsecond=0)
    seconds, least = -(-(high - low) // SECOND), 0
    while seconds - least > 1:
        middle = (least + seconds) // 2
        least, seconds = (least, middle) if holds(low + middle * SECOND) else (middle, seconds)
    return low + seconds * SECOND


def _midnight(day: date, local: Local) -> datetime:
    noon = datetime.combine(day, time(), UTC)
    return _first(lambda at: local(at).date() >= day, noon - EAST, noon + WEST)


def day_of(day: date, local: Local) -> Period:
    """Return a day of the calendar."""
    name = day.isoformat()
    return Period("day", name, name, name, _midnight(day, local), _midnight(day + timedelta(days=1), local))


def week_of(day: date, local: Local) -> Period:
    """Return the ISO week, Monday to Sunday, that a day lies in."""
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    name = f"{year}-W{week:02}"
    ends = _midnight(monday + timedelta(days=7), local)
    return Period("week", name, name, name, _midnight(monday, local), ends)


def hours_in(day: Period, local: Local) -> Iterator[Period]:
    """Yield the hours of a day: 24, 23 in spring, 25 in autumn."""
    at = day.begins
    while at < day.ends:
        hour = hour_of(at, local)
        yield hour
        at = hour.ends


def days_in(week: Period, local: Local) -> Iterator[Period]:
    """Yield the seven days of a week."""
    monday = date.fromisocalendar(int(week.key[:4]), int(week.key[6:]), 1)
    for later in range(7):
        yield day_of(monday + timedelta(days=later), local)


def quiet_until(hours: str, local: datetime) -> datetime | None:
    """Return when the quiet hours end that `local` lies in; None outside of them.

    `hours` is "22:00-07:00" in local time, "" for none; equal ends are none, too.
    """
    if not hours:
        return None
    begins, ends = (time.fromisoformat(part) for part in hours.split("-"))
    now = local.time().replace(tzinfo=None)
    inside = begins <= now < ends if begins < ends else begins != ends and (now >= begins or now < ends)
    if not inside:
        return None
    day = local.date() if now < ends else local.date() + timedelta(days=1)
    return datetime.combine(day, ends, tzinfo=local.tzinfo)
