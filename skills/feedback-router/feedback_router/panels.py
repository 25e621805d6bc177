"""The router's parts of the status page: what waits for a person, and how much was accepted, week by week."""

from __future__ import annotations

from datetime import timedelta

from clawcortex.skills.context import Context
from clawcortex.skills.panel import Act, Row, Share, Table, panel
from feedback_router.keeping import every_ask
from feedback_router.nightly import decisions_since
from feedback_router.records import Ask, Decision
from feedback_router.statistics import measure

MOST = 50
WEEKS = 12


@panel("waiting", "Waiting for your decision")
def waiting(context: Context) -> Table:
    """List the questions that nobody has answered yet, the oldest first."""
    found = list(every_ask(context))
    note = f"{len(found)} wait; the first {MOST} are shown." if len(found) > MOST else ""
    columns = ("Question", "More", "Agent", "Asked")
    return Table(columns, tuple(_row(one) for one in found[:MOST]), note)


def _row(ask: Ask) -> Row:
    acts = tuple(
        Act(
            "answer",
            option.label,
            {"id": ask.id, "choice": option.key},
            {"text": "In its place"} if option.key == "edit" else {},
        )
        for option in ask.options
    )
    return Row((ask.title, ask.description, ask.agent, ask.asked_at), acts)


@panel("accepted", "Accepted, by week")
def accepted(context: Context) -> Table:
    """Show the share of approvals among what was approved, rejected or edited, with its 95 % interval."""
    weeks: dict[str, list[Decision]] = {}
    for one in decisions_since(context, context.now() - timedelta(weeks=WEEKS)):
        year, week, _ = context.local(one.answered_at).isocalendar()
        weeks.setdefault(f"{year}-W{week:02}", []).append(one)
    found = [measure(name, weeks[name]) for name in sorted(weeks, reverse=True)]
    rows = []
    for each in found:
        share, between = each.acceptance, each.interval
        sure = f"{between.low:.0%} to {between.high:.0%}" if between else ""
        rows.append(
            Row(
                (each.name, "none judged" if share is None else Share(share, f"{share:.0%}"), sure, each.asks)
            )
        )
    return Table(("Week", "Accepted", "95 % interval", "Asked"), tuple(rows))
