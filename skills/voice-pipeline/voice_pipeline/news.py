"""Changes of PRIORITIES.md, told to other skills by the event log and kept for the agents' next prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clawcortex.skills.context import Context
from clawcortex.skills.known import learned_name
from clawcortex.store.records import NewEvent, Write

if TYPE_CHECKING:  # numpy comes with it, and the first call is early enough
    from clawcortex import priorities

NEWS = "priorities.news"
"""The last changes, by time; an undo has the version of what it took back."""
NEWS_KEPT = 20


def publish(context: Context, event: NewEvent, text: str) -> None:
    """Tell other skills by the log and agents with their next prompt, both or neither."""
    from ulid import ULID

    who = learned_name(context, context.caller.scope) or event.payload["by"]
    source = f"by {who}, {context.local(context.now()):%Y-%m-%d %H:%M}"
    context.store.amend([Write(NEWS, str(ULID()), None, {"text": text, "source": source})], events=[event])
    for old in list(context.store.list_records(NEWS))[:-NEWS_KEPT]:
        context.store.take_record(NEWS, old)


def worded(operation: str, done: priorities.Update) -> str:
    """Return what a write did, in one line."""
    from clawcortex import priorities

    told = ["the last change was taken back"] if operation == "undo" else []
    told += [f"added: {priorities.brief(one)}" for one in done.added]
    told += [f"changed: {priorities.brief(one)}" for one in done.changed]
    told += [f"{len(done.conflicts)} left to the person, at the end of the file"] if done.conflicts else []
    return "; ".join(told)
