"""Let memories go: chosen by the policy, archived, and only then deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from clawcortex.errors import BusyError
from clawcortex.settings import Settings
from clawcortex.skills.context import Context
from clawcortex.store.base import Ints
from clawcortex.store.records import Selection
from context_retention.forgetting import archive, uses
from context_retention.forgetting.policy import Budget, Choice, choose, successors
from context_retention.forgetting.shapes import Evicted
from context_retention.forgetting.weighing import keep_worth

FILE_ROWS = 20_000
"""Memories of one archive file."""
DELETED_AT_ONCE = 1_000
"""Memories of one transaction: a turn that comes meanwhile waits no longer than this takes."""
LOCK = "eviction"
FILES_NAMED = 100


def budget_of(settings: Settings) -> Budget:
    """Return the budget that the settings allow."""
    return Budget(settings.memory_budget_rows, settings.memory_budget_mb << 20)


def decide(context: Context, budget: Budget) -> Choice:
    """Return what would go now."""
    context.index.refresh()
    view, usage, settings = context.index.view(), context.store.usage(), context.settings
    now = context.now()
    worth = keep_worth(
        view, usage, now, half_life_days=settings.half_life_days, recency_floor=settings.recency_floor
    )
    return choose(
        view,
        usage,
        worth,
        now,
        budget=budget,
        retention=settings.retention_days(),
        vector_bytes=2 * sum(context.store.models().values()),  # kept as fp16
        successors=successors(context.store, view),
    )


def evict(context: Context, budget: Budget, *, dry_run: bool = False) -> Evicted:
    """Let go what the retention and the budget say; BusyError while another process does so."""
    uses.flush(context)
    with context.store.exclusive(LOCK) as mine:
        if not mine:
            raise BusyError(
                "memories are being evicted already", hint="Wait until that is done, then look at `status`."
            )
        choice = decide(context, budget)
        files = [] if dry_run else _carry_out(context, choice)
    return Evicted(
        count=len(choice.positions),
        bytes=choice.bytes,
        by_rule=dict(choice.by_rule),
        left=choice.left.rows,
        left_bytes=choice.left.bytes,
        over_rows=choice.over.rows,
        over_bytes=choice.over.bytes,
        archives=[str(file) for file in files[:FILES_NAMED]],
        dry_run=dry_run,
    )


def _carry_out(context: Context, choice: Choice) -> list[Path]:
    files = []
    for positions, turns in _portions(choice.positions, choice.turns, FILE_ROWS):
        with archive.alone():
            memories = context.store.rows(positions.tolist())  # what was forgotten meanwhile is left out
            if not memories:
                continue
            files.append(archive.keep(memories, context.now()))
            for some, _ in _portions(positions, turns, DELETED_AT_ONCE):
                context.store.delete(Selection(positions=tuple(some.tolist())))
                context.index.refresh()  # or it falls further behind than the log of changes reaches
        context.store.audit(
            context.caller.actor, "evict", memories[0].id, {"count": len(memories), "archive": str(files[-1])}
        )
    return files


def _portions(positions: Ints, turns: Ints, size: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield portions of about this size that part no text."""
    ends = np.flatnonzero(np.append(turns[1:] != turns[:-1], [True] * bool(len(turns)))) + 1
    start = 0
    while start < len(positions):
        end = int(ends[np.searchsorted(ends, min(start + size, len(positions)))])
        yield positions[start:end], turns[start:end]
        start = end
