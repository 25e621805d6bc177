"""Lengths of time: "two weeks", "an hour and a half", counted from a day or a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clawcortex.text.dates.arithmetic import add_months, add_weekdays
from clawcortex.text.dates.words import COUNT, UNIT, UNITS
from clawcortex.text.linear import linear

_PART = linear(rf"(?P<n>{COUNT})(?P<half> and a half)? ?(?P<unit>{UNIT})\b(?P<and_half> and a half)?")
_FEW = {"a few": 3.0, "few": 3.0, "several": 4.0, "another": 1.0}


@dataclass(frozen=True, slots=True)
class Length:
    """So many months, days, weekdays and minutes, and how they were said."""

    months: int
    days: int
    weekdays: int
    minutes: int
    lead: str
    """in, within, next, last or ""."""
    tail: str
    """ago, later, from now or ""."""

    @property
    def counted(self) -> bool:
        """Tell whether it says by itself from when: "in two days", "two days ago"."""
        return bool(self.lead or self.tail)

    def after(self, moment: datetime, sign: int = 1) -> datetime:
        """Return the moment that lies so far away; hours are real time, days the calendar's."""
        day = add_months(moment.date(), sign * self.months) + timedelta(days=sign * self.days)
        day = add_weekdays(day, sign * self.weekdays) if self.weekdays else day
        moved = moment.replace(year=day.year, month=day.month, day=day.day)
        if not self.minutes:
            return moved
        return (moved.astimezone(UTC) + timedelta(minutes=sign * self.minutes)).astimezone(moment.tzinfo)


def measured(parts: str, lead: str, tail: str) -> Length | None:
    """Return the length that these words say; None for "a minute", which is no time."""
    months = days = weekdays = minutes = 0.0
    for match in _PART.finditer(parts):
        count = _count(match["n"]) + (0.5 if match["half"] or match["and_half"] else 0)
        unit = UNITS[match["unit"]]
        if unit == "minute" and match["n"] in {"a", "an", "another"}:
            return None
        minutes += count * {"minute": 1, "hour": 60}.get(unit, 0)
        days += count * {"day": 1, "week": 7, "fortnight": 14}.get(unit, 0)
        months += count * {"month": 1, "quarter": 3, "year": 12}.get(unit, 0)
        weekdays += count * (unit == "weekday")
    word = lead.rsplit(" ", 1)[-1]
    return Length(
        int(months),
        int(days + 30 * (months % 1)),
        int(weekdays),
        int(minutes + 1440 * (days % 1)),
        word,
        tail,
    )


def _count(text: str) -> float:
    if text[:1].isdigit():
        return float(text)
    if text.startswith("half"):
        return 0.5
    return 2.0 if "couple" in text else _FEW.get(text, 1.0)
