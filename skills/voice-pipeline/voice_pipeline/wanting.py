"""What was said, as items of the list: worded for whoever reads the file, not for who spoke."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clawcortex.skills.context import Context
from clawcortex.skills.known import learned_name
from voice_pipeline.extracting.shapes import ME, YOU, ActionItem, Extraction

if TYPE_CHECKING:  # numpy comes with it, and the first call is early enough
    from clawcortex import priorities

ASSISTANT = "assistant"


def wanted(context: Context, extraction: Extraction) -> Iterator[priorities.Priority]:
    """Yield what goes on the list: what matters most with its rank, and what is to be done."""
    from clawcortex import priorities

    for one in extraction.priorities:
        yield priorities.Priority(one.theme, rank=one.rank)
    for action in extraction.actions:
        yield priorities.Priority(action.text, owner=_owner(context, action), due=_due(context, action))


def _owner(context: Context, action: ActionItem) -> str | None:
    """Return whom the file names: whoever reads it, "me" and "you" of a speaker would be somebody else."""
    if action.owner == ME:
        return learned_name(context, context.caller.scope) or ME
    return ASSISTANT if action.owner == YOU else action.owner or None


def _due(context: Context, action: ActionItem) -> str | None:
    """Return the day, on the person's clock with the time if one was said; else the words that said it."""
    if action.due_at:
        return f"{context.local(action.due_at):%Y-%m-%d %H:%M}"
    return action.due.isoformat() if action.due else action.due_phrase or None
