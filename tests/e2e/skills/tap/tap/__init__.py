"""A skill that the end-to-end tests add: it writes to chats, and keeps what is pressed and said there."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import BaseModel

from clawcortex.errors import HostError
from clawcortex.openclaw.host import Button, Sent
from clawcortex.openclaw.payloads import Dispatch, Pressed
from clawcortex.skills.answers import Claim, Reply
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Skill, hook, operation

PRESSES = "tap.presses"


class Nothing(BaseModel):
    """No input."""


class Message(BaseModel):
    """What to write where; with a message's id it is edited."""

    text: str
    agent: str = "main"
    channel: str = "telegram"
    target: str = "111"
    buttons: list[list[str]] = []
    message_id: str = ""


class Outcome(BaseModel):
    """The message as it was sent, or why it was not."""

    message_id: str = ""
    refused: str = ""
    hint: str = ""
    retry_after_s: float | None = None
    uncertain: bool = False


class Texts(BaseModel):
    """Some lines."""

    texts: list[str]


@operation("tell", effect="write")
def tell(context: Context, request: Message) -> Outcome:
    """Write to a chat, or edit what was written."""
    rows = [
        [Button(value.title(), f"clawcortex:{value}", "success") for value in row] for row in request.buttons
    ]
    place = {"agent": request.agent, "channel": request.channel, "target": request.target}
    try:
        if not request.message_id:
            sent = context.host.message(**place, text=request.text, buttons=rows)
            return Outcome(message_id=asdict(sent)["message_id"])
        sent = Sent(**place, account="", thread="", message_id=request.message_id)
        context.host.edit_message(sent, text=request.text, buttons=rows)
    except HostError as error:
        return Outcome(
            refused=error.message,
            hint=error.hint,
            retry_after_s=error.retry_after_s,
            uncertain=error.uncertain,
        )
    return Outcome(message_id=request.message_id)


@operation("presses")
def presses(context: Context, request: Nothing) -> Texts:
    """Return every press that was kept, each once."""
    return Texts(texts=[str(one["line"]) for one in context.store.list_records(PRESSES).values()])


@hook("button_pressed")
def pressed(context: Context, event: Pressed) -> Reply | None:
    """Keep a press once, by its id."""
    scope = event.scope()
    allowed = "allowed" if event.event.is_authorized else "stranger"
    line = f"{event.value} by {scope.channel}:{scope.sender} in {scope.chat} ({scope.chat_type}, {allowed})"
    seen = len(context.store.list_records(PRESSES))  # listed by id, so each has its number
    if context.store.get_record(PRESSES, event.ctx.event_id) is None:
        context.store.put_record(PRESSES, event.ctx.event_id, {"line": f"{seen}: {line}"})
    return None if event.value.endswith(":silent") else Reply(f"Pressed {event.value}.")


@hook("before_dispatch")
def claim(context: Context, event: Dispatch) -> Claim | None:
    """Take what begins with "Mine:"."""
    return Claim(f"Taken: {event.text}") if event.text.startswith("Mine:") else None


skill = Skill(
    name="tap",
    title="Tap",
    summary="Let tests write to chats and see what presses bring.",
    version="1.0.0",
    operations=(tell, presses),
    hooks=(pressed, claim),
)
