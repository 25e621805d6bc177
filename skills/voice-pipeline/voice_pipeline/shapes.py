"""What the operations of voice-pipeline take and return."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExtractInput(_Given):
    """A text as it was said or written, and when."""

    text: str = Field(description="a transcript, or any text")
    at: datetime | None = Field(
        default=None, description="when it was said, with its offset from UTC; now if left out"
    )
    timezone: str = Field(default="", description="IANA name of the speaker's time zone; yours if left out")
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2,3}$",
        description="what it is written in, as `en`: three letters only where there are no two",
    )
    by_model: bool = Field(
        default=True, description="ask the agent's model where there is one; else by rules, in English"
    )


class PrioritiesInput(_Given):
    """How many."""

    limit: int = Field(default=5, ge=1, le=500)


class Nothing(_Given):
    """No input."""


class Entry(BaseModel):
    """A priority as PRIORITIES.md has it."""

    text: str
    owner: str = ""
    due: str = ""
    status: str = ""


class Listed(BaseModel):
    """The first open priorities, in the person's order."""

    priorities: list[Entry]


class Clash(BaseModel):
    """Where what was said and what a person wrote disagree; the person's stands."""

    text: str
    field: str
    stands: str
    said: str


class Changed(BaseModel):
    """What a write did; `version` is empty when the file needed no change."""

    version: str
    added: list[Entry]
    changed: list[Entry]
    refused: list[str]
    """What was said again although a person had deleted it."""
    conflicts: list[Clash]
    kept: list[Entry] = []
    """Of an undo: what a person changed since, and what therefore stays."""


class Step(BaseModel):
    """One write."""

    version: str
    at: datetime


class Steps(BaseModel):
    """The writes that can be undone, the newest first."""

    steps: list[Step]
