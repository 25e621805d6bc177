"""What is kept of voice notes, each with its version.

voice.waiting   Note     not heard yet, or never to be heard, by the recording's checksum
voice.heard     Note     heard, by the same
voice.unnamed   {}       heard for a chat that has not said yet who spoke: "channel:account:chat|checksum"
voice.tellings  Telling  what a chat is to be told: "channel:account:chat|checksum"
voice.progress  {"heard_s", "of_s"}   how far the note is that is being heard, by its checksum
voice.warned    {"at"}   what a chat was told of notes that are not heard: "channel:account:chat|code" or "…|checksum"
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from clawcortex.speech.records import Transcript
from clawcortex.store.records import LOCAL, ChatType, Scope

WAITING, HEARD, UNNAMED = "voice.waiting", "voice.heard", "voice.unnamed"
TELLINGS, WARNED, PROGRESS = "voice.tellings", "voice.warned", "voice.progress"

Source = Literal["chat", "folder", "owner"]
State = Literal["waiting", "heard", "failed"]
Listing = Literal["", "unknown", "coming", "done", "no"]
"""On the list: not decided, it is not known who spoke, under way, through, not to be."""


class Shape(BaseModel):
    """Refuse unknown fields, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Origin(Shape):
    """The chat that a note came in, and as far as known who spoke."""

    channel: str
    chat: str
    account: str = "default"
    thread: str = ""
    agent: str = ""
    sender: str = Field(default="", description="Empty as long as the channel has not said")
    chat_type: ChatType = ChatType.UNKNOWN
    forwarded: bool = False

    @property
    def key(self) -> str:
        """Return the chat, as the keys of records begin."""
        return chat_key(self.scope())

    def scope(self) -> Scope:
        """Return who spoke where."""
        sender = self.sender or "unknown"
        return Scope(self.agent or LOCAL.agent, self.channel, self.account, self.chat, sender, self.chat_type)


def chat_key(scope: Scope) -> str:
    """Return the beginning of the keys of what belongs to a chat."""
    return f"{scope.channel}:{scope.account}:{scope.chat}|"


class Problem(Shape):
    """Why a note was not heard, in an error's words."""

    code: str
    message: str
    hint: str = ""


class Note(Shape):
    """One recording, from the moment it was taken."""

    version: Literal[1] = 1
    id: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the recording")
    name: str = Field(description="What it is called where it came from")
    source: Source
    origin: Origin | None = Field(default=None, description="None: the owner's own, from this machine")
    bytes: int = Field(ge=0)
    seconds: float = Field(
        default=0, ge=0, description="Length as its size lets one guess, before it is heard"
    )
    language: str = ""
    engine: str = ""
    wanted: bool = Field(default=True, description="Whether it may go on the list")
    received_at: AwareDatetime
    state: State = "waiting"
    round: int = Field(default=0, ge=0, description="How often it was queued")
    starts: int = Field(default=0, ge=0, description="Tries in a row that were cut off without an error")
    deaths: int = Field(default=0, ge=0, description="Tries that ended the transcriber's process")
    next_try: datetime | None = None
    problem: Problem | None = None
    transcript: Transcript | None = None
    file: str = Field(default="", description="Of the transcript, in the shared workspace")
    late: bool = Field(default=False, description="Nobody waits for the transcript any more: it is sent")
    listing: Listing = ""

    @property
    def text(self) -> str:
        """Return what was heard."""
        return self.transcript.text if self.transcript else ""


class Telling(Shape):
    """What a chat is to be told about a note, once."""

    version: Literal[1] = 1
    note: str
    origin: Origin
    state: Literal["coming", "promised", "ready", "offered"]
    text: str = Field(default="", description="The message, as it is sent when no reply says it")
    words: tuple[str, ...] = Field(default=(), description="Each must come up in a reply that tells it")
    alone: bool = Field(default=False, description="Sent as it is: no prompt carries it")
    run: str = Field(default="", description="The turn whose prompt carried it")
    since: AwareDatetime
    tries: int = 0
