"""What goes into and comes out of every operation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
OWNERS: dict[str, JsonValue] = {"x-owner": True}
"""Marks what a tool does not show: where a call comes from is told by OpenClaw, not by the agent."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=256)]


def _sane(moment: datetime) -> datetime:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not EARLIEST <= aware <= datetime.now(UTC) + timedelta(days=366):
        raise ValueError("lies before 1970 or more than a year ahead")
    return aware


Moment = Annotated[datetime, AfterValidator(_sane)]
"""ISO 8601; without an offset it is UTC."""


class Shape(BaseModel):
    """Refuse unknown fields, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Origin(Shape):
    """Where and when a text was said; every field may be left out."""

    source_ref: Name = Field(default="", description="Your own name for the source, given back by recall")
    speaker: Name = Field(default="", description="Who said it")
    timestamp: Moment | None = Field(default=None, description="When it was said; default now")
    session: Name = Field(default="", description="The conversation it belongs to")
    agent: Name = Field(
        default="", description="The agent it was said to; default main", json_schema_extra=OWNERS
    )
    chat: Name = Field(
        default="", description='Channel and chat, as "telegram:default:111"', json_schema_extra=OWNERS
    )
    chat_type: Literal["", "private", "group", "unknown"] = Field(
        default="", description="Unknown counts as a group", json_schema_extra=OWNERS
    )
    sender: Name = Field(default="", description="The sender's id in that channel", json_schema_extra=OWNERS)
    importance: float | None = Field(
        default=None, ge=0, le=1, description="0 trivial to 1 vital; default by cues"
    )
    pinned: bool = Field(default=False, description="Never decays, never evicted", json_schema_extra=OWNERS)


class CaptureInput(Origin):
    """One turn of a conversation."""

    text: str = Field(description="What was said")
    provenance: Literal["owner", "agent", "untrusted", "system"] = Field(
        default="owner", description="Whose words"
    )


class RememberInput(Origin):
    """One fact to keep."""

    text: str = Field(description="The fact, in a sentence that makes sense on its own")


class Stored(Shape):
    """What became of a text."""

    id: str
    fresh: bool = Field(description="False when this very text was stored before")
    parts: int = Field(description="Number of memories; a long text is kept in several")
    redacted: list[str] = Field(default_factory=list, description="Kinds of secrets that were masked")


class RecallInput(Shape):
    """One question to memory."""

    query: str = Field(description="A question or any text")
    top_k: int = Field(default=10, ge=1, le=1_000, description="Most hits returned")
    agent: Name = Field(default="", description="Only this agent's memories", json_schema_extra=OWNERS)
    session: Name = Field(default="", description="Only this conversation", json_schema_extra=OWNERS)
    chat: Name = Field(
        default="", description='Only this chat, as "telegram:default:111"', json_schema_extra=OWNERS
    )
    since: Moment | None = Field(default=None, description="Only what was said at or after this time")
    until: Moment | None = Field(default=None, description="Only what was said before this time")
    now: Moment | None = Field(default=None, description="The time the question is asked; default the clock")
    budget_tokens: int | None = Field(
        default=None, ge=1, le=100_000, description="Most tokens of all hits together"
    )


class Hit(Shape):
    """One memory that answers."""

    id: str
    source_ref: str
    text: str
    score: float = Field(ge=0, le=1)
    why: dict[str, float] = Field(
        description="Parts of the score: lexical, dense, window, speaker, date, recency, importance"
    )
    created_at: datetime
    provenance: Literal["owner", "agent", "untrusted", "system"]
    speaker: str
    session: str
    valid_from: datetime = Field(description="Since when it held: when it was said")
    valid_to: datetime | None = Field(
        default=None, description="Until when it held; null while nothing newer replaces it"
    )
    superseded_by: str = Field(default="", description="Id of the newer memory that replaces this one")
    duplicates: list[str] = Field(
        default_factory=list, description="Ids of near-duplicates that were left out"
    )


class RecallOutput(Shape):
    """The hits, best first."""

    hits: list[Hit]
    abstained: bool = Field(description="True when nothing is relevant enough to be put into a prompt")
    mode: Literal["hybrid", "lexical"] = Field(description="lexical while the model is loading")
    took_ms: float


class ForgetInput(Shape):
    """What to forget; every given field must match."""

    ids: list[Name] = Field(default_factory=list, max_length=10_000)
    session: Name = ""
    agent: Name = ""
    chat: Name = ""
    since: Moment | None = None
    until: Moment | None = None
    query: str = Field(default="", description="Only the memories that this question finds")
    dry_run: bool = Field(default=False, description="Say what would go, remove nothing")
    wait: bool = Field(default=False, description="Return when no byte is left on disk")


class Forgotten(Shape):
    """What was, or would be, forgotten."""

    count: int
    ids: list[str] = Field(description="At most the first hundred")
    dry_run: bool
    scrubbed: bool = Field(description="True when no byte is left on disk")
    archived: int = Field(default=0, description="How many of them stood in the archive of evicted memories")
    left: list[str] = Field(
        default_factory=list,
        description="Unreadable turns, archives and summaries that may still hold it: delete them yourself",
    )


class Nothing(Shape):
    """No input."""


class Status(Shape):
    """How much is remembered, and what is not ready."""

    memories: int
    embedded: int
    pending: int
    generation: int
    model: str
    model_ready: bool
    reembedding: str = Field(
        default="", description="How far a change of the model is; empty when there is none"
    )
    by_agent: dict[str, int]


class Reembedded(Shape):
    """What is embedded again."""

    model: str
    dropped: int = Field(description="Vectors removed")
    waiting: int = Field(description="Memories that get a new vector in the background; see status")


class Rebuilt(Shape):
    """The index after a rebuild."""

    vectors: int
    generation: int


class ExportInput(Shape):
    """What to export; nothing named means everything."""

    path: str = Field(default="", description="JSON-lines file; default a dated one in the state folder")
    agent: Name = ""


class Exported(Shape):
    """The file that was written."""

    path: str
    count: int
    sha256: str


class ImportInput(Shape):
    """The file to read."""

    path: str = Field(description="JSON-lines file as `export` writes it, or an archive of evicted memories")


class Imported(Shape):
    """What was read."""

    stored: int
    known: int
    refused: list[str] = Field(description="Line number and reason, at most the first hundred")
