"""A skill that the end-to-end tests add: it shows what a skill gets from OpenClaw, and runs by cron."""

from __future__ import annotations

from pydantic import BaseModel, Field

from clawcortex.openclaw.structured import complete_as
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Schedule, Skill, operation

TICKS = "tick.ticks"


class Nothing(BaseModel):
    """No input."""


class Period(BaseModel):
    """How often it ticks."""

    period: str = "hour"
    fail: bool = False


class Question(BaseModel):
    """What to ask which agent's model."""

    agent: str
    prompt: str = Field(min_length=1)
    system: str = "You are asked by tick."
    timeout_s: float = 30.0


class Answer(BaseModel):
    """What the model said."""

    text: str
    model: str
    provider: str
    tokens: int


class Colour(BaseModel):
    """One colour."""

    name: str
    warm: bool


class Texts(BaseModel):
    """Some lines."""

    texts: list[str]


@operation("tick", effect="write")
def tick(context: Context, request: Period) -> Texts:
    """Keep who called, and when for."""
    if request.fail:
        raise ZeroDivisionError("a tick that fails")
    seen = len(context.store.list_records(TICKS))
    context.store.put_record(TICKS, str(seen), {"line": f"{request.period} by {context.caller.actor}"})
    return Texts(texts=[request.period])


@operation("ticks")
def ticks(context: Context, request: Nothing) -> Texts:
    """Return every tick so far."""
    return Texts(texts=[str(one["line"]) for one in context.store.list_records(TICKS).values()])


@operation("agents")
def agents(context: Context, request: Nothing) -> Texts:
    """Return OpenClaw's agents and their workspaces."""
    return Texts(texts=[f"{one.id} {one.workspace}" for one in context.host.agents()])


@operation("ask")
def ask(context: Context, request: Question) -> Answer:
    """Ask an agent's model."""
    said = context.host.complete(
        request.system,
        request.prompt,
        agent=request.agent,
        max_tokens=100,
        purpose="tick",
        timeout_s=request.timeout_s,
    )
    return Answer(
        text=said.text,
        model=said.model,
        provider=said.provider,
        tokens=said.input_tokens + said.output_tokens,
    )


@operation("colour")
def colour(context: Context, request: Question) -> Colour:
    """Ask an agent's model for a colour."""
    return complete_as(
        context.host, Colour, request.system, request.prompt, agent=request.agent, purpose="colour"
    )


skill = Skill(
    name="tick",
    title="Tick",
    summary="Let tests see what a skill gets from OpenClaw.",
    version="1.0.0",
    operations=(tick, ticks, agents, ask, colour),
    schedules=(
        Schedule("7 3 29 2 *", "tick", {"period": "hour"}),
        Schedule("0 3 29 2 *", "tick", {"fail": True}),
    ),
)
