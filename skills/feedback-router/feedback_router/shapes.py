"""What goes into and comes out of every operation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from feedback_router.asking import CATEGORY, DESCRIPTION, TITLE
from feedback_router.callback import ID
from feedback_router.records import Policy, Shape, State, Via
from feedback_router.statistics import Pattern

OWNERS: dict[str, JsonValue] = {"x-owner": True}
"""Marks what a tool does not show: it is told by OpenClaw, not by the agent."""
Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=CATEGORY)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Identifier = Annotated[str, StringConstraints(pattern=f"^{ID.pattern}$")]
HOUR = 3_600
LONGEST_S = 30 * 24 * HOUR


class AskInput(Shape):
    """A question for a person."""

    title: str = Field(min_length=1, max_length=TITLE, description="The question, in one line")
    description: str = Field(
        default="", max_length=DESCRIPTION, description="What the person must know to decide"
    )
    category: Word = Field(default="general", description="What kind of thing: deploy, mail, money, …")
    options: list[str] = Field(
        default_factory=list,
        max_length=8,
        description="Answers to choose from, 2 to 8; default Approve, Reject, Edit, Skip",
    )
    expires_in: int = Field(default=24 * HOUR, ge=1, le=LONGEST_S, description="Seconds until it is too late")
    on_expiry: Policy = Field(
        default="skip", description="skip: it ends unanswered; escalate: the owner gets as much time again"
    )
    channel: Name = Field(default="", description="With target: where to ask; default this chat")
    target: Name = Field(default="", description="The chat's id in that channel; an owner's or this one")
    dedupe_key: Name = Field(
        default="", description="Names what is decided: asked again, it returns the first question's answer"
    )
    agent: Name = Field(
        default="", description="Who asks; default the default agent", json_schema_extra=OWNERS
    )
    account: Name = Field(default="default", json_schema_extra=OWNERS)
    thread: Name = Field(default="", json_schema_extra=OWNERS)
    urgent: bool = Field(default=False, description="Ask in quiet hours, too", json_schema_extra=OWNERS)
    allowed: list[Name] = Field(
        default_factory=list,
        max_length=50,
        description='Who may answer beside the owners, as "telegram:111"; needed in a group',
        json_schema_extra=OWNERS,
    )


class AskOutput(Shape):
    """What became of a question: its state now, with the answer once there is one."""

    id: str
    fresh: bool = Field(description="False: asked before under this dedupe_key")
    state: Literal["open"] | State
    choice: str = Field(
        default="", description="approve, reject, edit, skip, an own option, expired, cancelled"
    )
    text: str = Field(default="", description="What an edit says instead")
    reason: str = ""
    asked_at: datetime
    expires_at: datetime | None
    sent_to: str = Field(description='The chat, as "telegram:111"; empty: only the command line can answer')


class AnswerInput(Shape):
    """The owner's answer from the command line."""

    id: Identifier
    choice: Name = Field(description="approve, reject, edit, skip, or an own option as `pending` shows it")
    text: str = Field(default="", max_length=8_000, description="With edit: what it says instead")
    reason: str = Field(default="", max_length=8_000)


class Decided(Shape):
    """A decision."""

    id: str
    state: State
    choice: str
    text: str
    reason: str
    by: str
    name: str
    via: Via
    agent: str
    category: str
    title: str
    asked_at: datetime
    answered_at: datetime


class CancelInput(Shape):
    """An open question that nobody needs to answer any more."""

    id: Identifier
    reason: str = Field(default="", max_length=2_000)


class PendingInput(Shape):
    """Which open questions to show."""

    agent: Name = ""
    limit: int = Field(default=50, ge=1, le=1_000)


class Waiting(Shape):
    """An open question."""

    id: str
    agent: str
    category: str
    title: str
    description: str
    options: dict[str, str] = Field(description="Label of each choice")
    asked_at: datetime
    expires_at: datetime | None
    sent_to: str
    sent: bool = Field(description="False: it waits for quiet hours, a rate limit or the gateway")


class PendingOutput(Shape):
    """Open questions, oldest first."""

    count: int = Field(description="All there are, shown or not")
    asks: list[Waiting]
    digest: str = Field(description="The same for a chat")


class PatternsInput(Shape):
    """Over which time to look for patterns."""

    days: int = Field(default=90, ge=1, le=3_650)
    write: bool = Field(
        default=False, description="Write feedback/decision-patterns.json in the workspace, too"
    )


class ReportInput(Shape):
    """Which agent to report on."""

    agent: Name
    days: int = Field(default=30, ge=1, le=3_650)
    limit: int = Field(default=20, ge=1, le=200, description="Most decisions listed, the newest")


class ReportOutput(Shape):
    """How one agent's questions were answered."""

    agent: str
    since: datetime
    all: Pattern
    categories: list[Pattern]
    decisions: list[Decided] = Field(description="Newest first")
    waiting: int
    digest: str
