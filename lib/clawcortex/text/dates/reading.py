"""What parts of a date say, alone or together, and the day that they name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from clawcortex.text.dates import arithmetic
from clawcortex.text.dates.arithmetic import Span
from clawcortex.text.dates.grammar import Atom
from clawcortex.text.dates.lengths import Length
from clawcortex.text.dates.times import Clock
from clawcortex.text.dates.words import PARTS


@dataclass(frozen=True, slots=True)
class Reading:
    """What some parts say together, and where in the wording."""

    start: int
    end: int
    day: date | None = None
    exact: bool = False
    """Whether the day came from the calendar, not from counting."""
    weekday: int | None = None
    monthday: int | None = None
    span: Span | None = None
    bare: bool = False
    nth: tuple[int, int] | None = None
    length: Length | None = None
    edge: str = ""
    moment: datetime | None = None
    clock: Clock | None = None
    part: str = ""
    weak: bool = False


FIELDS = {
    "now": "moment", "day": "day", "weekday": "weekday", "monthday": "monthday", "time": "clock", "part": "part",
    "dated part": "part", "span": "span", "bare": "span", "length": "length", "edge": "edge", "nth": "nth",
}  # fmt: skip


def read(atom: Atom, today: date) -> Reading:
    """Return one part alone."""
    said: dict[str, Any] = {FIELDS[atom.kind]: atom.value}
    if atom.kind == "dated part":
        said["day"] = today
    if isinstance(atom.value, Span) and atom.kind == "edge":  # "eom" is edge and month in one
        said = {"edge": "end", "span": atom.value}
    weak = atom.weak or atom.kind == "part"
    return Reading(
        atom.start, atom.end, exact=atom.kind == "day", bare=atom.kind == "bare", weak=weak, **said
    )


def day_of(one: Reading, now: datetime) -> date | None:
    """Return the day that a reading names."""
    today = now.date()
    if one.day is not None:
        return one.day
    if one.weekday is not None:
        return arithmetic.weekday_after(today, one.weekday)
    if one.monthday is not None:
        return arithmetic.coming_day(today, one.monthday)
    if one.length is not None and one.length.counted and not one.length.minutes:
        return reached(one.length, now).date()
    return None


def reached(length: Length, now: datetime) -> datetime:
    """Return the moment that a length leads to from now."""
    return length.after(now, -1 if length.tail in {"ago", "earlier"} else 1)


def time_of(clock: Clock | None, part: str) -> time:
    """Return the time of day; an hour from 1 to 6 is in the afternoon unless said otherwise."""
    if clock is None:
        return time(PARTS[part][0])
    hour = clock.hour
    if not clock.sure:
        afternoon = (
            1 <= hour <= 6
            if not part
            else part in {"afternoon", "evening"} or (part == "night" and hour >= 5)
        )
        hour = hour % 12 + 12 * (afternoon or hour == 12) if hour <= 12 else hour
    return time(hour, clock.minute, clock.second)
