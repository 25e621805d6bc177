"""What is taken out of a spoken text; every item quotes the words it comes from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LONGEST_TEXT, LONGEST_QUOTE, LONGEST_NAME = 200, 400, 80
"""Characters of an item's own text, of its quote, of an owner's name."""
MOST = 50
"""Items of one kind in one extraction."""
Urgency = Literal["high", "normal", "low"]
ME, US, YOU = "me", "us", "you"
"""Owners as the speaker named them: who speaks, the speaker's group, who is spoken to (the assistant)."""


class Item(BaseModel):
    """Something that was said, and where: `quote == text[start:end]` of the source."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    quote: str = Field(max_length=LONGEST_QUOTE)
    start: int = Field(ge=0)
    end: int = Field(gt=0)


class Priority(Item):
    """What matters most; `rank` 1 is first, None where only "important" was said."""

    theme: str = Field(min_length=1, max_length=LONGEST_TEXT)
    rank: int | None = Field(default=None, ge=1, le=99)
    cue: str = ""
    """The words that make it a priority."""


class Decision(Item):
    """What was decided."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class ActionItem(Item):
    """Something to be done: by whom ("me", "us", "you", a name, "" where nobody was named) and until when."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)
    owner: str = Field(default="", max_length=LONGEST_NAME)
    due: date | None = None
    due_at: datetime | None = None
    """The moment, where a time of day was said."""
    due_phrase: str = Field(default="", max_length=LONGEST_TEXT)
    """The words that the date comes from, as they stand in the source."""
    urgency: Urgency = "normal"


class ContextShift(Item):
    """Where plans change: what is left, what is taken up; either may be unsaid."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)
    away_from: str = Field(default="", max_length=LONGEST_TEXT)
    towards: str = Field(default="", max_length=LONGEST_TEXT)


class Extraction(BaseModel):
    """All that was taken out of one text."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1] = 1
    priorities: tuple[Priority, ...] = ()
    decisions: tuple[Decision, ...] = ()
    actions: tuple[ActionItem, ...] = ()
    shifts: tuple[ContextShift, ...] = ()
    by: Literal["model", "rules"] = "rules"
    note: str = ""
    """Why the rules read it although a model was asked; how many of a model's items had no ground."""
