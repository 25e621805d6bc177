"""A skill that the server's tests look through: it echoes, waits, fails and lies on demand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from clawcortex.errors import ConflictError, DiskFullError, InputError
from clawcortex.openclaw.payloads import AgentEnd, Dispatch, Pressed, PromptBuild
from clawcortex.skills.answers import Claim, Reply
from clawcortex.skills.context import Context, Progress
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.operation import Command, Grant, Schedule, Skill, consumer, hook, operation
from clawcortex.skills.panel import Act, Row, Table, panel
from clawcortex.store.records import Event, Write

TURNS = "probe_turns"
TOLD = "probe_told"
HEARD = "probe_heard"
PRESSES = "probe_presses"


class Nothing(BaseModel):
    """No input."""


class Words(BaseModel):
    """What to say."""

    text: str = Field(min_length=1, description="Words to say, 100 % as given")
    times: int = Field(default=1, ge=1, le=9)
    weight: float | None = None
    tags: list[str] = Field(default_factory=list)
    loud: bool = False
    mood: Literal["calm", "glad"] | None = None


class Said(BaseModel):
    """What was said, and to whom."""

    text: str
    origin: str
    trusted: bool
    scope: str
    tags: list[str] = Field(default_factory=list)


class Pipe(BaseModel):
    """A named pipe to wait on."""

    path: str


class Count(BaseModel):
    """How many."""

    count: int
    texts: list[str] = Field(default_factory=list)


@operation("echo", expose="agent")
def echo(context: Context, request: Words) -> Said:
    """Say the words again."""
    caller = context.caller
    text = " ".join([request.text] * request.times)
    return Said(
        text=text.upper() if request.loud else text,
        origin=caller.origin,
        trusted=caller.trusted,
        scope=f"{caller.scope.agent}/{caller.scope.channel}:{caller.scope.chat}/{caller.scope.sender}",
        tags=request.tags,
    )


@operation("hold", effect="write")
def hold(context: Context, request: Pipe) -> Count:
    """Wait until the pipe is opened for writing, then keep that it happened."""
    Path(request.path).read_bytes()
    return Count(count=context.store.append_event("probe.held", {}))


@operation("tell", effect="write")
def tell(context: Context, request: Words) -> Count:
    """Put the words into the event log."""
    return Count(count=context.store.append_event("probe.said", {"text": request.text}))


@operation("heard")
def heard(context: Context, request: Nothing) -> Count:
    """Return what the consumer heard."""
    kept = context.store.list_records(HEARD)
    return Count(count=len(kept), texts=[str(one["text"]) for one in kept.values()])


@consumer("listener", kinds=("probe.said",))
def listen(context: Context, event: Event) -> None:
    """Keep the words once; open the named pipe that they are, and fail on "boom"."""
    text = str(event.payload["text"])
    if text == "boom":
        raise ZeroDivisionError("a bug in a consumer")
    if text.startswith("/"):
        Path(text).write_bytes(b"heard")
    context.store.amend([Write(HEARD, f"{event.seq:06}", None, {"text": text})])


class Step(Progress):
    """One step of a count."""

    number: int


class Counting(BaseModel):
    """What to say at each step; "boom" fails there, "refuse" is refused there, "wait:" waits on a pipe."""

    text: str = Field(min_length=1)


@operation("count", progress=Step, command=Command("count", takes="text", shows="text"), timeout_s=90)
def count(context: Context, request: Counting) -> Said:
    """Count the words, one by one."""
    for number, word in enumerate(request.text.split(), 1):
        if word == "boom":
            raise ZeroDivisionError("a bug on the way")
        if word == "refuse":
            raise ConflictError("it is so and not so", hint="Decide.")
        if word.startswith("wait:"):
            Path(word.removeprefix("wait:")).read_bytes()
        context.tell(Step(line=f"{number}: {word}", number=number))
    caller = context.caller
    return Said(
        text=request.text.upper(), origin=caller.origin, trusted=caller.trusted, scope=caller.scope.person
    )


@operation("refuse")
def refuse(context: Context, request: Nothing) -> Count:
    """Refuse, with a typed error."""
    raise ConflictError("it is so and not so", hint="Decide.")


@operation("fail")
def fail(context: Context, request: Nothing) -> Count:
    """Fail as a bug does."""
    raise ZeroDivisionError("a bug")


@operation("lie")
def lie(context: Context, request: Nothing) -> Count:
    """Answer with something that is not a Count."""
    return Count.model_construct(count="many")


@operation("turns")
def turns(context: Context, request: Nothing) -> Count:
    """Return the turns that were kept, in order."""
    kept = context.store.read_events("probe", kinds=["probe.turn"], limit=1_000)
    return Count(count=len(kept), texts=[str(event.payload["text"]) for event in kept])


@operation("told")
def told(context: Context, request: Nothing) -> Count:
    """Return how many blocks were marked as told."""
    return Count(count=len(context.store.list_records(TOLD)))


@operation("presses")
def presses(context: Context, request: Nothing) -> Count:
    """Return who pressed what, by the id of the press."""
    kept = context.store.list_records(PRESSES)
    return Count(count=len(kept), texts=[str(one["line"]) for one in kept.values()])


@operation("agents")
def agents(context: Context, request: Nothing) -> Count:
    """Return OpenClaw's agents as this process knows them."""
    known = context.host.agents()
    return Count(count=len(known), texts=[f"{one.id} in {one.workspace}" for one in known])


@operation("wipe", effect="destroy")
def wipe(context: Context, request: Nothing) -> Count:
    """Remove everything; never for agents."""
    return Count(count=0)


@panel("shelf", "A shelf of <b>probes</b>")
def shelf(context: Context) -> Table:
    """Show one row whose buttons speak, destroy and refuse."""
    acts = (Act("tell", "Tell", {"text": "pressed"}), Act("wipe", "Wipe"), Act("refuse", "Refuse"))
    return Table(("Thing",), (Row(("thing",), acts),))


@panel("broken", "Broken")
def broken(context: Context) -> Table:
    """Fail, as a bug does."""
    raise ZeroDivisionError("a bug in a panel")


@hook("before_prompt_build")
def quick(context: Context, event: PromptBuild) -> Contribution | None:
    """Contribute the prompt itself."""
    if event.prompt == "nothing":
        return None
    return Contribution(
        "probe",
        "Quick",
        (Item(event.prompt, 0.9, "told by Ann", "q1"),),
        rank=1,
        delivered=lambda _: context.store.put_record(TOLD, os.urandom(8).hex(), {"prompt": event.prompt}),
    )


@hook("before_prompt_build")
def slow(context: Context, event: PromptBuild) -> Contribution | None:
    """Wait on a pipe that the prompt names, or fail when it says so."""
    if event.prompt == "boom":
        raise ZeroDivisionError("a bug in a hook")
    if event.prompt.startswith("wait:"):
        Path(event.prompt.removeprefix("wait:")).read_bytes()
        return Contribution("probe", "Slow", (Item("late", 0.5, "nobody", "s1"),), rank=2)
    return None


@hook("before_dispatch")
def take(context: Context, event: Dispatch) -> Claim | Reply | None:
    """Take a message that begins with "mine:", once its pipe is opened for writing if it names one."""
    what = event.text.removeprefix("mine:")
    if what.startswith("wait:"):
        Path(what.removeprefix("wait:")).read_bytes()
    if what == "no claim":
        return Reply("this belongs elsewhere")
    return Claim(f"taken: {what}") if what != event.text else None


@hook("before_dispatch")
def grumble(context: Context, event: Dispatch) -> Claim | None:
    """Fail, or answer as the second, when the message says so."""
    if "boom" in event.text:
        raise ZeroDivisionError("a bug in a hook")
    return Claim("second") if event.text.startswith("mine:") else None


@hook("button_pressed")
def press(context: Context, event: Pressed) -> Reply | None:
    """Keep a press once, by its id; fail when the value says so."""
    if event.value == "clawcortex:full":
        raise DiskFullError("no space left")
    scope = event.scope()
    line = f"{event.value} by {scope.person} in {scope.chat} {scope.chat_type} {event.event.is_authorized}"
    context.store.put_record(PRESSES, event.ctx.event_id, {"line": line})
    return None if event.value == "clawcortex:silent" else Reply(f"pressed {event.value}")


@hook("agent_end")
def keep(context: Context, event: AgentEnd) -> None:
    """Keep the last turn once; refuse or fail when the text says so."""
    for turn in event.turns():
        if turn.text == "refuse me":
            raise InputError("this turn cannot be read")
        if turn.text == "disk full":
            raise DiskFullError("no space left")
        if context.store.get_record(TURNS, turn.text) is None:
            context.store.append_event("probe.turn", {"text": turn.text})
            context.store.put_record(TURNS, turn.text, {"at": context.now().isoformat()})


skill = Skill(
    name="probe",
    title="Probe",
    summary="Let tests look through the server.",
    version="1.2.3",
    operations=(echo, count, hold, refuse, fail, lie, turns, told, tell, heard, presses, agents, wipe),
    hooks=(quick, slow, take, grumble, press, keep),
    consumers=(listen,),
    panels=(shelf, broken),
    schedules=(Schedule("0 8 * * *", "echo", {"text": "morning"}),),
    grants=(Grant(("tools", "exec", "mode"), "ask", "it asks first"),),
)
