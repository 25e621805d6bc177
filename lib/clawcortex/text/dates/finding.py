"""Dates that a text names in words, as moments in the reader's time zone.

    find_dates("Uh, by, by Friday, or end of next week", now)

English, spoken or written. What may mean something else ("may", "second", "sat down", "2.0.1") is a date only in
company. What is not said is taken as ahead: "Friday" is the next one. Linear in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from clawcortex.text.dates.arithmetic import Grain
from clawcortex.text.dates.grammar import atoms
from clawcortex.text.dates.joining import joined
from clawcortex.text.dates.settling import END_OF_DAY, FRIDAY, settle
from clawcortex.text.dates.wording import spoken


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a text: its characters, and the first and last moment that it names."""

    start: int
    end: int
    phrase: str
    first: datetime
    last: datetime
    grain: Grain

    @property
    def due(self) -> date:
        """Return the day by which something is done that is to be done then; a week ends on Friday."""
        if self.grain == "week":
            return date.fromordinal(self.first.toordinal() + FRIDAY)
        if self.grain == "minute" and self.last.time() == time():
            return date.fromordinal(self.last.toordinal() - 1)  # "by midnight" ends the day before
        return self.last.date()

    @property
    def due_at(self) -> datetime | None:
        """Return the moment, where a time of day was said."""
        return self.last if self.grain == "minute" and self.last.time() != END_OF_DAY else None


def find_dates(text: str, now: datetime) -> list[Found]:
    """Return the dates of a text in order; `now` is when it was said, with the speaker's time zone."""
    if now.tzinfo is None:
        raise ValueError("when a text was said needs a time zone")
    wording = spoken(text)
    found: list[Found] = []
    for reading in joined(atoms(wording, now), wording.text, now):
        try:
            settled = settle(reading, now)
        except (ValueError, OverflowError):  # before the year 1 or after 9999
            continue
        if settled is not None:
            start, end = wording.span(reading.start, reading.end)
            found.append(Found(start, end, text[start:end], *settled))
    return found
