"""What is being forgotten, written down first: killed in between, the server takes it out of the summaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from ulid import ULID

from clawcortex.skills.context import Context
from clawcortex.skills.operation import task
from context_retention.summaries.forgetting import Gone, leave_out

LEAVING, KIND = "summaries.leaving", "leave_out"
LATER = timedelta(minutes=5)
"""A `forget` that has not ended by then was killed; one that has leaves this job nothing to do."""


def write_down(context: Context, gone: Sequence[Gone]) -> str:
    """Keep what is about to be forgotten, only as ids and times; return the key that `take_out` takes."""
    key = str(ULID())
    listed = [{**asdict(one), "at": one.at.isoformat()} for one in gone]
    context.store.put_record(LEAVING, key, {"version": 1, "gone": listed})
    context.store.enqueue(KIND, {"key": key}, key=key, run_at=context.now() + LATER)
    return key


def take_out(context: Context, key: str) -> list[str]:
    """Take what was written down out of all summaries; return the files that may still hold it."""
    record = context.store.get_record(LEAVING, key)
    if record is None:
        return []
    listed: Any = record["gone"]
    left = leave_out(
        context, [Gone(one["agent"], datetime.fromisoformat(one["at"]), one["turn"]) for one in listed]
    )
    context.store.take_record(LEAVING, key)
    return left


@task(KIND)
def leave_summaries(context: Context, payload: Mapping[str, Any]) -> None:
    """Do what a `forget` that was cut off left undone."""
    for file in take_out(context, str(payload["key"])):
        context.log.warning("%s may still hold what was forgotten", file)
