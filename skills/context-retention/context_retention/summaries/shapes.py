"""The record of one summary, version 1, and what `summarize` and `summaries` take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from clawcortex.periods import Kind
from clawcortex.skills.visibility import UNKNOWN
from clawcortex.store.records import ChatType, Scope
from context_retention.shapes import Moment, Name, Shape

Method = Literal["model", "extractive"]


class Item(Shape):
    """One statement with the turns that it stands on."""

    text: str
    turns: tuple[str, ...] = Field(min_length=1, description="Ids of the turns it comes from")
    speaker: str = ""
    at: datetime
    source: str = Field(default="", description="Key of the smaller summary it was taken from")


class Action(Item):
    """Something to be done."""

    who: str = ""
    due: str = Field(default="", description="As it was said")


class Question(Item):
    """Something asked and not answered."""

    waiting: bool = Field(default=False, description="True when nobody else spoke afterwards")


class Relation(Item):
    """How two names stand to each other; `text` is the sentence."""

    subject: str
    relation: str
    object: str


class Mood(Item):
    """Where somebody's mood turned, in their words."""

    turned: Literal["better", "worse"]


class Counted(Shape):
    """A topic or a name, in how many turns, and the first of them."""

    name: str
    count: int
    turns: tuple[str, ...] = Field(min_length=1)


class Chat(Shape):
    """Where it was said: whoever may see a memory of this chat may see the section."""

    agent: str
    channel: str
    account: str
    chat: str
    sender: str = UNKNOWN
    chat_type: ChatType
    name: str = Field(description="What the chat is called in the file")

    @property
    def scope(self) -> Scope:
        """Return the chat as a memory's scope."""
        return Scope(self.agent, self.channel, self.account, self.chat, self.sender, self.chat_type)


class Section(Shape):
    """What was said in one chat."""

    chat: Chat
    turns: int
    speakers: dict[str, int] = Field(description="Turns by speaker")
    opened_by: str = Field(description="Who spoke first: an answer to the question before")
    highlights: tuple[Item, ...] = ()
    decisions: tuple[Item, ...] = ()
    actions: tuple[Action, ...] = ()
    questions: tuple[Question, ...] = ()
    moods: tuple[Mood, ...] = ()
    relations: tuple[Relation, ...] = ()
    entities: tuple[Counted, ...] = ()
    topics: tuple[Counted, ...] = ()
    tools: dict[str, int] = Field(default_factory=dict)


class Skipped(Shape):
    """A turn that could not be read."""

    position: int = Field(description="Its place in the store, `n`")
    reason: str


class Summary(Shape):
    """One period of one agent."""

    version: Literal[1] = 1
    agent: str
    period: Kind
    start: str = Field(description='Its key: "2026-11-20T08:00Z", "2026-11-20" or "2026-W47"')
    label: str
    file: str
    begins: datetime
    ends: datetime
    method: Method
    why: str = Field(default="", description="Why no model wrote it")
    digest: str = Field(description="Of what it was made from: another digest, another summary")
    newest: int = Field(default=0, description="Greatest position among the turns")
    rows: int = Field(default=0, description="Stored parts of turns it was made from")
    sources: tuple[str, ...] = Field(default=(), description="Keys of the smaller summaries")
    labels: dict[str, str] = Field(default_factory=dict, description="What each of the sources is called")
    skipped: tuple[Skipped, ...] = ()
    dropped: int = Field(default=0, description="Statements of the model without a source")
    sections: tuple[Section, ...]

    @property
    def turns(self) -> int:
        """Return how many turns it covers."""
        return sum(section.turns for section in self.sections)


class SummarizeInput(Shape):
    """Which summaries to bring up to date."""

    period: Kind = Field(default="hour", description="Smaller ones that are missing are made first")
    agent: Name = Field(default="", description="Default every agent")
    since: Moment | None = Field(
        default=None, description="First moment to look at; default a little before the last one made"
    )


class Made(Shape):
    """One summary that was made."""

    agent: str
    period: Kind
    start: str
    method: str
    turns: int


class Unreadable(Skipped):
    """A turn that could not be read, and where it was met."""

    agent: str
    start: str


class Summarized(Shape):
    """What was made."""

    made: list[Made]
    unchanged: int = Field(description="Summaries that were up to date")
    pending: int = Field(description="Periods left for the next run")
    files: list[str] = Field(description="Files that were written")
    edited: list[str] = Field(description="Parts of files that a person changed: left as they are")
    skipped: list[Unreadable]
    dropped: int = Field(description="Statements of the model without a source, left out")
    warnings: list[str]


class SummariesInput(Shape):
    """Which summaries to show."""

    agent: Name = Field(default="main")
    period: Kind = "day"
    since: Moment | None = None
    until: Moment | None = None
    limit: int = Field(default=7, ge=1, le=1_000, description="The newest so many")


class Shown(Shape):
    """One summary as it stands in its file."""

    start: str
    method: str
    turns: int
    markdown: str


class SummariesOutput(Shape):
    """Summaries, oldest first."""

    summaries: list[Shown]
