"""The records of summaries in the store."""

from __future__ import annotations

from pydantic import ValidationError

from clawcortex.periods import Kind
from clawcortex.skills.context import Context
from context_retention.summaries.shapes import Summary

SUMMARIES = "summaries"
PROGRESS = "summaries.progress"


def record_key(agent: str, kind: Kind, start: str) -> str:
    """Return the key of a summary's record."""
    return f"{agent}/{kind}/{start}"


def read(context: Context, agent: str, kind: Kind, start: str) -> Summary | None:
    """Return a summary; None when there is none, or one that this version cannot read and makes again."""
    found = context.store.get_record(SUMMARIES, record_key(agent, kind, start))
    if found is None:
        return None
    try:
        return Summary.model_validate(found)
    except ValidationError as error:
        context.log.warning("the summary %s/%s of %s cannot be read: %s", kind, start, agent, error.title)
        return None


def keep(context: Context, summary: Summary) -> None:
    """Store a summary."""
    key = record_key(summary.agent, summary.period, summary.start)
    context.store.put_record(SUMMARIES, key, summary.model_dump(mode="json"))


def drop(context: Context, summary: Summary) -> None:
    """Remove a summary of which nothing is left."""
    context.store.take_record(SUMMARIES, record_key(summary.agent, summary.period, summary.start))
