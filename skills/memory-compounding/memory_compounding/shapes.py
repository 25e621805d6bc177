"""What is kept and what the operations take and give."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from memory_compounding.wording import LONGEST_TEXT

Kind = Literal["approve", "reject", "edit", "skip"]
KINDS: tuple[Kind, ...] = ("approve", "reject", "edit", "skip")
Status = Literal["proposed", "active", "retired", "refused"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LONGEST_LESSON = 300


class Record(BaseModel):
    """A document in the store. A newer version's fields are ignored by an older one."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    version: int = 1


class Feedback(Record):
    """What a person said to one thing that an agent did or wanted to do."""

    id: str
    kind: Kind
    agent: str
    subject: str
    reason: str = ""
    category: str = ""
    before: str = ""
    after: str = ""
    at: AwareDatetime
    recorded_at: AwareDatetime
    by: str = "owner"
    trusted: bool = True
    """False when an agent reports it: nothing of it becomes a lesson without the owner's approval."""
    source: Literal["decision", "log", "import"] = "log"
    ask_id: str = ""
    mistake: str = ""
    """Key of the mistake it was placed in."""
    grouped: str | None = None
    """The wording it was placed by; None before."""
    sorted: bool = False
    """Whether the model said where it belongs; then it stays there until its words change."""


class Example(Record):
    """One correction of a mistake."""

    feedback: str
    text: str
    agent: str
    subject: str
    at: AwareDatetime


class Mistake(Record):
    """Corrections of one mistake; `total` is their sum in the space of `model`."""

    key: str
    name: str
    model: str
    total: tuple[float, ...]
    count: int = 0
    trusted: int = 0
    """Those for which a person gave the reason: so many make a lesson hold without being asked about."""
    fresh: int = 0
    """Corrections since it last was a lesson that retired."""
    rounds: int = 0
    """How often it was a lesson that retired."""
    examples: tuple[Example, ...] = ()
    agents: dict[str, int] = Field(default_factory=dict)
    categories: dict[str, int] = Field(default_factory=dict)
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    lesson: str = ""
    contradicted: tuple[str, ...] = ()
    """Feedback that corrected the other way, or approved it, since it was last seen."""


class Lesson(Record):
    """What an agent is told, so that a mistake does not come back."""

    id: str
    text: str
    status: Status
    method: Literal["model", "rules", "owner"]
    mistakes: tuple[str, ...]
    agents: tuple[str, ...]
    categories: tuple[str, ...] = ()
    count: int
    feedback: tuple[str, ...] = ()
    """Ids of the corrections it stands on."""
    promoted_at: AwareDatetime
    last_seen: AwareDatetime
    approved_by: str = ""
    ask: str = ""
    """The key it was asked about under; nobody else knows it, so that no other question approves a lesson."""
    retired_at: AwareDatetime | None = None
    why: str = ""
    model: str = ""
    vector: tuple[float, ...] = ()


class LogInput(BaseModel):
    """One feedback."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    kind: str = Field(description="approve, reject, edit or skip")
    subject: str = Field(description="What it is about: the draft, the booking, the answer", max_length=2_000)
    agent: str = Field(default="", description="Who did it; an agent always logs for itself", max_length=200)
    reason: str = Field(default="", description="Why, in the person's own words", max_length=LONGEST_TEXT)
    category: str = Field(default="", description="email, scheduling, quote, …", max_length=100)
    before: str = Field(default="", description="Of an edit: what stood there", max_length=LONGEST_TEXT)
    after: str = Field(
        default="", description="Of an edit: what the person made of it", max_length=LONGEST_TEXT
    )
    timestamp: AwareDatetime | None = Field(default=None, description="When; default now")
    key: str = Field(default="", description="Logging twice with one key logs once", max_length=200)


class Logged(BaseModel):
    """What became of it."""

    id: str
    fresh: bool = Field(description="False when it was known already")


class HistoryInput(BaseModel):
    """Choose feedback."""

    model_config = ConfigDict(extra="forbid")
    agent: str = ""
    kind: Literal["", "approve", "reject", "edit", "skip"] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: int = Field(default=50, ge=1, le=1_000)


class HistoryOutput(BaseModel):
    """Feedback, newest first."""

    feedback: list[Feedback]


class MistakesInput(BaseModel):
    """Choose mistakes."""

    model_config = ConfigDict(extra="forbid")
    agent: str = ""
    least: int = Field(default=2, ge=1, description="Seen at least so often")
    limit: int = Field(default=50, ge=1, le=1_000)


class ShownMistake(BaseModel):
    """One recurring mistake."""

    key: str
    name: str
    count: int
    agents: dict[str, int]
    categories: dict[str, int]
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    lesson: str
    examples: list[str]


class MistakesOutput(BaseModel):
    """Mistakes, the most frequent first."""

    mistakes: list[ShownMistake]


class LessonsInput(BaseModel):
    """Choose lessons."""

    model_config = ConfigDict(extra="forbid")
    agent: str = ""
    status: Literal["", "proposed", "active", "retired", "refused"] = ""


class ShownLesson(BaseModel):
    """One lesson."""

    id: str
    text: str
    status: Status
    method: str
    agents: tuple[str, ...]
    mistakes: tuple[str, ...]
    count: int
    promoted_at: AwareDatetime
    last_seen: AwareDatetime
    approved_by: str
    why: str


class LessonsOutput(BaseModel):
    """Lessons, the newest first."""

    lessons: list[ShownLesson]


class RetireInput(BaseModel):
    """Name a lesson."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    lesson: str = Field(min_length=1, description="Its id, as `lessons` shows it")
    reason: str = Field(default="", max_length=1_000)


class Retired(BaseModel):
    """What became of it."""

    lesson: str
    status: Status


class TrackInput(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid")


class Tracked(BaseModel):
    """What was brought up to date."""

    retired: list[str]
    dropped: int = Field(description="Corrections that never recurred and are no longer compared with")
    files: list[str]


class SynthesizeInput(BaseModel):
    """Choose a week."""

    model_config = ConfigDict(extra="forbid")
    week: str = Field(
        default="",
        pattern=r"^(\d{4}-W\d{2}|last)?$",
        description="2026-W47; default this week; last: the one before, for whom its file does not hold all of it",
    )
    agent: str = Field(default="", description="Default: every agent that was given feedback")


class Written(BaseModel):
    """The synthesis of one agent's week."""

    agent: str
    week: str
    method: str
    decisions: int
    file: str = Field(description="Where it stands; empty when the agent has no workspace")
    markdown: str


class SynthesizeOutput(BaseModel):
    """What was written, and what was not."""

    written: list[Written]
    warnings: list[str]


class ImportInput(BaseModel):
    """Choose what to read."""

    model_config = ConfigDict(extra="forbid")
    path: str = Field(
        default="",
        description="A file or folder of the old scripts; default feedback/ of the shared workspace",
    )


class BadRecord(BaseModel):
    """A record that could not be read."""

    file: str
    position: int = Field(description="Which record of the file, from 1; 0 is the file itself")
    reason: str


class ImportOutput(BaseModel):
    """What was read."""

    imported: int
    known: int = Field(description="Read before")
    pending: int = Field(description="Asked and never answered: nothing to learn from")
    bad: list[BadRecord]
