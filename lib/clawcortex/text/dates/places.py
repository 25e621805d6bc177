"""A match of the grammar in its wording, and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from clawcortex.text.dates.arithmetic import Span
from clawcortex.text.dates.lengths import Length
from clawcortex.text.dates.times import Clock
from clawcortex.text.dates.wording import Wording
from clawcortex.text.dates.words import FOLLOWERS, STOPS
from clawcortex.text.linear import Match

Value = date | datetime | Span | Clock | Length | int | str | tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A match in its wording, with the day that it is read on."""

    match: Match
    wording: Wording
    now: datetime

    def __getitem__(self, name: str) -> str:
        """Return a group, "" where it took no part."""
        return str(self.match.groupdict().get(name) or "")

    @property
    def today(self) -> date:
        """Return the day."""
        return self.now.date()

    def before(self) -> str:
        """Return the word before the match."""
        head = self.wording.text[max(0, self.match.start() - 24) : self.match.start()].split()
        return head[-1] if head else ""

    def follows_number_or_word(self) -> bool:
        """Tell whether what follows makes this a count of something."""
        tail = self.wording.text[self.match.end() : self.match.end() + 24].lstrip(" ")
        return bool(tail) and tail[0] not in STOPS and tail.split()[0].rstrip(".,;:!?") not in FOLLOWERS


def full_year(text: str, today: date) -> int:
    """Return a year of two or four digits."""
    return int(text) if len(text) == 4 else today.year // 100 * 100 + int(text[-2:])
