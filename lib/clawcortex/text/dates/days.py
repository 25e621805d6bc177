"""Days of the calendar, as a match of the grammar says them; None where the words mean something else."""

from __future__ import annotations

from datetime import date

from clawcortex.text.dates import arithmetic
from clawcortex.text.dates.arithmetic import DAY as ONE
from clawcortex.text.dates.arithmetic import HOLIDAYS, coming
from clawcortex.text.dates.places import Place, Value, full_year
from clawcortex.text.dates.words import AMBIGUOUS, LAST, LEADS, MONTHS, NEXT, PREPOSITIONS, STOPS, WEEKDAYS
from clawcortex.text.linear import linear


def iso(at: Place) -> Value:
    """Read 2026-05-22."""
    return date(int(at["y"]), int(at["m"]), int(at["d"]))


def numeric(at: Place) -> Value | None:
    """Read 5/12/2026: month first unless it cannot be, day first with dots."""
    first, second, year = int(at["a"]), int(at["b"]), at["y"]
    tail = at.wording.text[at.match.end() : at.match.end() + 2]
    if tail[:1] == "." and tail[1:].isdigit():
        return None
    beside = at.wording.text[max(0, at.match.start() - 1) : at.match.start()]
    if beside in {"-", "/", "."} or (
        tail[:1] == "-" and tail[1:].isdigit()
    ):  # a telephone, an address, a version
        return None
    day_first = at["sep"] == "." or first > 12
    month, day = (second, first) if day_first else (first, second)
    if year:
        return date(full_year(year, at.today), month, day)
    if at.follows_number_or_word() or tail[:1] == "/" or at.match[0] == "24/7":
        return None
    if at["sep"] == "-" and (
        at.before() in {"from", "between"} or at.wording.text[at.match.end() :][:3] in _HALVES
    ):
        return None  # from 2 to 6 o'clock
    return coming(at.today, month, day)


_HALVES = frozenset((" am", " pm", "am", "pm", "am ", "pm ", " a.", " p.", " o'"))


def weak_numeric(at: Place) -> bool:
    """Tell the fraction 5/12 from the day: a day has company, or numbers that no fraction has."""
    lead, words = at.before().strip("(,"), at.match[0]
    if at["y"] or lead in PREPOSITIONS or lead in WEEKDAYS or len(words) == len(at.wording.text):
        return False
    if at["sep"] == "-" or lead in LEADS:
        return at["sep"] == "-"
    return not (words.startswith("0") or "/0" in words or max(int(at["a"]), int(at["b"])) > 12)


def named(at: Place) -> Value | None:
    """Read "May 5", "5th of May 2026"."""
    name, year = at["month"].rstrip("."), at["y"]
    tail = at.wording.text[at.match.end() : at.match.end() + 2]
    if tail[:1] in {":", "%"} or (name in AMBIGUOUS and not year and counts(at, name)):
        return None
    month, day = MONTHS[name], int(at["d"])
    return date(full_year(year, at.today), month, day) if year else coming(at.today, month, day)


def counts(at: Place, name: str) -> bool:
    """Tell "you may 5 times" and "march 10 miles" from "on May 5"."""
    pronoun = at.before() in {"i", "you", "he", "she", "it", "we", "they", "who", "that", "which"}
    return (at.match[0].startswith(name) and not at["ord"] and at.follows_number_or_word()) or pronoun


_HOLIDAYS = [(linear(name), rule) for name, rule in HOLIDAYS.items()]


def holiday(at: Place) -> Value:
    """Read "Christmas", the next one where no year is said."""
    rule = next(rule for name, rule in _HOLIDAYS if name.fullmatch(at["name"]))
    if at["y"]:
        return rule(int(at["y"]))
    if at["relative"]:
        return rule(at.today.year + {"this": 0, "next": 1, "last": -1}[at["relative"]])
    if at["lead"]:
        return rule(at.today.year - (rule(at.today.year) >= at.today))
    this_year = rule(at.today.year)
    return this_year if this_year >= at.today else rule(at.today.year + 1)


TIES = PREPOSITIONS - {"around"} | {"is", "was", "for"}
"""What makes an ordinal the day of a month; "around" and "between" name no day."""
RELATIVE = {
    "today": 0, "otd": 0, "tomorrow": 1, "tmrw": 1, "tmr": 1, "tomorow": 1, "tommorow": 1, "yesterday": -1,
    "day after tomorrow": 2, "day before yesterday": -2,
}  # fmt: skip


def relative(at: Place) -> Value:
    """Read "tomorrow"."""
    return at.today + RELATIVE[at["name"].removeprefix("the ")] * ONE


def today_part(at: Place) -> Value:
    """Return the part of today that "tonight" and "this morning" name."""
    return "night" if at["name"] == "tonight" else at["name"].rsplit(" ", 1)[-1]


def neighbour(at: Place) -> Value | None:
    """Read "the next day", counted from today."""
    after = at["name"] in {"next", "following", "after"}
    tail = at.wording.text[at.match.end() : at.match.end() + 1]
    if at.follows_number_or_word() or (tail and tail not in STOPS and at["name"] in {"after", "before"}):
        return None
    return at.today + (ONE if after else -ONE)


def weekday(at: Place) -> Value | None:
    """Return a weekday's number, or the day itself where "next" or "last" says which."""
    if at.before() in {"every", "each"} or at["plural"]:
        return None
    number, modifier = WEEKDAYS[at["name"]], at["modifier"]
    monday = arithmetic.week(at.today).first
    if modifier in NEXT - {"coming", "upcoming"}:
        return monday + (7 + number) * ONE
    if modifier.endswith("past"):
        return arithmetic.weekday_after(at.today - 7 * ONE, number)
    if modifier in LAST:
        return monday + (number - 7) * ONE
    if modifier == "this":
        return monday + number * ONE
    if modifier:
        return arithmetic.weekday_after(at.today + ONE, number)
    return number


def weak_weekday(at: Place) -> bool:
    """Tell "sat down" and "the sun" from "Sat" and "on sun"."""
    if at["name"] not in AMBIGUOUS or at["modifier"]:
        return False
    start, _ = at.wording.span(at.match.start(), at.match.end())
    return at.before() not in LEADS - {"is", "was", "and", "to", "or", "from"} or start == 0


def weekday_week(at: Place) -> Value | None:
    """Read "Friday week"."""
    return arithmetic.weekday_after(at.today, WEEKDAYS[at["name"]]) + 7 * ONE


def nth_ahead(at: Place) -> Value:
    """Read "two Sundays from now"."""
    first = arithmetic.weekday_after(at.today + ONE, WEEKDAYS[at["name"]])
    return first + 7 * (int(at["n"]) - 1) * ONE


def nth(at: Place) -> Value:
    """Read "the first Monday of": which one, -1 for the last, and the weekday."""
    return -1 if at["n"] == "last" else int(at["n"][0]), WEEKDAYS[at["name"]]


def monthday(at: Place) -> Value | None:
    """Read "the 18th", not "the second floor"."""
    number, tail = int(at["d"]), at.wording.text[at.match.end() : at.match.end() + 2].strip()
    counted = not tail[:1].isdigit() and at.follows_number_or_word()  # "the 24th 6 pm" counts nothing
    return None if counted or not 1 <= number <= 31 else number


def weak_monthday(at: Place) -> bool:
    """Tell "9th in line", "a second of it" and "the 20th century" from "by the second" and "it is the 20th"."""
    said, lead = at.match[0], at.before()
    tied = lead in TIES or said.split(" ")[0].rstrip(",") in PREPOSITIONS | set(WEEKDAYS)
    return not tied or said.endswith("day") or at.wording.text[at.match.end() : at.match.end() + 4] == " of "
