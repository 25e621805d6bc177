"""What the sync reads of the day's summaries, and what becomes of it.

The summaries stand in the store, one record an agent and hour; of their shape only what is needed is read here, and
what is not there is empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Field

from cross_agent_intelligence.records import Part, Place

SUMMARIES = "summaries"
SYNCS = "signals.syncs"
"""By day: the digest of what was written, and whose day it is; no word of it."""


class Statement(Part):
    """One statement of a summary."""

    text: str
    speaker: str = ""
    at: datetime
    who: str = ""
    due: str = ""
    waiting: bool = False


class Section(Part):
    """What was said in one chat."""

    chat: Place
    highlights: tuple[Statement, ...] = ()
    decisions: tuple[Statement, ...] = ()
    actions: tuple[Statement, ...] = ()
    questions: tuple[Statement, ...] = ()


class Hour(Part):
    """One summary."""

    agent: str
    start: str
    digest: str = ""
    sections: tuple[Section, ...] = Field(default=())


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file."""

    text: str
    about: str = ""
    """Who, when, why: shown behind it."""


@dataclass(slots=True)
class Day:
    """One agent's day."""

    agent: str
    learned: list[Line] = field(default_factory=list)
    decided: list[Line] = field(default_factory=list)
    wrong: list[Line] = field(default_factory=list)
    waiting: list[Line] = field(default_factory=list)
    withheld: int = 0

    @property
    def lines(self) -> int:
        """Return how many lines there are."""
        return len(self.learned) + len(self.decided) + len(self.wrong) + len(self.waiting)
