"""The turns of a period, read page by page in the order they were said; what cannot be read is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from clawcortex.errors import ClawcortexError, LockedError
from clawcortex.periods import Period
from clawcortex.skills.context import Context
from clawcortex.skills.known import name_of
from clawcortex.skills.visibility import UNKNOWN
from clawcortex.store.base import Ints
from clawcortex.store.records import LOCAL, ChatType, Memory, Provenance, Scope
from context_retention.summaries.shapes import Chat, Skipped
from context_retention.writing import label

PAGE = 500
LONGEST_TOOL = 80
TOOLS_USED = "tools.used"
"""Event: {agent, session, at, ref, chat: a `Chat`'s key, tools: {name: times}}; the same `ref` may come again."""
SLACK = timedelta(days=1)
"""A turn is stored after it was said, by a clock that may have been set back meanwhile."""
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
TRUSTED = frozenset({Provenance.OWNER, Provenance.AGENT})


@dataclass(frozen=True, slots=True)
class Held:
    """Where the memories of one agent stand, in the order they were said."""

    n: Ints
    created: np.ndarray[tuple[int], np.dtype[np.float64]]

    def within(self, begins: datetime, ends: datetime) -> Ints:
        """Return the positions of begins <= said < ends."""
        first, last = np.searchsorted(self.created, [begins.timestamp(), ends.timestamp()])
        return self.n[first:last]

    def next_after(self, moment: datetime) -> float | None:
        """Return when the first memory at or after a moment was said (epoch seconds)."""
        first = int(np.searchsorted(self.created, moment.timestamp()))
        return float(self.created[first]) if first < len(self.created) else None


def held(context: Context, agent: str) -> Held:
    """Return where an agent's memories stand; they themselves are not read."""
    context.index.refresh()
    view = context.index.view()
    numbers = [number for number, scope in view.scopes.items() if scope.agent == agent]
    rows = np.flatnonzero(view.alive & np.isin(view.columns.scope, numbers))
    order = np.lexsort((view.columns.n[rows], view.columns.created[rows]))
    rows = rows[order]
    return Held(view.columns.n[rows].astype(np.int64), view.columns.created[rows])


def still_held(context: Context, positions: Ints) -> Ints:
    """Return those of the positions whose memories are there still."""
    context.index.refresh()
    view = context.index.view()
    alive: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.append(view.alive, [False])
    there: Ints = positions[alive[view.at(positions)]]  # -1 is the place that was appended
    return there


def pages(context: Context, positions: Ints, skipped: list[Skipped]) -> Iterator[list[Memory]]:
    """Yield the memories at these positions; what cannot be read goes to `skipped` with its position."""
    for first in range(0, len(positions), PAGE):
        page = [int(n) for n in positions[first : first + PAGE]]
        sound = []
        for memory in _read(context, page, skipped):
            fault = fault_of(memory)
            if fault:
                skipped.append(Skipped(position=memory.n, reason=fault))
            else:
                sound.append(memory)
        yield sound


def _read(context: Context, page: Sequence[int], skipped: list[Skipped]) -> list[Memory]:
    """Read a page; halve it until what cannot be read stands alone."""
    try:
        return context.store.rows(page)
    except LockedError:
        raise  # the row is sound: the database is busy
    except (ClawcortexError, ValueError, TypeError, OverflowError) as error:
        if len(page) == 1:
            skipped.append(Skipped(position=page[0], reason=f"cannot be read: {_plain(error)}"))
            return []
        half = len(page) // 2
        return [*_read(context, page[:half], skipped), *_read(context, page[half:], skipped)]


def _plain(error: Exception) -> str:
    """Return an error without values: they are the turn's, and may be anybody's words."""
    return type(error).__name__ if not isinstance(error, ClawcortexError) else error.message[:120]


def fault_of(memory: Memory) -> str:
    """Return what is wrong with a memory's row, "" when nothing is."""
    text: object = memory.text  # SQLite keeps what it was given, whatever the column is called
    if not isinstance(text, str):
        return "its text is no text"
    if not memory.text.strip():
        return "its text is empty"
    if CONTROL.search(memory.text):
        return "its text holds control characters"
    if not (ULID.fullmatch(str(memory.turn))):
        return "its turn's id is no ULID"
    return ""


def chat_of(memory: Memory) -> tuple[str, ...]:
    """Return the key of the section that a memory belongs to; people of one group share it."""
    return _chat(memory.scope)


def _chat(scope: Scope) -> tuple[str, ...]:
    private = scope.chat_type is ChatType.PRIVATE
    return (scope.channel, scope.account, scope.chat, scope.sender if private else "", scope.chat_type.value)


def chat_named(context: Context, memory: Memory) -> Chat:
    """Return the chat of a memory with the name that a person knows it by."""
    scope = memory.scope
    private = scope.chat_type is ChatType.PRIVATE
    if scope.channel == LOCAL.channel and private:
        name = "At this machine"
    elif private:
        name = f"{name_of(context, scope)} ({scope.channel})"
    else:
        name = f"{'Group' if scope.chat_type is ChatType.GROUP else 'Chat'} {scope.chat} ({scope.channel})"
    sender = scope.sender if private else UNKNOWN
    return Chat(
        agent=scope.agent, channel=scope.channel, account=scope.account, chat=scope.chat, sender=sender,
        chat_type=scope.chat_type, name=name,
    )  # fmt: skip


def key_of(chat: Chat) -> tuple[str, ...]:
    """Return the key of a section's chat, as `chat_of` gives it."""
    return _chat(chat.scope)


Tools = Mapping[tuple[str, ...], Mapping[str, int]]
"""Times each tool was used, by the key of the chat."""


@dataclass(frozen=True, slots=True)
class Uses:
    """Tools that a captured turn used, one name a call."""

    at: datetime
    ref: str
    scope: Scope
    names: list[str] = field(default_factory=list)


def note_tools(context: Context, used: Uses, session: str) -> None:
    """Tell the event log which tools a turn used."""
    counts = Counter(label(name)[:LONGEST_TOOL] for name in used.names)
    context.store.append_event(
        TOOLS_USED,
        {
            "agent": used.scope.agent,
            "session": session,
            "at": used.at.isoformat(),
            "ref": used.ref,
            "chat": list(_chat(used.scope)),
            "tools": dict(sorted(counts.items())),
        },
    )


@dataclass(frozen=True, slots=True)
class Use:
    """Tools of one turn."""

    at: datetime
    chat: tuple[str, ...]
    tools: Mapping[str, int]


def uses(context: Context, agent: str, since: datetime) -> list[Use]:
    """Return what tools an agent used, from the event log, each turn once."""
    found: dict[str, Use] = {}
    for event in context.store.events_between(since - SLACK, FOREVER, kinds=[TOOLS_USED]):
        told = event.payload
        tools, chat = told.get("tools"), told.get("chat")
        if told.get("agent") != agent or not isinstance(tools, dict) or not isinstance(chat, list):
            continue
        at = datetime.fromisoformat(str(told["at"]))
        found[str(told["ref"])] = Use(at, tuple(map(str, chat)), {str(k): int(v) for k, v in tools.items()})
    return list(found.values())


def tools_in(found: Sequence[Use], period: Period) -> Tools:
    """Return the tools used in a period, by chat."""
    counted: dict[tuple[str, ...], Counter[str]] = {}
    for use in found:
        if period.begins <= use.at < period.ends:
            counted.setdefault(use.chat, Counter()).update(use.tools)
    return counted
