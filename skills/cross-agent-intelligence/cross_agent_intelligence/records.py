"""The records of this skill in the store, each of version 1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clawcortex.skills.context import Context
from clawcortex.store.records import ChatType, Memory, Scope

PLACES = "signals.places"
"""How far the stream of memories was read, one place for names and one for meaning."""
HEADS = "signals.heads"
"""The inverted index: by entity and audience, who heard of it."""
JOINED = "signals.joined"
"""By entity: the one that it turned out to be."""
TURNS = "signals.turns"
"""By memory: the heads that it stands in, so that forgetting it takes it out of them."""
RAISED = "signals.raised"
WAITING = "signals.waiting"
"""By agent and audience: the signals that the agent has not been told yet."""
SUBSCRIPTIONS = "signals.subscriptions"
LAST = "\U0010ffff"
"""Sorts behind every key that begins with what stands before it."""
RECENT = 3
"""Memories of an agent that a head names."""
Because = Literal["name", "meaning"]


class Part(BaseModel):
    """A part of a record; what a newer version adds is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Record(Part):
    """One document."""

    version: Literal[1] = 1


class Heard(Part):
    """What one agent heard of an entity."""

    count: int = Field(ge=0)
    last: float = Field(description="Seconds since the epoch when it was said")
    recent: tuple[int, ...] = Field(description="`n` of the newest memories, the newest last")


class Told(Part):
    """A signal that was raised."""

    signal: str
    n: int
    at: float


class Head(Record):
    """One entity in one audience: everything that detection needs to read for a mention."""

    entity: str
    audience: str
    kind: str
    names: dict[str, int] = Field(default_factory=dict, description="As it was called here, and how often")
    agents: dict[str, Heard] = Field(default_factory=dict)
    raised: tuple[Told, ...] = ()

    @property
    def name(self) -> str:
        """Return what it is called here: the most frequent name, the longest of them."""
        return max(self.names, key=lambda name: (self.names[name], len(name)), default="")

    @property
    def key(self) -> str:
        """Return where it is stored."""
        return head_key(self.entity, self.audience)


class Place(Part):
    """Where something was said."""

    agent: str
    channel: str
    account: str
    chat: str
    sender: str
    chat_type: ChatType

    @classmethod
    def of(cls, scope: Scope) -> Place:
        """Return a memory's scope as it is stored."""
        return cls(
            agent=scope.agent, channel=scope.channel, account=scope.account, chat=scope.chat,
            sender=scope.sender, chat_type=scope.chat_type,
        )  # fmt: skip

    @property
    def scope(self) -> Scope:
        """Return it as a memory's scope."""
        return Scope(self.agent, self.channel, self.account, self.chat, self.sender, self.chat_type)


class Parts(Part):
    """What a score is made of, each in [0, 1]."""

    novelty: float
    agents: float
    recency: float
    importance: float


class Signal(Record):
    """One entity, or one matter, in the contexts of two or more agents of one audience; holds no word of anybody."""

    id: str
    entity: str
    audience: str
    kind: str
    because: Because
    agents: tuple[str, ...] = Field(description="In whose contexts it stands, who heard of it now first")
    to: tuple[str, ...] = Field(description="Who is told")
    score: float = Field(ge=0, le=1)
    parts: Parts
    n: int = Field(description="The memory that is news")
    said_at: datetime
    said_in: Place
    raised_at: datetime


class Subscription(Record):
    """What an agent wants to hear of an entity, or of all."""

    agent: str
    entity: str = Field(description='"*" for all')
    follow: bool = Field(default=False, description="Told of it although it is in no context of its own")
    muted: bool = False
    snoozed_until: datetime | None = None
    threshold: float | None = Field(default=None, ge=0, le=1)
    audience: str = Field(default="", description="Where it counts; empty for everywhere")


Shape = TypeVar("Shape", bound=Record)


def digest(words: str) -> str:
    """Return what words are known by where they themselves need not stand."""
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def head_key(entity: str, audience: str) -> str:
    """Return the key of a head; those of one entity stand together."""
    return f"{entity}/{digest(audience)}"


def turn_key(n: int) -> str:
    """Return the key of what is known of a memory; keys sort as numbers do."""
    return f"{n:015}"


def waiting_prefix(agent: str, audience: str) -> str:
    """Return how the keys of what waits for an agent in an audience begin; no name leads out of it."""
    return f"{plain(agent)}/{digest(audience)}/"


def plain(name: str) -> str:
    """Return a name as a part of a key: an agent may be called "../x"."""
    return quote(name, safe="", errors="surrogatepass")


def moment(at: datetime) -> str:
    """Return how the ids of this moment begin; they sort by time."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S}"


def from_epoch(seconds: float) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def read(context: Context, collection: str, key: str, shape: type[Shape]) -> Shape | None:
    """Return a record; None when there is none, or one that this version cannot read."""
    found = context.store.get_record(collection, key)
    return None if found is None else parsed(context, collection, key, found, shape)


def every(
    context: Context, collection: str, shape: type[Shape], *, after: str = "", until: str = ""
) -> Iterator[tuple[str, Shape]]:
    """Yield a collection's records of after < key < until, by key."""
    for key, value in context.store.list_records(collection, after=after, until=until).items():
        if (one := parsed(context, collection, key, value, shape)) is not None:
            yield key, one


def parsed(context: Context, collection: str, key: str, found: object, shape: type[Shape]) -> Shape | None:
    """Return a document as its shape; None, with a line in the log, when it is none."""
    try:
        return shape.model_validate(found)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        context.log.warning("%s %s cannot be read: %s", collection, key, fault["msg"])
        return None


def dumped(record: Record) -> dict[str, object]:
    """Return a record as a document."""
    made: dict[str, object] = record.model_dump(mode="json")
    return made


def said(memory: Memory) -> float:
    """Return when a memory was said, in seconds since the epoch."""
    return memory.created_at.timestamp()
