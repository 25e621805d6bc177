"""What an agent is told of a signal: the words only where it may see them, else that another agent heard of it, too."""

from __future__ import annotations

from dataclasses import dataclass

from clawcortex.skills.context import Context
from clawcortex.skills.visibility import may_see
from clawcortex.store.records import Memory, Provenance, Scope
from cross_agent_intelligence.audiences import audience_of, heard_by
from cross_agent_intelligence.records import HEADS, Head, Signal, head_key, read
from cross_agent_intelligence.streaming import current_key


@dataclass(frozen=True, slots=True)
class Telling:
    """A signal as it may be shown to somebody."""

    signal: Signal
    name: str
    """What it is called in its audience; empty for a matter in other words."""
    memory: Memory
    words: str
    """What was said; empty where only that it was said may be told."""


def told_to(context: Context, signal: Signal, asker: Scope | None) -> Telling | None:
    """Return what may be told of a signal, to a chat or (None) to the owner at the machine; None for nothing.

    Settings and memories are looked at as they are now: a person who is no owner any more, or who had it forgotten,
    is not told about.
    """
    if asker is not None and signal.audience != audience_of(asker, context.settings):
        return None
    if signal.audience not in heard_by(signal.said_in.scope, context.settings):
        return None
    memory = next(iter(context.store.rows([signal.n])), None)
    if memory is None or memory.provenance is not Provenance.OWNER:
        return None
    entity, _, _ = current_key(context, head_key(signal.entity, signal.audience)).rpartition("/")
    head = read(context, HEADS, head_key(entity, signal.audience), Head)
    name = head.name if head else ""
    if not name and signal.because == "name":
        return None
    seen = asker is None or may_see(asker, memory.scope, context.settings)
    return Telling(signal, name, memory, memory.text if seen else "")


def said_when(context: Context, telling: Telling) -> str:
    """Return when and to whom it was said, in the person's own time."""
    return f"{telling.signal.said_in.agent}, {context.local(telling.memory.created_at):%Y-%m-%d %H:%M}"
