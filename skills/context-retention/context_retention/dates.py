"""Dates that a question names, as windows of time. A small English grammar, one pass over the words."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clawcortex.text.numbers import SMALL

MOST_WINDOWS = 4
MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|"
        "october oct|november nov|december dec".split("|"),
        1,
    )
    for name in names.split()
}
WEEKDAYS = {n: i for i, n in enumerate("monday tuesday wednesday thursday friday saturday sunday".split())}
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
UNITS = {"day": 1, "week": 7, "weekend": 7, "fortnight": 14, "month": 30, "year": 365}
NUMBERS = {name: value for name, value in SMALL.items() if value <= 12}
NUMBERS |= {"a": 1, "an": 1, "couple": 2, "few": 3, "several": 4}
AMBIGUOUS = frozenset({"may", "march", "mar", "jan", "sun", "fall", "spring"})
LEADS = frozenset(
    "in of since during until till by from before after last this early late mid around through".split()
)

_TOKEN = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d+(?:st|nd|rd|th)?\b|[^\W\d_]+")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, seconds since the epoch; the end is outside."""

    start: float
    end: float


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _span(start: datetime, days: float) -> Window:
    return Window(start.timestamp(), (start + timedelta(days=days)).timestamp())


class _Reader:
    """Read windows off a list of words; every word is looked at a bounded number of times."""

    def __init__(self, words: Sequence[str], now: datetime) -> None:
        self.words = [word.casefold() for word in words]
        self.raw = words
        self.today = _midnight(now)

    def word(self, i: int) -> str:
        return self.words[i] if 0 <= i < len(self.words) else ""

    def day(self, i: int) -> int:
        found = _ORDINAL.fullmatch(self.word(i))
        return int(found[1]) if found and 1 <= int(found[1]) <= 31 else 0

    def year(self, i: int) -> int:
        word = self.word(i)
        return (
            int(word)
            if len(word) == 4 and word.isascii() and word.isdigit() and 1970 <= int(word) <= 2100
            else 0
        )

    def date(self, year: int, month: int, day: int) -> Window | None:
        if not (1970 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
            return None
        return _span(self.today.replace(year=year, month=month, day=day), 1)

    def month(self, year: int, month: int, months: int = 1) -> Window:
        start = self.today.replace(year=year, month=month, day=1)
        last = month + months - 1
        days = sum(monthrange(year + (m - 1) // 12, (m - 1) % 12 + 1)[1] for m in range(month, last + 1))
        return _span(start, days)

    def latest_year(self, month: int, day: int = 1) -> int:
        return self.today.year - ((month, day) > (self.today.month, self.today.day))

    def numeric(self, i: int) -> Window | None:
        parts = [int(part) for part in re.split(r"[-/.]", self.word(i))]
        if len(parts) != 3:
            return None
        if "-" in self.word(i):
            return self.date(*parts)
        first, second, year = parts
        return self.date(year, first, second) or self.date(year, second, first)

    def relative(self, i: int) -> Window | None:
        word, following = self.word(i), self.word(i + 1)
        if word == "yesterday":
            back = 2 if self.words[max(0, i - 2) : i] == ["day", "before"] else 1
            return _span(self.today - timedelta(days=back), 1)
        if word in ("today", "tonight"):
            return _span(self.today, 1)
        if word == "last" and following == "night":
            return _span(self.today - timedelta(days=1), 1.5)
        if word == "this" and following in ("morning", "afternoon", "evening"):
            return _span(self.today, 1)
        if word in ("last", "past", "previous", "this"):
            return self.named_period(i + 1, current=word == "this") or self.last_n(i + 1)
        return self.ago(i)

    def named_period(self, i: int, *, current: bool) -> Window | None:
        word, today, back = self.word(i), self.today, 0 if current else 1
        if word == "week":
            return _span(today - timedelta(days=today.weekday() + 7 * back), 7)
        if word == "weekend":
            return _span(today - timedelta(days=today.weekday() + 2 + (0 if not current else -7)), 2)
        if word == "month":
            month = today.year * 12 + today.month - 1 - back
            return self.month(month // 12, month % 12 + 1)
        if word == "year":
            return self.month(today.year - back, 1, 12)
        if word in WEEKDAYS:
            return self.weekday(i)
        if word in SEASONS:
            start = SEASONS[word]
            year = today.year - (start + (0 if current else 2) > today.month)
            return self.month(year, start, 3)
        return None

    def last_n(self, i: int) -> Window | None:
        count, unit = self.count(i), UNITS.get(self.word(i + 1).removesuffix("s"))
        if not count or not unit:
            return None
        days = min(count * unit, 10_000)
        return _span(self.today - timedelta(days=days), days + 1)

    def count(self, i: int) -> int:
        word = self.word(i)
        return int(word) if word.isascii() and word.isdigit() and len(word) < 5 else NUMBERS.get(word, 0)

    def ago(self, i: int) -> Window | None:
        if self.word(i) not in ("ago", "earlier"):
            return None
        unit = UNITS.get(self.word(i - 1).removesuffix("s"))
        count = self.count(i - 2) or (self.count(i - 3) if self.word(i - 2) == "of" else 0)
        if not unit or not count:
            return None
        days, slack = min(count * unit, 10_000), unit // 2
        return _span(self.today - timedelta(days=days + slack), 2 * slack + 1)

    def weekday(self, i: int) -> Window:
        back = (self.today.weekday() - WEEKDAYS[self.word(i)] - 1) % 7 + 1
        return _span(self.today - timedelta(days=back), 1)

    def calendar(self, i: int) -> Window | None:
        word = self.word(i)
        month = MONTHS.get(word, 0)
        if month:
            before = i - 2 if self.word(i - 1) == "of" else i - 1
            day = self.day(before) or self.day(i + 1)
            year = (
                self.year(i + 1) or self.year(i + 2)
                if self.word(i + 1) == "of" or self.day(i + 1)
                else self.year(i + 1)
            )
            if day:
                return self.date(year or self.latest_year(month, day), month, day)
            if (
                word in AMBIGUOUS
                and not year
                and not (self.raw[i][0].isupper() and self.word(i - 1) in LEADS)
            ):
                return None
            return self.month(year or self.latest_year(month), month)
        if word in SEASONS:
            year = self.year(i + 1) or (self.year(i + 2) if self.word(i + 1) == "of" else 0)
            return self.month(year, SEASONS[word], 3) if year else None
        if word in WEEKDAYS and self.word(i - 1) in ("on", "since"):
            return self.weekday(i)
        return None

    def lone_year(self, i: int) -> Window | None:
        year = self.year(i)
        named = {*MONTHS, *SEASONS, "of"}
        dated = self.word(i - 1) in named or (self.day(i - 1) and self.word(i - 2) in MONTHS)
        if (
            not year
            or (dated and self.word(i - 1) != "of")
            or not self.today.year - 40 <= year <= self.today.year + 2
        ):
            return None
        if self.word(i - 1) == "of" and self.word(i - 2) in {*MONTHS, *SEASONS}:
            return None
        return self.month(year, 1, 12)

    def windows(self) -> Iterator[Window]:
        for i, word in enumerate(self.words):
            numeric = word[0].isdigit() and not word.isdigit() and word[-1].isdigit()
            found = self.numeric(i) if numeric else self.relative(i) or self.calendar(i) or self.lone_year(i)
            if found:
                yield found


def windows(text: str, now: datetime) -> tuple[Window, ...]:
    """Return the spans of time a text names, relative to `now` and in its timezone, at most four."""
    found = dict.fromkeys(_Reader(_TOKEN.findall(text), now).windows())
    return tuple(found)[:MOST_WINDOWS]
