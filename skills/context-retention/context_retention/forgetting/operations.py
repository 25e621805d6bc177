"""The operations that let go; both are the owner's alone."""

from __future__ import annotations

import time

from clawcortex.skills.context import Context
from clawcortex.skills.operation import operation
from context_retention.forgetting import eviction
from context_retention.forgetting.consolidation import KIND, is_done, night_of, report_of
from context_retention.forgetting.policy import Budget
from context_retention.forgetting.shapes import Consolidated, ConsolidateInput, Evicted, EvictInput

LOOK_S = 1.0
"""A report of another process is seen this late."""


@operation("evict", effect="destroy")
def evict(context: Context, request: EvictInput) -> Evicted:
    """Archive, then delete the memories least worth keeping; pinned ones stay whatever the budget."""
    usual = eviction.budget_of(context.settings)
    budget = Budget(
        usual.rows if request.rows is None else request.rows,
        usual.bytes if request.mb is None else request.mb << 20,
    )
    return eviction.evict(context, budget, dry_run=request.dry_run)


@operation("consolidate", effect="destroy")
def consolidate(context: Context, request: ConsolidateInput) -> Consolidated:
    """Have the night's work done once a date: sum up, evict, prune the logs, compact the database, mend the index."""
    night = night_of(context)
    queued = context.store.enqueue(KIND, {"night": night}, key=f"{KIND}:{night}")
    until = time.monotonic() + request.wait_s
    report = report_of(context, night)
    while not is_done(report) and (left := until - time.monotonic()) > 0:
        context.store.listen(min(LOOK_S, left))
        report = report_of(context, night)
    return Consolidated(night=night, queued=queued, done=is_done(report), steps=report["steps"])
