"""What the router keeps in the store, each with its version: asks, decisions, waits, messages, paces.

feedback.asks        Ask       open questions, by id
feedback.decisions   Decision  the same, once they are answered, expired or cancelled, by the same id
feedback.keys        {"ask"}   which ask a dedupe key belongs to, for good
feedback.waits       Wait      what the next message of a person in a chat is taken for
feedback.messages    Message   which asks stand in a message that was sent
feedback.numbers     Number    what a number stands for in a chat without buttons
feedback.paces       Pace      how fast a chat was written to
feedback.news        {"ask"}   decisions that the agent was not told yet
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ASKS, DECISIONS, KEYS, WAITS = "feedback.asks", "feedback.decisions", "feedback.keys", "feedback.waits"
MESSAGES, NUMBERS, PACES = "feedback.messages", "feedback.numbers", "feedback.paces"
NEWS = "feedback.news"

State = Literal["answered", "expired", "cancelled"]
Via = Literal["button", "text", "cli", "expiry"]
Policy = Literal["skip", "escalate"]


class Shape(BaseModel):
    """Refuse unknown fields, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(Shape):
    """One answer that is offered."""

    key: str = Field(pattern=r"^[a-z0-9]{1,12}$", description="What the button carries")
    label: str = Field(min_length=1, max_length=40)

    @property
    def choice(self) -> str:
        """Return what is recorded: the word of a known option, the label of an own one."""
        return self.key if self.key in STANDARD else self.label


STANDARD = {"approve": "Approve", "reject": "Reject", "edit": "Edit", "skip": "Skip"}
"""The known options and their labels."""
RESERVED = frozenset({"expired", "cancelled"})
DEFAULT_OPTIONS = tuple(Option(key=key, label=label) for key, label in STANDARD.items())


class Place(Shape):
    """A chat."""

    channel: str
    target: str
    account: str = "default"
    thread: str = ""

    @property
    def key(self) -> str:
        """Return the chat's name in keys of records; it may hold anything a channel uses."""
        return f"{self.channel}|{self.account}|{self.target}|{self.thread}"

    def is_chat(self, channel: str, account: str, chat: str) -> bool:
        """Return whether this is the chat; its threads are the same people."""
        return (self.channel, self.account or "default", self.target) == (channel, account or "default", chat)


class Ask(Shape):
    """A question that waits for its answer."""

    version: Literal[1] = 1
    id: str
    key: str = Field(default="", description="Names what is decided; asked once")
    agent: str
    by: str = Field(description='Who asks: "agent:main", "owner" or the name of a skill')
    category: str
    title: str
    description: str = ""
    options: tuple[Option, ...]
    asked_at: datetime
    expires_at: datetime | None = None
    on_expiry: Policy = "skip"
    place: Place | None = Field(default=None, description="None: only `answer` can answer it")
    origin: Place | None = Field(default=None, description="The chat in which the agent asked")
    allowed: tuple[str, ...] = Field(
        default=(), description='Who may answer beside the owners, "telegram:111"'
    )
    live: bool = Field(
        default=False, description="Urgent, or asked while its person was talking: no quiet hours"
    )
    messages: tuple[str, ...] = Field(default=(), description="Keys of the messages that show it")
    escalated: bool = False

    def option(self, key: str) -> Option | None:
        """Return the option with this key."""
        return next((one for one in self.options if one.key == key), None)


class Decision(Shape):
    """An ask that is over."""

    version: Literal[1] = 1
    ask: Ask
    state: State
    choice: str
    text: str = Field(default="", description="What an edit says instead")
    reason: str = ""
    by: str = Field(default="", description='"telegram:111", "owner"')
    name: str = Field(default="", description="What that person is called")
    via: Via
    answered_at: datetime


class Wait(Shape):
    """What the next message of a person in a chat is taken for."""

    version: Literal[1] = 1
    ask: str
    kind: Literal["edit", "reason"]
    until: datetime
    name: str = ""


class Message(Shape):
    """A message with asks in it, as the host gave it back."""

    version: Literal[1] = 1
    place: Place
    agent: str
    asks: tuple[str, ...]
    sent: dict[str, str]
    shown: str = Field(description="Digest of what it shows")
    sent_at: datetime
    numbers: dict[str, int] = Field(
        default_factory=dict, description="First number of each ask where there are no buttons"
    )


class Number(Shape):
    """What one number stands for in a chat without buttons."""

    version: Literal[1] = 1
    ask: str
    option: str


def wait_key(channel: str, account: str, chat: str, sender: str) -> str:
    """Return the key of what a person's next message in a chat is for."""
    return "|".join((channel, account or "default", chat, sender))
