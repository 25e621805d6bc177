"""What the operations take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from clawcortex.text.clean import clean
from cross_agent_intelligence.recognising.shapes import LONGEST_NAME
from cross_agent_intelligence.records import Parts

Agent = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class Shape(BaseModel):
    """Values that cross the border; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class DetectInput(Shape):
    """Nothing to choose."""


class ShownSignal(Shape):
    """One signal."""

    id: str
    entity: str
    name: str = Field(
        description="As it is called where it was said; empty for the same matter in other words"
    )
    kind: str
    because: Literal["name", "meaning"]
    agents: list[str] = Field(description="In whose contexts it stands, who heard of it now first")
    told: list[str] = Field(description="Who is told")
    score: float
    parts: Parts
    said_at: datetime
    raised_at: datetime
    words: str = Field(description="What was said; empty where only that it was said may be told")


class Detected(Shape):
    """What was brought up to date."""

    read: int = Field(description="Memories that were taken in now")
    mentions: int
    signals: list[str] = Field(description="Ids of the signals that were raised now")
    dropped: int = Field(description="Records that were too old, or whose memories are gone")
    file: str = Field(description="cross-signals.json; empty when it was not written")


class SignalsInput(Shape):
    """Choose signals."""

    agent: Agent = Field(default="", description="In whose contexts they stand; an agent sees its own only")
    entity: str = Field(default="", max_length=LONGEST_NAME, description="Id or name")
    since: AwareDatetime | None = None
    least: float = Field(default=0.0, ge=0, le=1, description="Least score")
    limit: int = Field(default=20, ge=1, le=500)


class SignalsOutput(Shape):
    """Signals, the newest first."""

    signals: list[ShownSignal]


class EntitiesInput(Shape):
    """Choose entities."""

    name: str = Field(default="", max_length=LONGEST_NAME, description="A name or a part of one")
    agent: Agent = Field(default="", description="Of whose contexts")
    kind: str = Field(default="", max_length=20)
    limit: int = Field(default=50, ge=1, le=1_000)


class Alias(Shape):
    """One name of an entity."""

    name: str
    count: int
    why: str = Field(description="By which rule it is a name of it; empty for the first one")


class ShownEntity(Shape):
    """Someone or something that agents heard of."""

    id: str
    name: str
    kind: str
    count: int
    confirmed: bool = Field(description="A person linked or unlinked a name of it")
    aliases: list[Alias]
    agents: dict[str, int] = Field(description="Mentions within the window, by agent")


class EntitiesOutput(Shape):
    """Entities, the most often mentioned first."""

    entities: list[ShownEntity]


class LinkInput(Shape):
    """Say what a name means, or does not mean."""

    name: Name = Field(description="As it is written")
    entity: Name = Field(description="Id, as `entities` shows it, or a name that only one entity has")


class Linked(Shape):
    """What the name means now."""

    entity: str
    name: str
    aliases: list[str]
    joined: list[str] = Field(description="Ids of entities that turned out to be this one")


class SubscribeInput(Shape):
    """Say what an agent wants to hear."""

    entity: str = Field(default="", max_length=LONGEST_NAME, description="Id or name; empty for all")
    agent: Agent = Field(default="", description="Default: the agent that calls, else the default agent")
    action: Literal["follow", "mute", "snooze", "threshold", "clear"]
    hours: float = Field(default=24.0, gt=0, le=24 * 365, description="Of a snooze")
    threshold: float = Field(default=0.5, ge=0, le=1, description="Least score to be told of")


class Subscribed(Shape):
    """What the agent wants to hear now."""

    agent: str
    entity: str
    follow: bool
    muted: bool
    snoozed_until: datetime | None
    threshold: float | None


class SyncInput(Shape):
    """Choose a day."""

    day: str = Field(
        default="",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        description="Default: today, and what came late yesterday",
    )


class AgentDay(Shape):
    """How much of one agent's day stands in the file."""

    agent: str
    learned: int
    decided: int
    wrong: int
    waiting: int
    withheld: int = Field(description="Statements that other agents may not see")


class SyncedDay(Shape):
    """One day."""

    day: str
    file: str = Field(description="Empty when there was nothing to write, or it could not be written")
    changed: bool
    agents: list[AgentDay]


class Synced(Shape):
    """What was written."""

    days: list[SyncedDay]
    nodes: list[str] = Field(description="Machines beside the gateway's own on which agents may run now")
    warnings: list[str]


def tidy(name: str) -> str:
    """Return a name on one line, "" for one that no letter and no digit is in."""
    if not any(sign.isalnum() for sign in name):
        return ""
    return " ".join(clean(" ".join(name.split())).split())
