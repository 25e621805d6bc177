"""Parts of a date that stand side by side read as one: "Tuesday of last week", "tomorrow" + "at nine"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from clawcortex.text.dates import arithmetic
from clawcortex.text.dates.arithmetic import DAY, Span
from clawcortex.text.dates.grammar import Atom
from clawcortex.text.dates.reading import Reading, day_of, read, time_of
from clawcortex.text.linear import linear

_GLUE = linear(
    r"(?: sharp)?[ ,()-]*(?:(?:on|at|in|by|around|about|from|before|until|for)\b ?(?:the |about |around )?)?[ (]*"
)
_OF = linear(r",? (?:of |in )?(?:the )?|'s ")
_FROM = linear(r" (?:from|after|since|past|of) (?:the year )?")
_BEFORE = linear(r" (?:before|prior to|ahead of) (?:the )?")


def join(left: Reading, right: Reading, gap: str, now: datetime) -> Reading | None:
    """Return both as one; None when they do not belong together."""
    if len(gap) > 24:
        return None
    for rule in (_edge, _counted, _within, _same_day, _timed):
        made = rule(left, right, gap, now)
        if made is not None:
            return replace(made, start=left.start, end=right.end, weak=False)
    return None


def _edge(left: Reading, right: Reading, gap: str, now: datetime) -> Reading | None:
    """Read "end of" + "next week", "close of business" + "tomorrow", either first."""
    if "d" in {left.edge, right.edge}:
        other = right if left.edge == "d" else left
        day = None if other.edge or other.clock or not _GLUE.fullmatch(gap) else day_of(other, now)
        return Reading(0, 0, edge="d", day=day) if day else None
    if not left.edge or left.day or left.span or gap.strip(" -") not in {"", "the"} or right.edge:
        return None
    whole = right.span or (_days(right, now) if left.edge in {"end", "eo"} else None)
    return replace(right, edge=left.edge, span=whole, bare=False) if whole else None


def _days(one: Reading, now: datetime) -> Span | None:
    day = day_of(one, now)
    return Span(day, day, "day") if day and not one.clock and not one.part else None


def _counted(left: Reading, right: Reading, gap: str, now: datetime) -> Reading | None:
    """Read "two days" + before + "yesterday"."""
    if left.length is None or left.length.tail:
        return None
    sign = 1 if _FROM.fullmatch(gap) else -1 if _BEFORE.fullmatch(gap) else 0
    base = right.moment or _moment(right, now)
    if not sign or base is None or right.bare:
        return None
    moved = left.length.after(base, sign)
    if right.moment or left.length.minutes:
        return Reading(0, 0, moment=moved)
    return Reading(0, 0, day=moved.date())


def _moment(one: Reading, now: datetime) -> datetime | None:
    day = one.span.first if one.span and not one.edge else day_of(one, now)
    if day is None:
        return None
    return datetime.combine(day, time_of(one.clock, one.part) if one.clock else time(), now.tzinfo)


def _within(left: Reading, right: Reading, gap: str, now: datetime) -> Reading | None:
    """Read "Tuesday" + "of last week", "next week" + "Monday", "the 5th" + "of next month"."""
    whole_year = left.span and right.span and right.span.grain == "year"  # "the end of Q2" + "next year"
    if (left.edge and not whole_year) or right.edge or not (_OF.fullmatch(gap) or _GLUE.fullmatch(gap)):
        return None
    if left.nth:
        if right.span is None or right.span.grain != "month":
            return None
        found = _nth(left.nth, right, now)
        return Reading(0, 0, day=found, exact=True)
    for inner, outer in ((left, right), (right, left)):
        span = outer.span
        if span and outer.bare and span.grain == "month" and inner is left and inner.monthday is not None:
            return inner  # "the 15th of the month"
        if span is None or outer.bare or outer.clock:
            continue
        if inner.weekday is not None and span.grain == "week":
            return replace(inner, weekday=None, day=span.first + inner.weekday * DAY, exact=True)
        if inner.monthday is not None and span.grain == "month":
            return replace(inner, monthday=None, day=span.first.replace(day=inner.monthday), exact=True)
        if inner.span and inner is left and span.grain == "year" and inner.span.grain in {"quarter", "month"}:
            moved = arithmetic.add_months(inner.span.first, 12 * (span.first.year - inner.span.first.year))
            last = arithmetic.add_months(inner.span.last, 12 * (span.first.year - inner.span.last.year))
            return replace(inner, span=Span(moved, last, inner.span.grain))
    return None


def _nth(nth: tuple[int, int], month: Reading, now: datetime) -> date | None:
    """Return "the first Monday" of a month, of the next one when this one's is over."""
    if month.span is None:
        return None
    first = month.span.first
    found = arithmetic.nth_weekday(first.year, first.month, nth[1], nth[0])
    if month.bare and found < now.date():
        first = arithmetic.add_months(first, 1)
        found = arithmetic.nth_weekday(first.year, first.month, nth[1], nth[0])
    return found


def _same_day(left: Reading, right: Reading, gap: str, now: datetime) -> Reading | None:
    """Read "Friday" + "2018-7-6", "Tuesday" + "the eleventh", "in 3 days" + "on Friday"."""
    if not _GLUE.fullmatch(gap) or left.clock or right.clock or left.part:
        return None
    dated = _dated(left, now), _dated(right, now)
    if left.weekday is not None and right.monthday is not None:
        found = arithmetic.coming_day(now.date(), right.monthday, left.weekday)
        return replace(right, monthday=None, day=found, exact=True)
    if left.day and left.exact and right.monthday == left.day.day:
        return left
    if left.weekday is not None and right.exact:
        return right
    if left.weekday is not None and dated[1] is not None:
        return Reading(0, 0, day=arithmetic.weekday_after(dated[1], left.weekday), exact=True)
    if right.weekday is None or dated[0] is None:
        return None
    if left.exact:  # "May 22 (Tue)": the day of the month is more likely right
        return left if gap.strip() in {"", ",", "("} else None
    return Reading(0, 0, day=arithmetic.weekday_after(dated[0], right.weekday), exact=True)


def _dated(one: Reading, now: datetime) -> date | None:
    if one.day or (one.length and one.length.counted and not one.length.minutes):
        return day_of(one, now)
    return None


def _timed(left: Reading, right: Reading, gap: str, now: datetime) -> Reading | None:
    """Read a day + a time or a part of the day, either first."""
    if not (_GLUE.fullmatch(gap) or _OF.fullmatch(gap)):
        return None
    if left.edge or right.edge or left.moment or right.moment:
        return None
    day, other = (left, right) if day_of(left, now) else (right, left)
    if day_of(day, now) is None:
        if left.clock and right.part and not left.part:
            return replace(left, part=right.part)
        return replace(right, part=left.part) if left.part and right.clock and not left.clock else None
    if (other.clock and day.clock) or (other.part and day.part) or not (other.clock or other.part):
        return None
    if day_of(other, now) is not None:
        return None
    day = replace(day, length=None, day=day_of(day, now))
    return replace(day, clock=day.clock or other.clock, part=day.part or other.part)


def joined(parts: Sequence[Atom], wording: str, now: datetime) -> list[Reading]:
    """Return the readings of neighbouring parts, from left to right."""
    found: list[Reading] = []
    for atom in parts:
        one = read(atom, now.date())
        while found:
            try:
                both = join(found[-1], one, wording[found[-1].end : one.start], now)
            except (ValueError, OverflowError):  # the 31st of a month without one
                both = None
            if both is None:
                break
            found.pop()
            one = both
        found.append(one)
    return found
