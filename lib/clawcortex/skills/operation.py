"""An operation is declared once; manifest, schema, route, command, tool and docs follow.

    class RecallInput(BaseModel): ...

    @operation("recall", expose="agent")
    def recall(context: Context, request: RecallInput) -> RecallOutput:
        '''Search memory and return the best hits.'''

With `progress=` it tells how far it is (streamed over HTTP, shown by the command line); with `command=` people
call it in a chat. A skill's package ends with
`skill = Skill("context-retention", ..., operations=[recall, ...], hooks=[...])`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, get_type_hints

from pydantic import BaseModel

from clawcortex.skills.context import Context, Progress
from clawcortex.skills.panel import Panel
from clawcortex.store.records import Event

Expose = Literal["owner", "agent"]
Effect = Literal["read", "write", "destroy"]
In = TypeVar("In", bound=BaseModel)
Out = TypeVar("Out", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command for people in a chat: `/refine the text`. Progress and answer are one message, edited."""

    name: str
    takes: str
    """The input's field that gets what stands after the name."""
    shows: str
    """The output's field that is the answer."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search box on the status page: what is looked for goes into one field, and a list comes out."""

    takes: str
    """The input's field that gets the words."""
    shows: str
    """The output's field that lists what was found."""
    columns: Mapping[str, str]
    """Fields of one that was found, with their headings."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[In, Out]):
    """One function with its input, output, sentence and who may call it."""

    name: str
    run: Callable[[Context, In], Out]
    input: type[In]
    output: type[Out]
    summary: str
    expose: Expose
    effect: Effect
    progress: type[Progress] | None = None
    """What it tells while it runs, by `context.tell`: it may take long, and gets threads of its own."""
    command: Command | None = None
    search: Search | None = None
    timeout_s: int | None = None
    """How long callers wait for it, when it may take longer than they would."""

    def __call__(self, context: Context, request: In) -> Out:
        """Run the operation as the plain function it is."""
        return self.run(context, request)


@dataclass(frozen=True, slots=True)
class Hook:
    """One function that OpenClaw's event reaches: `run(context, payload)`."""

    event: str
    run: Callable[[Context, Any], Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of queued work: `run(context, payload)` on a leased job, in the background, tried again on a fault.

    A skill queues it with `context.store.enqueue(kind, payload, key=...)`; one process of all runs it.
    """

    kind: str
    run: Callable[[Context, Mapping[str, Any]], None]
    lease_s: float
    """After so long another process may take it: more than it can last."""
    slow: bool = False
    """True for what may take minutes: the others do not wait for it. Its lease is renewed as long as it runs."""


@dataclass(frozen=True, slots=True)
class Chore:
    """One thing to look after every few seconds and when new memories have vectors.

    `run(context)` returns whether more is left. It keeps its own place in a record and must be harmless when two
    processes do it at once.
    """

    name: str
    run: Callable[[Context], bool]


@dataclass(frozen=True, slots=True)
class Consumer:
    """One listener to the event log: `run(context, event)`, in order, at least once, in one process of all.

    It must leave the same behind however often it gets an event: `context.store.amend` sees to that. An event that it
    fails on is tried again, then kept in `events.failed` and passed over. What lasts long is a task's.
    """

    name: str
    run: Callable[[Context, Event], None]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """One cron job: a cron expression in the user's timezone and the operation it calls."""

    cron: str
    operation: str
    arguments: dict[str, Any] = field(default_factory=dict)
    timeout_s: int = 600
    """OpenClaw ends a run that takes longer."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One setting of OpenClaw that the skill needs; install.py shows it, asks, and sets it."""

    path: tuple[str, ...]
    value: Any
    why: str
    append: bool = False


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill as its package declares it."""

    name: str
    title: str
    summary: str
    version: str
    operations: Sequence[Operation[Any, Any]]
    hooks: Sequence[Hook] = ()
    schedules: Sequence[Schedule] = ()
    tasks: Sequence[Task] = ()
    chores: Sequence[Chore] = ()
    consumers: Sequence[Consumer] = ()
    requires: Sequence[str] = ()
    """Extras it cannot work without, as install.py names them: "voice"."""
    grants: Sequence[Grant] = ()
    panels: Sequence[Panel] = ()
    """Its parts of the status page."""
    files: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """What the files that it writes for others hold, by the name of the schema: "transcript"."""
    keeps: Sequence[str] = ()
    """Files and folders that it writes in an agent's or the shared workspace, as "memory/hourly": backups hold them."""


def operation(
    name: str,
    *,
    expose: Expose = "owner",
    effect: Effect = "read",
    progress: type[Progress] | None = None,
    command: Command | None = None,
    search: Search | None = None,
    timeout_s: int | None = None,
) -> Callable[[Callable[[Context, In], Out]], Operation[In, Out]]:
    """Declare a function as an operation; its annotations give the schemas, its docstring the sentence."""
    if expose == "agent" and effect == "destroy":
        raise TypeError(f"operation {name!r} destroys: it must not be exposed to the agent")

    def declare(function: Callable[[Context, In], Out]) -> Operation[In, Out]:
        hints = get_type_hints(function)
        output = hints.pop("return")
        request = list(hints.values())[1]
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        if not summary:
            raise TypeError(f"operation {name!r} needs a docstring; its first line is shown to all")
        return Operation(
            name, function, request, output, summary, expose, effect, progress, command, search, timeout_s
        )

    return declare


def hook(event: str) -> Callable[[Callable[[Context, Any], Any]], Hook]:
    """Declare a function that runs on an OpenClaw event."""
    return lambda function: Hook(event, function)


def task(
    kind: str, *, lease_s: float = 600.0, slow: bool = False
) -> Callable[[Callable[[Context, Mapping[str, Any]], None]], Task]:
    """Declare a function as the one that does this kind of job."""
    return lambda function: Task(kind, function, lease_s, slow)


def chore(name: str) -> Callable[[Callable[[Context], bool]], Chore]:
    """Declare a function that looks after new memories."""
    return lambda function: Chore(name, function)


def consumer(name: str, *, kinds: Sequence[str]) -> Callable[[Callable[[Context, Event], None]], Consumer]:
    """Declare a function that gets the events of these kinds, from the oldest in the log on."""
    return lambda function: Consumer(name, function, tuple(kinds))
