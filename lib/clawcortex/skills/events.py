"""What the skills tell each other through the durable event log: one class a kind, with a generated schema.

    context.store.amend([write], events=[DecisionAnswered(...).new()])
    answered = DecisionAnswered.of(event)

A field may be added with a default, never taken away or given another meaning: events of years ago are read again.
Titles, descriptions, texts and reasons are as people and models wrote them, neither cut nor escaped.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from clawcortex.errors import InputError
from clawcortex.store.records import Event, NewEvent

Name = Annotated[str, Field(min_length=1)]


class Payload(BaseModel):
    """One kind of event. What a newer version adds is ignored by an older one."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    event: ClassVar[str]
    """The kind under which it stands in the log."""
    schema_version: ClassVar[int] = 1

    def new(self) -> NewEvent:
        """Return the event as the store adds it."""
        return NewEvent(self.event, self.model_dump(mode="json"))

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return the payload of an event of this kind; InputError for another kind or a payload that is none."""
        if event.kind != cls.event:
            raise InputError(f"event {event.seq} is of kind {event.kind!r}, not {cls.event!r}")
        try:
            return cls.model_validate(event.payload)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "payload"
            raise InputError(
                f"event {event.seq} ({event.kind}): {where}: {first['msg']}",
                hint=f"Write such events with clawcortex.skills.events.{cls.__name__}.",
            ) from error


class DecisionWanted(Payload):
    """A skill wants a person to decide; the feedback router asks."""

    event: ClassVar[str] = "decision.wanted"
    key: Name = Field(description="Asked once a key: lesson:01J…")
    agent: Name
    title: Name
    description: str = ""
    category: str = ""
    options: tuple[Name, ...] = Field(default=(), description="None given: Approve, Reject, Edit, Skip")
    by: Name = Field(description="The skill that wants it")


class DecisionAsked(Payload):
    """A person was asked."""

    event: ClassVar[str] = "decision.asked"
    ask_id: Name
    key: str = ""
    agent: Name
    category: str = ""
    title: Name
    asked_at: AwareDatetime
    expires_at: AwareDatetime | None = None


class DecisionAnswered(Payload):
    """An ask came to its end: a person chose, or it expired or was cancelled. One for each ask."""

    event: ClassVar[str] = "decision.answered"
    ask_id: Name
    key: str = ""
    agent: Name
    category: str = ""
    title: Name
    description: str = ""
    choice: Name = Field(
        description="approve, reject, edit, skip, an option of the ask, expired or cancelled"
    )
    text: str = Field(default="", description="What the person wrote in its place, of an edit")
    reason: str = ""
    by: Name = Field(description="Who: telegram:111, owner")
    via: Literal["button", "text", "cli", "expiry"]
    asked_at: AwareDatetime
    answered_at: AwareDatetime


class DecisionExplained(Payload):
    """A reason that came after the answer."""

    event: ClassVar[str] = "decision.explained"
    ask_id: Name
    reason: Name


class FeedbackRecorded(Payload):
    """Feedback on what an agent did went into the feedback log."""

    event: ClassVar[str] = "feedback.recorded"
    feedback_id: Name
    kind: Literal["approve", "reject", "edit", "skip"]
    agent: Name
    subject: Name
    reason: str = ""
    at: AwareDatetime
    ask_id: str = Field(default="", description="Of the ask it answers, if it does")


class LessonPromoted(Payload):
    """A mistake that recurred became a lesson that prompts carry."""

    event: ClassVar[str] = "lesson.promoted"
    lesson_id: Name
    text: Name
    agents: tuple[Name, ...]
    count: int = Field(ge=1, description="How often the mistake was seen")


class PrioritiesChanged(Payload):
    """PRIORITIES.md was written for what somebody said, or a write was taken back."""

    event: ClassVar[str] = "priorities.changed"
    version: Name
    by: Name
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    conflicts: int = Field(default=0, ge=0, description="Left to the person, listed at the end of the file")


class VoiceTranscribed(Payload):
    """A recording became text. The words are as they were heard: data, whoever spoke."""

    event: ClassVar[str] = "voice.transcribed"
    note: Name = Field(description="SHA-256 of the recording")
    text: str = ""
    silence: str = Field(default="", description="Why the text is empty")
    language: str = ""
    seconds: float = Field(default=0, ge=0)
    said_at: AwareDatetime
    speaker: Name = Field(description="telegram:111, telegram:unknown, or owner for one from this machine")
    file: str = Field(default="", description="The transcript with its times, in the shared workspace")


class SignalRaised(Payload):
    """Two or more agents heard of the same; `cross-agent-intelligence signals` shows what, to those who may know."""

    event: ClassVar[str] = "signal.raised"
    signal_id: Name
    kind: Name = Field(description="person, company, …; matter for the same in other words")
    agents: tuple[Name, ...] = Field(description="In whose contexts it stands, who heard of it now first")
    to: tuple[Name, ...] = Field(description="Who is told in the next prompt")
    score: float = Field(ge=0, le=1)
    at: AwareDatetime


class SyncWritten(Payload):
    """What the agents learned on a day was written, or written again because it changed."""

    event: ClassVar[str] = "sync.written"
    day: Name = Field(description="2026-11-23")
    file: str = ""
    agents: tuple[Name, ...] = ()


KINDS: dict[str, type[Payload]] = {
    model.event: model
    for model in (
        DecisionWanted,
        DecisionAsked,
        DecisionAnswered,
        DecisionExplained,
        FeedbackRecorded,
        LessonPromoted,
        PrioritiesChanged,
        VoiceTranscribed,
        SignalRaised,
        SyncWritten,
    )
}
"""The class of each kind."""
