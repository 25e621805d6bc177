"""First and last moment of what a reading names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from clawcortex.text.dates.arithmetic import DAY, Grain
from clawcortex.text.dates.lengths import Length
from clawcortex.text.dates.reading import Reading, day_of, reached, time_of
from clawcortex.text.dates.words import PARTS

END_OF_DAY = time(23, 59, 59)
FRIDAY = 4
"""A week that is to be over by its end is a working week."""


def settle(one: Reading, now: datetime) -> tuple[datetime, datetime, Grain] | None:
    """Return first and last moment of what a reading names; None when it names nothing."""
    if one.weak or one.bare:
        return None
    if one.moment:
        return one.moment, one.moment, "minute"
    if one.edge:
        return _at_edge(one, now)
    if one.span:
        return _between(one.span.first, one.span.last, one.span.grain, now)
    if one.length is not None:
        return _lasting(one.length, now)
    return _on_day(one, now)


def _on_day(one: Reading, now: datetime) -> tuple[datetime, datetime, Grain] | None:
    day = day_of(one, now)
    if day is None:
        return _today_at(one, now) if one.clock else None
    if one.clock:
        at = datetime.combine(day, time_of(one.clock, one.part), now.tzinfo)
        at += DAY if one.part == "night" and at.hour < 5 else timedelta()
        return at, at, "minute"
    if one.part:
        return (
            datetime.combine(day, time(PARTS[one.part][0]), now.tzinfo),
            datetime.combine(day, time(PARTS[one.part][1] - 1, 59, 59), now.tzinfo),
            "part",
        )
    return _between(day, day, "day", now)


def _between(first: date, last: date, grain: Grain, now: datetime) -> tuple[datetime, datetime, Grain]:
    zone = now.tzinfo
    return datetime.combine(first, time(), zone), datetime.combine(last, END_OF_DAY, zone), grain


def _lasting(length: Length, now: datetime) -> tuple[datetime, datetime, Grain] | None:
    if not length.counted:
        return None
    until = reached(replace(length, tail="ago") if length.lead in {"last", "past"} else length, now)
    if length.minutes:
        return until, until, "minute"
    if length.lead in {"next", "coming"}:
        return _between(now.date(), until.date(), "span", now)
    if length.lead in {"last", "past"}:
        return _between(until.date(), now.date(), "span", now)
    return _between(until.date(), until.date(), "day", now)


def _today_at(one: Reading, now: datetime) -> tuple[datetime, datetime, Grain]:
    """Return the next such time of day."""
    at = datetime.combine(now.date(), time_of(one.clock, one.part), now.tzinfo)
    at += DAY if at < now else timedelta()
    return at, at, "minute"


def _at_edge(one: Reading, now: datetime) -> tuple[datetime, datetime, Grain] | None:
    span = one.span
    if one.edge == "d" or (one.edge in {"end", "eo"} and (span is None or span.grain == "day")):
        day = (one.day or now.date() if one.edge == "d" else None) if span is None else span.first
        at = datetime.combine(day, END_OF_DAY, now.tzinfo) if day else None
        return (at, at, "minute") if at else None
    if span is None:
        return None
    days = (span.last - span.first).days
    if one.edge in {"end", "eo"}:
        friday = span.first + FRIDAY * DAY
        last = (
            friday if span.grain == "week" and (friday >= now.date() or span.last < now.date()) else span.last
        )
        return _between(last, last, "day", now)
    if one.edge in {"start", "beginning"}:
        return _between(span.first, span.first, "day", now)
    third = max(1, days // 3)
    if one.edge in {"middle", "mid"}:
        middle = span.first + (days // 2 if span.grain != "week" else 2) * DAY
        return _between(middle, middle, "day", now)
    if one.edge == "early":
        return _between(span.first, span.first + third * DAY, "span", now)
    return _between(span.last - third * DAY, span.last, "span", now)
