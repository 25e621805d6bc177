"""Weeks, months, quarters, years and lengths of time, as a match of the grammar says them."""

from __future__ import annotations

from datetime import date

from clawcortex.text.dates import arithmetic
from clawcortex.text.dates.arithmetic import DAY as ONE
from clawcortex.text.dates.arithmetic import Span
from clawcortex.text.dates.lengths import measured
from clawcortex.text.dates.places import Place, Value, full_year
from clawcortex.text.dates.words import AMBIGUOUS, LAST, MONTHS, NEXT


def month_span(at: Place) -> Value | None:
    """Read "in May", "next March", "June 2027"."""
    name, year, lead = at["month"].rstrip("."), at["y"], at["lead"]
    if name in AMBIGUOUS and not year and at.follows_number_or_word():
        return None
    if name == "may" and lead == "this" and not year:  # "this may or may not be right"
        return None
    number = MONTHS[name]
    if year:
        return arithmetic.month(full_year(year, at.today), number)
    ahead = at.today.month > number
    if lead in LAST:
        return arithmetic.month(at.today.year - (at.today.month <= number), number)
    if lead in NEXT:
        return arithmetic.month(at.today.year + (at.today.month >= number), number)
    return arithmetic.month(at.today.year + ahead, number)


def unit_span(at: Place) -> Value:
    """Read "next week", "this quarter"."""
    lead, unit = at["lead"].removeprefix("the "), at["unit"]
    step = 1 if lead in NEXT else -1 if lead in LAST else 0
    today = at.today
    if unit == "week":
        return arithmetic.week(today + 7 * step * ONE)
    if unit == "weekend":
        return arithmetic.weekend(today + 7 * step * ONE)
    if unit == "year":
        return arithmetic.year_of(today.year + step)
    if unit == "quarter":
        moved = arithmetic.add_months(today.replace(day=1), 3 * step)
        return arithmetic.quarter(moved.year, (moved.month + 2) // 3)
    moved = arithmetic.add_months(today.replace(day=1), step)
    return arithmetic.month(moved.year, moved.month)


def quarter(at: Place) -> Value:
    """Read "Q1": this year's until it is over."""
    number, year = int(at["n"]), at["y"]
    if year:
        return arithmetic.quarter(full_year(year, at.today), number)
    found = arithmetic.quarter(at.today.year, number)
    return found if found.last >= at.today else arithmetic.quarter(at.today.year + 1, number)


def half_year(at: Place) -> Value:
    """Read "H2", "the second half of the year"."""
    year = full_year(at["y"], at.today) if at["y"] else at.today.year
    number = int(at["n"])
    if not at["y"] and number == 1 and at.today.month > 6:
        year += 1
    return Span(date(year, 6 * number - 5, 1), arithmetic.month(year, 6 * number).last, "span")


def iso_week(at: Place) -> Value:
    """Read "week 23"."""
    year = int(at["y"]) if at["y"] else at.today.isocalendar().year
    monday = date.fromisocalendar(year, int(at["n"]), 1)
    if not at["y"] and monday + 6 * ONE < at.today:
        monday = date.fromisocalendar(year + 1, int(at["n"]), 1)
    return arithmetic.week(monday)


def year(at: Place) -> Value | None:
    """Read "in 2027"."""
    return None if at.follows_number_or_word() else arithmetic.year_of(int(at["y"]))


def now(at: Place) -> Value | None:
    """Read "right now"; "now, let us begin" is no time."""
    said = at.wording.text[at.match.start() : at.match.end()]
    if said == "now" and (not at.before() or at.before()[-1] in ".!?," or at.follows_number_or_word()):
        return None
    return at.now


def length(at: Place) -> Value | None:
    """Read "in two days"."""
    found = measured(at["parts"], at["lead"], at["tail"])
    tail = at.wording.text[at.match.end() : at.match.end() + 2]
    if tail[:1] == "-" and tail[1:].isalpha():  # an hour-long show
        return None
    return None if found is None or at.before() in {"every", "each"} else found


def edge(at: Place) -> Value:
    """Return which part of a span is meant: end, start, beginning, middle, mid, early or late."""
    name = at["name"] or at["third"]
    return "end" if name.startswith("last") else "start" if name[0] == "1" else name


def abbreviated_end(at: Place) -> Value:
    """Read "eom"; the letter d for the end of the day."""
    last = at["unit"][0]
    if last == "d":
        return last
    today = at.today
    return {
        "w": arithmetic.week(today), "m": arithmetic.month(today.year, today.month),
        "q": arithmetic.quarter(today.year, (today.month + 2) // 3), "y": arithmetic.year_of(today.year),
    }[last]  # fmt: skip
