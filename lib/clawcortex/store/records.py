"""What the store holds: scopes, memories and their life, as plain frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Provenance(StrEnum):
    """Who a text comes from. Untrusted text is never put into a prompt unasked."""

    OWNER = "owner"
    AGENT = "agent"
    UNTRUSTED = "untrusted"
    SYSTEM = "system"


class ChatType(StrEnum):
    """What kind of conversation; unknown counts as a group."""

    PRIVATE = "private"
    GROUP = "group"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scope:
    """Say where a memory was made: agent, channel, account, chat, sender. Never the session key alone."""

    agent: str = "main"
    channel: str = "local"
    account: str = "default"
    chat: str = "local"
    sender: str = "owner"
    chat_type: ChatType = ChatType.PRIVATE

    @property
    def person(self) -> str:
        """Return the sender as settings name one: "telegram:111"."""
        return f"{self.channel}:{self.sender}"


LOCAL = Scope()
"""The owner at the machine itself: command line, scripts."""


REPLAYED = "turn:"
"""Begins the keys of what OpenClaw may send again by itself: they stay known when the memory is forgotten."""


@dataclass(frozen=True, slots=True)
class NewMemory:
    """Describe one memory to be stored; `key` makes storing it twice store it once."""

    text: str
    key: str
    created_at: datetime
    scope: Scope = LOCAL
    turn: str = ""
    """ULID of the text this is a part of, and the id of its first part; empty: the store gives one."""
    part: int = 0
    session: str = ""
    speaker: str = ""
    provenance: Provenance = Provenance.OWNER
    source_ref: str = ""
    importance: float = 0.5
    pinned: bool = False
    terms: tuple[str, ...] = ()
    """Stems for full-text search, in order, from `text.terms`."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One stored memory. `n` is its position in the order of storing, from 1, never used again."""

    n: int
    id: str
    turn: str
    part: int
    text: str
    created_at: datetime
    recorded_at: datetime
    scope: Scope
    session: str
    speaker: str
    provenance: Provenance
    source_ref: str
    importance: float
    pinned: bool
    superseded_by: str = ""
    """Id of the newer memory that took its place; it is history then, from `created_at` to `valid_to`."""
    valid_to: datetime | None = None
    duplicate_of: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """Say what became of one NewMemory; `fresh` is False when its key was known already.

    What was forgotten and comes again is not stored: it has no id, and `n` is 0.
    """

    id: str
    n: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Choose memories; every given field must match.

    To delete, an empty selection matches nothing; to read, everything.
    """

    ids: tuple[str, ...] = ()
    """Memory ids or turn ids."""
    session: str = ""
    agent: str = ""
    chat: str = ""
    since: datetime | None = None
    until: datetime | None = None
    positions: tuple[int, ...] = ()
    """Values of `n`."""
    superseded_by: tuple[str, ...] = ()
    """Ids of memories whose predecessors are meant."""
    after: int = 0
    """Only memories with a greater `n`: for reading page by page."""

    @property
    def empty(self) -> bool:
        """Return whether nothing was chosen."""
        return self == Selection(after=self.after)


@dataclass(frozen=True, slots=True)
class Write:
    """One document as it shall be, provided that it still is as it was seen."""

    collection: str
    key: str
    before: Mapping[str, object] | None
    """What must stand there, compared by value; None: nothing does."""
    after: Mapping[str, object] | None
    """None removes it; the same as `before` only makes sure of it."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One line to be added to the durable event log."""

    kind: str
    payload: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the durable event log."""

    seq: int
    kind: str
    at: datetime
    payload: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One leased unit of work."""

    id: str
    kind: str
    payload: dict[str, object]
    attempts: int


@dataclass(frozen=True, slots=True)
class Audit:
    """One line of who changed what."""

    at: datetime
    actor: str
    operation: str
    subject: str
    details: dict[str, object] = field(default_factory=dict)
    seq: int = 0
    digest: str = ""
    """Its seal, over the line and the seal before; empty on lines older than seals."""
