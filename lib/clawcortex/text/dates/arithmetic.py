"""Days, weeks, months and quarters counted on the calendar; holidays that are kept by rule."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Grain = Literal["minute", "part", "day", "week", "month", "quarter", "year", "span"]
DAY = timedelta(days=1)
LEAP_YEARS = 8
"""How many years ahead the next 29 February is looked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both inside."""

    first: date
    last: date
    grain: Grain


def add_months(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_weekdays(day: date, count: int) -> date:
    """Return the day that lies so many days, Monday to Friday, from another."""
    weeks, rest = divmod(abs(count), 5)
    step = DAY if count >= 0 else -DAY
    day += 7 * weeks * step
    while rest or day.weekday() > 4:
        day += step
        rest -= day.weekday() <= 4 and rest > 0
    return day


def week(day: date) -> Span:
    """Return Monday to Sunday."""
    monday = day - day.weekday() * DAY
    return Span(monday, monday + 6 * DAY, "week")


def weekend(day: date) -> Span:
    """Return Saturday and Sunday of the week."""
    sunday = week(day).last
    return Span(sunday - DAY, sunday, "span")


def month(year: int, number: int) -> Span:
    """Return a month from its first day to its last."""
    return Span(date(year, number, 1), date(year, number, monthrange(year, number)[1]), "month")


def quarter(year: int, number: int) -> Span:
    """Return a quarter, 1 to 4."""
    return Span(date(year, 3 * number - 2, 1), month(year, 3 * number).last, "quarter")


def year_of(number: int) -> Span:
    """Return a year."""
    return Span(date(number, 1, 1), date(number, 12, 31), "year")


def weekday_after(day: date, weekday: int) -> date:
    """Return the first such weekday on or after a day; Monday is 0."""
    return day + (weekday - day.weekday()) % 7 * DAY


def coming(today: date, month_number: int, day_number: int) -> date:
    """Return the next such day of the year, today included; raise ValueError when no year has it."""
    for ahead in range(LEAP_YEARS + 1):
        try:
            found = date(today.year + ahead, month_number, day_number)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError(f"no year has day {day_number} in month {month_number}")


def coming_day(today: date, day_number: int, weekday: int | None = None) -> date:
    """Return the next such day of a month, on a weekday if one is given."""
    for ahead in range(48):
        start = add_months(today.replace(day=1), ahead)
        if day_number > monthrange(start.year, start.month)[1]:
            continue
        found = start.replace(day=day_number)
        if found >= today and weekday in (None, found.weekday()):
            return found
    raise ValueError(f"no month has such a day {day_number}")


def nth_weekday(year: int, month_number: int, weekday: int, nth: int) -> date:
    """Return the nth weekday of a month; -1 is the last."""
    if nth < 0:
        last = month(year, month_number).last
        return last - (last.weekday() - weekday) % 7 * DAY
    return weekday_after(date(year, month_number, 1), weekday) + 7 * (nth - 1) * DAY


def easter(year: int) -> date:
    """Return Easter Sunday (Gregorian; Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * i) // 451
    number, day = divmod(h + i - 7 * m + 114, 31)
    return date(year, number, day + 1)


def _fixed(month_number: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month_number, day)


def _from_easter(days: int) -> Callable[[int], date]:
    return lambda year: easter(year) + days * DAY


def _nth(month_number: int, weekday: int, nth: int, days: int = 0) -> Callable[[int], date]:
    return lambda year: nth_weekday(year, month_number, weekday, nth) + days * DAY


HOLIDAYS: dict[str, Callable[[int], date]] = {
    r"new year'?s? eve": _fixed(12, 31), r"new year'?s?(?: day)?": _fixed(1, 1),
    r"(?:martin luther king|mlk)(?: jr)?(?: day)?": _nth(1, 0, 3), "groundhog day": _fixed(2, 2),
    r"(?:saint |st\.? ?)?valentine'?s? ?'?(?: day)?": _fixed(2, 14), r"president'?s?'? day": _nth(2, 0, 3),
    r"(?:saint |st\.? ?)patrick'?s?(?: day)?": _fixed(3, 17), r"(?:april|all) fool'?s?'?(?: day)?": _fixed(4, 1),
    r"epiphany(?: day)?": _fixed(1, 6), r"australia day": _fixed(1, 26),
    "mardi gras|shrove tuesday": _from_easter(-47),
    "ash wednesday": _from_easter(-46), "palm sunday": _from_easter(-7), "maundy thursday": _from_easter(-3),
    r"(?:international )?women'?s?'? day": _fixed(3, 8), "pi day": _fixed(3, 14),
    "ascension(?: day)?": _from_easter(39),
    "whit monday": _from_easter(50), "whit sunday|pentecost": _from_easter(49), "corpus christi": _from_easter(60),
    r"(?:saint |st\.? ?)george'?s? day": _fixed(4, 23), "anzac day": _fixed(4, 25), "cinco de mayo": _fixed(5, 5),
    "flag day": _fixed(6, 14), "canada day": _fixed(7, 1), "bastille day": _fixed(7, 14),
    r"guy fawkes(?: day| night)?": _fixed(11, 5), r"all saint'?s?'? day": _fixed(11, 1),
    r"all soul'?s?'? day": _fixed(11, 2),
    r"remembrance day|singles?'?s? day": _fixed(11, 11), "election day": _nth(11, 0, 1, 1),
    "good friday": _from_easter(-2), "easter monday": _from_easter(1), "easter(?: sunday)?": _from_easter(0),
    "earth day": _fixed(4, 22), r"(?:international |intl )?worker'?s?'? day|may day": _fixed(5, 1),
    r"mother'?s?'? day": _nth(5, 6, 2), "memorial day": _nth(5, 0, -1), "juneteenth": _fixed(6, 19),
    r"father'?s?'? day": _nth(6, 6, 3), r"(?:us |american )?independence day": _fixed(7, 4),
    r"labou?r day": _nth(9, 0, 1), "columbus day": _nth(10, 0, 2), r"hallowe'?en(?: day)?": _fixed(10, 31),
    r"veteran'?s?'? day": _fixed(11, 11), r"thanks ?giving(?: day)?": _nth(11, 3, 4),
    "black friday": _nth(11, 3, 4, 1), "cyber monday": _nth(11, 3, 4, 4),
    "(?:christmas|xmas) eve": _fixed(12, 24), "(?:christmas|xmas)(?: day)?": _fixed(12, 25),
    "boxing day": _fixed(12, 26),
}  # fmt: skip
"""How a holiday is written in the wording, longer names first, and its day in a year."""
