"""Until when something is to be done, and how urgent it is, as the words of a clause say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clawcortex.text.dates.finding import Found, find_dates
from voice_pipeline.extracting import cues
from voice_pipeline.extracting.shapes import Urgency

SOON = timedelta(days=1)
"""What is due so soon is urgent."""
LEAD_WORDS = 40
"""Characters before a date that are read for "by" or "due on"."""
_DEADLINES = frozenset(("by", "before", "until", "till"))


@dataclass(frozen=True, slots=True)
class Due:
    """A day, the moment if one was said, and the words, with their place in the text that was read."""

    day: date
    at: datetime | None
    start: int
    end: int
    said_from: int
    """Where the words about it begin: before `start` when another day was named first and taken back."""


def find_due(text: str, now: datetime) -> Due | None:
    """Return until when; of several dates the one behind "by", then the last one ahead of `now`."""
    found = [one for one in find_dates(text, now) if one.grain != "minute" or one.first != now]
    ahead = [(_lead(text, one), one) for one in _meant(text, found) if one.due >= now.date()]
    if not ahead:
        return None
    tied = [
        pair
        for pair in ahead
        if pair[0][0].split(" ")[0] in _DEADLINES or "due" in pair[0][0] or "deadline" in pair[0][0]
    ]
    (lead, start), one = (tied or ahead)[-1]
    day = one.due
    if lead == "before" and one.grain == "day":
        day = max(now.date(), day - timedelta(days=1))
    elif lead == "before" and one.grain in {"week", "month", "quarter", "year"}:
        day = max(now.date(), one.first.date() - timedelta(days=1))
    return Due(day, one.due_at, start, one.end, min(start, _chain(text, found, one)))


def _chain(text: str, found: Sequence[Found], last: Found) -> int:
    """Return where the first of the dates begins that this one puts right."""
    at = found.index(last)
    while at and _taken_back(text[found[at - 1].end : found[at].start]):
        at -= 1
    return _lead(text, found[at])[1]


def _meant(text: str, found: Sequence[Found]) -> list[Found]:
    """Return the dates without those that the speaker took back: "Thursday, no, Friday"."""
    return [
        one
        for one, following in zip(found, [*found[1:], None], strict=False)
        if following is None or not _taken_back(text[one.end : following.start])
    ]


def _taken_back(between: str) -> bool:
    return len(between) <= LEAD_WORDS and bool(cues.CORRECTION.fullmatch(between))


def _lead(text: str, found: Found) -> tuple[str, int]:
    """Return the word that ties the date to the task, and where the phrase begins with it."""
    floor = max(0, found.start - LEAD_WORDS)
    match = cues.DEADLINE.search(text[floor : found.start])
    if match is None or (floor + match.start() > 0 and text[floor + match.start() - 1].isalnum()):
        return "", found.start
    return str(match["lead"]).lower(), floor + match.start()


def urgency(text: str, due: Due | None, now: datetime) -> Urgency:
    """Return how urgent it was called, else how soon it is due."""
    if cues.LOW.search(text):
        return "low"
    soon = due is not None and due.day - now.date() <= SOON
    return "high" if soon or cues.HIGH.search(text) else "normal"
