"""Retention's part of the status page: how the memory grows."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from clawcortex.skills.context import Context
from clawcortex.skills.panel import Row, Share, Table, panel

WEEKS, WEEK_S = 12, 7 * 86_400


@panel("growth", "Memory")
def growth(context: Context) -> Table:
    """Count what was said in each of the last twelve weeks and is remembered."""
    context.index.refresh()
    view = context.index.view()
    said = view.columns.created[view.alive]
    embedded = int((view.embedded & view.alive).sum())
    ends = context.now().timestamp() - WEEK_S * np.arange(WEEKS + 1)
    counts = [int(((said > ends[week + 1]) & (said <= ends[week])).sum()) for week in range(WEEKS)]
    most = max(counts) or 1
    rows = tuple(
        Row(
            (
                context.local(datetime.fromtimestamp(ends[week + 1], UTC)).date().isoformat(),
                Share(one / most, f"{one:,}"),
            )
        )
        for week, one in enumerate(counts)
    )
    note = f"{said.size:,} memories, {said.size - embedded:,} of them without a vector yet."
    return Table(("Seven days from", "Memories"), rows, note)
