"""A conversation's messages as OpenClaw stores them, and the turns they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

Role = Literal["user", "assistant", "tool"]
ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "toolResult": "tool", "tool": "tool"}
"""Every other role (compactionSummary, system) is OpenClaw's own and no turn."""

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


def objects(value: object) -> object:
    """Return the objects of a list, without what is none; an empty list for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def an_object(value: object) -> object:
    """Return an object, empty for anything else."""
    return value if isinstance(value, dict) else {}


class Part(BaseModel):
    """Read OpenClaw's camelCase, ignore what it adds later."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        coerce_numbers_to_str=True,
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, as text."""

    role: Role
    text: str
    at: datetime | None = None
    ref: str = ""
    """The same for a message in `agent_end` and in `before_reset`; a user's time of day is not."""
    tool: str = ""
    """Name of the tool whose result it is."""
    sender: str = ""
    sender_name: str = ""
    channel: str = ""
    account: str = ""


class Transport(Part):
    """How a message came in."""

    channel: Text = ""


class Identity(Part):
    """Which account of the channel saw the sender."""

    account_id: Text = ""


class Origin(Part):
    """Who wrote a stored message; absent in the newest messages of `agent_end`."""

    sender_id: Text = ""
    sender_name: Text = ""
    sender_identity: Annotated[Identity, BeforeValidator(an_object)] = Identity()
    transport: Annotated[Transport, BeforeValidator(an_object)] = Transport()


class Message(Part):
    """One stored message, of any provider."""

    role: Text = ""
    content: Any = ""
    timestamp: Any = None
    idempotency_key: Text = ""
    response_id: Text = ""
    tool_call_id: Text = ""
    tool_name: Text = ""
    origin: Annotated[Origin, BeforeValidator(an_object)] = Field(default=Origin(), alias="__openclaw")

    @property
    def text(self) -> str:
        """Return the text parts, one a line; pictures and tool calls have none."""
        if isinstance(self.content, str):
            return self.content
        parts = self.content if isinstance(self.content, list) else []
        texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
        return "\n".join(text for text in texts if isinstance(text, str))

    @property
    def at(self) -> datetime | None:
        """Return when it was said; OpenClaw counts milliseconds since 1970."""
        if not isinstance(self.timestamp, int | float) or not 0 < self.timestamp < 1e14:
            return None
        return datetime.fromtimestamp(self.timestamp / 1000, tz=UTC)

    def turn(self) -> Turn | None:
        """Return the message as a turn, or None when it says nothing to anyone."""
        role = ROLES.get(self.role)
        if role is None or (role != "tool" and not self.text.strip()):
            return None
        made = f"{self.timestamp}" if isinstance(self.timestamp, int | float) else ""
        ref = self.idempotency_key or self.tool_call_id or self.response_id or made
        origin = self.origin
        return Turn(
            role,
            self.text,
            self.at,
            ref,
            self.tool_name,
            origin.sender_id,
            origin.sender_name,
            origin.transport.channel,
            origin.sender_identity.account_id,
        )


def turns_of(messages: Iterable[Message]) -> list[Turn]:
    """Return the messages that say something."""
    return [turn for message in messages if (turn := message.turn()) is not None]
