"""The skill's part of the status page: what several agents heard of, and why each was told."""

from __future__ import annotations

from clawcortex.skills.context import Context
from clawcortex.skills.panel import Row, Table, panel
from cross_agent_intelligence.detecting import window
from cross_agent_intelligence.records import RAISED, Signal, every, moment
from cross_agent_intelligence.telling import told_to

MOST = 20


@panel("signals", "Signals between agents")
def raised(context: Context) -> Table:
    """Show what two or more agents heard of, the newest first, with what its score is made of."""
    since = moment(context.now() - window(context))
    newest = reversed(list(every(context, RAISED, Signal, after=since)))
    told = [telling for _, one in newest if (telling := told_to(context, one, None))][:MOST]
    rows = tuple(
        Row(
            (
                one.signal.raised_at,
                one.name,
                one.words,
                f"{', '.join(one.signal.agents)} → {', '.join(one.signal.to)}",
                one.signal.score,
                ", ".join(f"{part} {value:.2f}" for part, value in one.signal.parts.model_dump().items()),
            )
        )
        for one in told
    )
    return Table(("When", "About", "Said", "Agents", "Score", "Why"), rows)
