"""The job of midnight: patterns into the workspace, and a look after what got stuck or is no longer needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from clawcortex.files import locked, write_atomic
from clawcortex.skills.context import Context
from feedback_router import jobs
from feedback_router.callback import first_id
from feedback_router.keeping import every_ask, every_decision
from feedback_router.machine import is_over
from feedback_router.records import MESSAGES, Decision
from feedback_router.statistics import Patterns

FILE = "decision-patterns.json"
LONGEST = timedelta(days=61)
"""No ask lives longer, escalated ones included; a decision may be made so long after its id was."""
MESSAGES_KEPT = timedelta(days=70)


def decisions_since(context: Context, since: datetime) -> Iterator[Decision]:
    """Yield the decisions made since a moment, in the order in which they were asked."""
    made = every_decision(context, first_id(since - LONGEST))
    return (decision for decision in made if decision.answered_at >= since)


def write_patterns(context: Context, patterns: Patterns) -> str:
    """Write the patterns for the agents to read, whole or not at all, and return the file."""
    path = context.shared_folder("feedback") / FILE
    with locked(path):
        write_atomic(path, (patterns.model_dump_json(indent=2) + "\n").encode())
    tidy(context)
    return str(path)


def tidy(context: Context) -> None:
    """Queue what an open ask may have lost, as to a job that was given up; drop messages nobody edits any more."""
    now = context.now()
    day = now.toordinal() * 100  # keys of their own: those of jobs that were done stay taken
    for ask in every_ask(context):
        if is_over(ask, now):
            jobs.again(context, jobs.EXPIRE, {"ask": ask.id}, day, None)
        elif ask.place is not None and not ask.messages:
            jobs.again(context, jobs.SEND, {"ask": ask.id}, day, None)
    old = context.store.list_records(MESSAGES, until=first_id(now - MESSAGES_KEPT))
    for key in old:
        context.store.take_record(MESSAGES, key)
