"""What the operations of voice-pipeline take and return."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from clawcortex.speech.records import EngineName, Transcript


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


class TranscribeInput(_Given):
    """A recording, and where it comes from."""

    path: str = Field(
        default="", description="full path, in the shared workspace, an agent's, or OpenClaw's media folder"
    )
    audio: str = Field(default="", description="in its place the bytes, as base64; up to 8 MB")
    name: str = Field(default="", max_length=255, description="what to call it")
    language: str = Field(
        default="", pattern=r"^([a-z]{2,3})?$", description="as `en`; found out if left out"
    )
    engine: Literal["", EngineName] = Field(default="", description="the one of the settings if left out")
    update: bool = Field(default=True, description="put what it says to do on the list, if the speaker may")
    wait_s: float = Field(default=50.0, ge=0, le=900, description="how long to wait for the text")
    channel: str = Field(
        default="", max_length=64, description="where it was said; nothing: by yourself, here"
    )
    chat: str = Field(default="", max_length=256)
    account: str = Field(default="", max_length=128)
    thread: str = Field(default="", max_length=128)
    sender: str = Field(default="", max_length=256, description="empty as long as the channel has not said")
    chat_type: str = Field(default="", max_length=32, description="`direct`, or any word for a group")
    agent: str = Field(default="", max_length=64)
    forwarded: bool = Field(default=False, description="said by somebody else: never put on the list unasked")


class Transcribed(BaseModel):
    """What was heard, or why nothing was yet."""

    id: str
    """SHA-256 of the recording."""
    state: Literal["heard", "waiting", "failed"]
    text: str = ""
    say: str = ""
    """For a conversation: the text, or plainly that nothing was heard."""
    position: int = 0
    """Of one that waits: 1 is heard next."""
    reason: str = ""
    hint: str = ""
    next_try: datetime | None = None
    transcript: Transcript | None = None
    file: str = ""


class TranscriptFile(Transcript):
    """A file in voice/transcripts: what was heard, when, and of whom."""

    schema_version: ClassVar[int] = 1
    received_at: AwareDatetime
    source: Literal["chat", "folder", "owner"]
    name: str = Field(description="What the recording was called")
    speaker: str = Field(
        description="telegram:111, owner for a recording from this machine, empty if unknown"
    )


class PendingInput(_Given):
    """How many."""

    limit: int = Field(default=50, ge=1, le=1_000)


class PendingNote(BaseModel):
    """A recording that was not heard."""

    id: str
    name: str
    state: Literal["waiting", "failed", "heard"]
    received_at: datetime
    tries: int
    progress: str = ""
    """Of the one that is being heard."""
    next_try: datetime | None = None
    reason: str = ""
    hint: str = ""


class Pending(BaseModel):
    """The recordings that were not heard, the oldest first."""

    waiting: int
    failed: int
    notes: list[PendingNote]


class RetryInput(_Given):
    """Which one."""

    id: str = Field(default="", pattern=r"^([0-9a-f]{6,64})?$", description="all that wait if left out")


class Retried(BaseModel):
    """What is heard now."""

    queued: list[str]
