"""Put back what a compaction lost: goal, decisions, open asks, exact identifiers, the last day.

`before_compaction` keeps a checkpoint: the numbers of the memories that matter, not their text, so that
forgetting a memory also removes it from here. `after_compaction` raises a flag for the session. The next
prompt of each chat in that session carries the block once, filtered to what that chat may see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.visibility import may_see
from clawcortex.store.records import Memory, Provenance, Scope
from clawcortex.text.tokens import count_tokens
from context_retention.cues import KINDS
from context_retention.shapes import Hit
from context_retention.summaries.restoring import LABEL_TOKENS, last_day

FLAGS = "compactions"
RESTORED = "compactions_restored"
BLOCK_SHARE = 0.35
"""The checkpoint's share of the budget after a compaction; measured by bench/compaction_restore.py."""
FRAME_TOKENS = 110
"""What the composer's fence, notice and headings cost."""
SUMMARY_SHARE = 0.2
"""The most of the checkpoint's share that the last day's summaries take; what they leave is the checkpoint's."""
LOOK_BACK = 2_000
"""Most memories of a session that a checkpoint reads."""

LABELS = {"goal": "Goal", "decision": "Decided", "open": "Open", "identifier": "Exact", "recent": "Recent"}
SHARES = {"goal": 0.15, "decision": 0.25, "open": 0.15, "identifier": 0.2, "recent": 0.25}
"""How much of the block's budget each kind may take; what one leaves goes to the next."""


def kinds_of(text: str) -> list[str]:
    """Return which kinds of thing worth keeping a text holds."""
    return [kind for kind, pattern in KINDS.items() if pattern.search(text)]


def checkpoint(memories: Iterable[Memory]) -> dict[str, list[int]]:
    """Return, by kind, the numbers of the memories to put back, most worthwhile first."""
    by_kind: dict[str, list[Memory]] = {kind: [] for kind in SHARES}
    for memory in memories:
        if memory.provenance is Provenance.UNTRUSTED or memory.superseded_by:
            continue
        for kind in kinds_of(memory.text):
            by_kind[kind].append(memory)
        by_kind["recent"].append(memory)
    return {
        kind: [one.n for one in sorted(found, key=lambda one: (one.importance, one.n), reverse=True)[:60]]
        if kind != "recent"
        else _last_day(found)
        for kind, found in by_kind.items()
    }


def _last_day(memories: Sequence[Memory]) -> list[int]:
    """Return the numbers of the last day's memories, newest first."""
    if not memories:
        return []
    latest = max(memory.created_at for memory in memories)
    newest = sorted(memories, key=lambda memory: memory.n, reverse=True)
    return [one.n for one in newest if latest - one.created_at <= timedelta(hours=24)][:60]


def flag_key(agent: str, session: str) -> str:
    """Return the key of a session's compaction."""
    return f"{agent}|{session}"


def keep_checkpoint(context: Context, agent: str, session: str) -> None:
    """Remember what the running conversation is about, before it is compacted."""
    numbers = [number for number, scope in context.store.scopes().items() if scope.agent == agent]
    memories = context.store.newest(numbers, session=session, limit=LOOK_BACK)
    flag = context.store.get_record(FLAGS, flag_key(agent, session)) or {}
    context.store.put_record(
        FLAGS, flag_key(agent, session), {**flag, "checkpoint": checkpoint(memories), "version": 1}
    )


def raise_flag(context: Context, agent: str, session: str, event: str = "") -> None:
    """Ask for the block in the session's next prompt; the same event again asks for nothing more."""
    flag = context.store.get_record(FLAGS, flag_key(agent, session)) or {"version": 1}
    if event and flag.get("event") == event:
        return
    count = int(str(flag.get("count", 0))) + 1
    context.store.put_record(
        FLAGS,
        flag_key(agent, session),
        {**flag, "count": count, "event": event, "at": context.now().timestamp()},
    )
    context.store.append_event("session.compacted", {"agent": agent, "session": session, "count": count})


def last_of(context: Context, agent: str, session: str) -> dict[str, object] | None:
    """Return the session's last compaction, None when there was none; `at` is in epoch seconds."""
    flag = context.store.get_record(FLAGS, flag_key(agent, session))
    return flag if flag and "count" in flag else None


def _reader(asker: Scope, session: str) -> str:
    return f"{flag_key(asker.agent, session)}|{asker.channel}:{asker.account}:{asker.chat}:{asker.sender}"


def due(context: Context, asker: Scope, session: str) -> dict[str, object] | None:
    """Return the session's compaction that this chat has not been told of yet, or None."""
    flag = last_of(context, asker.agent, session)
    return flag if flag and not is_told(context, asker, session, flag) else None


def is_told(context: Context, asker: Scope, session: str, flag: Mapping[str, object]) -> bool:
    """Return whether this chat had the block of that compaction."""
    had = context.store.get_record(RESTORED, _reader(asker, session))
    return had is not None and had["count"] == flag["count"]


def restore(context: Context, asker: Scope, session: str) -> Contribution | None:
    """Return the block that this chat has not had yet since the last compaction, or None."""
    flag = due(context, asker, session)
    if flag is None:
        return None
    items = tuple(_block(context, asker, flag.get("checkpoint")))

    def note(placed: Collection[str]) -> None:
        if not items or any(one.id in placed for one in items):
            told = {"count": flag["count"], "version": 1}
            context.store.put_record(RESTORED, _reader(asker, session), told)

    return Contribution(
        skill="context-retention",
        heading="What this conversation held before it was compacted",
        items=items,
        rank=0,
        budget_tokens=block_tokens(context),
        extends_budget=True,
        note=f"compaction {flag['count']} of {session}",
        delivered=note,
    )


def block_tokens(context: Context) -> int:
    """Return the checkpoint's share of the budget after a compaction."""
    return int(_tokens(context) * BLOCK_SHARE)


def recall_tokens(context: Context) -> int:
    """Return what is left of the budget after a compaction for recalling what the prompt is about."""
    return _tokens(context) - block_tokens(context)


def _tokens(context: Context) -> int:
    return max(0, context.settings.compaction_tokens - FRAME_TOKENS)


def _block(context: Context, asker: Scope, kept: object) -> list[Item]:
    """Return the checkpoint and what it does not hold of the last day's summaries, within the block's budget."""
    total = block_tokens(context)
    summed = last_day(context, asker, int(total * SUMMARY_SHARE), without=_texts(context, kept))
    left = total - sum(count_tokens(one.text) + LABEL_TOKENS for one in summed)
    return [*_items(context, asker, kept, left), *summed]


def _texts(context: Context, kept: object) -> set[str]:
    """Return what a checkpoint says already."""
    numbers = {int(n) for found in kept.values() for n in found} if isinstance(kept, dict) else set()
    return {memory.text for memory in context.store.rows(sorted(numbers))}


def _items(context: Context, asker: Scope, kept: object, total: int) -> list[Item]:
    """Return the items of a checkpoint that the asker may see, each memory once, within each kind's share."""
    if not isinstance(kept, dict):
        return []
    items: list[Item] = []
    seen: set[str] = set()
    left = 0.0
    for kind, share in SHARES.items():
        left += total * share
        for memory in context.store.rows([int(n) for n in kept.get(kind, [])]):
            cost = count_tokens(memory.text) + 12  # the item's own label, name and date
            if memory.text in seen or cost > left or not may_see(asker, memory.scope, context.settings):
                continue
            left -= cost
            seen.add(memory.text)
            items.append(item(context, memory, score=1.0, label=LABELS[kind]))
    return items


def item(context: Context, memory: Memory | Hit, *, score: float, label: str = "") -> Item:
    """Return a memory as the composer shows it: why it is here, who said it and when in the person's own time."""
    told = f"{context.local(memory.created_at):%Y-%m-%d %H:%M}"
    source = ", ".join(part for part in (label, memory.speaker, told) if part)
    return Item(text=memory.text, score=score, source=source, id=memory.id)
