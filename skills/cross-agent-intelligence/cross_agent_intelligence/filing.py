"""What other programs read: `cross-signals.json` in the workspace that all agents share. Names, never words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from clawcortex import paths
from clawcortex.errors import ClawcortexError
from clawcortex.files import locked, place, write_atomic
from clawcortex.skills.context import Context
from clawcortex.skills.events import SignalRaised
from clawcortex.skills.operation import consumer, task
from clawcortex.store.records import Event
from cross_agent_intelligence import messaging
from cross_agent_intelligence.audiences import kept_by
from cross_agent_intelligence.detecting import window
from cross_agent_intelligence.records import RAISED, Parts, Signal, every, from_epoch, moment
from cross_agent_intelligence.telling import told_to

FILE = "cross-signals.json"
MOST, FIRST = 200, timedelta(hours=6)
"""Signals in the file, and how far back they are looked for first."""
PUBLISH, EVERY_S = "signals.publish", 5
"""The job that writes the file, and how often it does at most."""


class Filed(BaseModel):
    """One signal of cross-signals.json."""

    id: str
    name: str
    kind: str
    because: str
    agents: list[str]
    told_to: str
    said_at: datetime
    raised_at: datetime
    score: float
    parts: Parts


class SignalsFile(BaseModel):
    """cross-signals.json."""

    version: int = 1
    updated_at: datetime
    signals: list[Filed]
    withheld: int
    """So many of the newest are other people's or groups': those stand in the store, and reach their prompts only."""


def content(context: Context) -> SignalsFile:
    """Return the file's content: the newest signals."""
    kept, withheld = kept_by(context), 0
    found: list[Filed] = []
    for one in _newest(context):
        if one.audience not in kept:
            withheld += 1
        elif telling := told_to(context, one, None):
            fields = one.model_dump(include=set(Filed.model_fields) - {"name", "told_to", "agents"})
            found.append(
                Filed(**fields, name=telling.name, agents=list(one.agents), told_to=one.said_in.agent)
            )
    return SignalsFile(updated_at=context.now(), signals=found, withheld=withheld)


def _newest(context: Context) -> list[Signal]:
    """Return the newest signals of the window, the newest first; no more is read than is needed."""
    span = min(FIRST, window(context))
    while True:
        found = [one for _, one in every(context, RAISED, Signal, after=moment(context.now() - span))]
        if len(found) >= MOST or span >= window(context):
            return found[::-1][:MOST]
        span = min(2 * span, window(context))


def publish(context: Context) -> str:
    """Write the file, whole or not at all, and return its path."""
    workspace = context.shared_workspace()
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)  # one that is there keeps its mode
    path = place(workspace, Path(FILE), create=True)
    with locked(paths.private_folder(paths.state_dir() / "run") / FILE):
        write_atomic(path, (content(context).model_dump_json(indent=2) + "\n").encode())
    return str(path)


def publish_if_possible(context: Context) -> str:
    """Write the file; return "" when the workspace does not let it: the next detection writes it."""
    try:
        return publish(context)
    except ClawcortexError as error:
        context.log.warning("%s was not written: %s %s", FILE, error.message, error.hint)
        return ""


@consumer("raised", kinds=(SignalRaised.event,))
def spread(context: Context, event: Event) -> None:
    """Queue what follows from a new signal: the file, and the message where one is wanted."""
    raised = SignalRaised.of(event)
    messaging.queue(context, raised.signal_id)
    queue(context)


def queue(context: Context) -> None:
    """Queue the writing of the file, together with whatever else happens within these seconds."""
    turn = int(context.now().timestamp()) // EVERY_S + 1
    at = from_epoch(turn * EVERY_S)
    context.store.enqueue(PUBLISH, {}, key=f"{PUBLISH}/{turn}", run_at=at)


@task(PUBLISH, lease_s=60.0)
def write_file(context: Context, payload: Mapping[str, Any]) -> None:
    """Write the file."""
    del payload
    publish_if_possible(context)
