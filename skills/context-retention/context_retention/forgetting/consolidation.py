"""The night's work: link, roll up, let go, prune the logs, compact the database, mend the index; each step reported.

A night is a date on the person's clock, and its work is one job under that date: however many gateways ask,
it is done once. Each step may be cut off anywhere and done again: what it had finished by then stays done, and
the report, the record of that date in `consolidations`, says which steps need not be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np

from clawcortex.errors import ClawcortexError, UnavailableError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import task
from context_retention.forgetting.eviction import budget_of, evict
from context_retention.relating import place, relate
from context_retention.summaries.operation import summarize
from context_retention.summaries.shapes import SummarizeInput

REPORTS = "consolidations"
KIND = "consolidate_memory"
LEASE_S = 1_800.0
"""Half of a million memories takes less; after a crash another try begins this late."""
LOG_DAYS = 90
REPORT_DAYS = 400
WASTED = 0.2
"""Share of the file, or of the index, that must be empty before it is written anew."""
Report = dict[str, Any]


def link_related(context: Context) -> Report:
    """Relate what the worker has not related yet: duplicates and what was replaced go first."""
    while relate.run(context):
        pass
    return {"related_to": place(context)}


def roll_up(context: Context) -> Report:
    """Make the hours, days and weeks that are not summed up yet, before any of their turns may go."""
    made = summarize(context, SummarizeInput(period="week"))
    return {"made": len(made.made), "pending": made.pending}


def let_go(context: Context) -> Report:
    """Archive and delete what is past its retention or over the budget."""
    return evict(context, budget_of(context.settings)).model_dump(mode="json", exclude={"dry_run"})


def prune_logs(context: Context) -> Report:
    """Remove old events, ended jobs and reports."""
    now = context.now()
    oldest = (now - timedelta(days=REPORT_DAYS)).date().isoformat()
    reports = list(context.store.list_records(REPORTS, until=oldest))
    for night in reports:
        context.store.take_record(REPORTS, night)
    return {"rows": context.store.prune(now - timedelta(days=LOG_DAYS)), "reports": len(reports)}


def compact(context: Context) -> Report:
    """Give the database's empty pages back to the disk when they are many."""
    wasted = context.store.wasted()
    if wasted <= WASTED:
        return {"wasted": round(wasted, 3), "compacted": False}
    context.store.scrub()
    return {"wasted": round(wasted, 3), "compacted": True}


def mend_index(context: Context) -> Report:
    """Rebuild the index when it does not reach the store's generation, or holds many that are gone."""
    context.index.refresh()
    view = context.index.view()
    behind = context.store.generation - context.index.generation
    dead = int(np.count_nonzero(~view.alive))
    needed = behind > 0 or dead > WASTED * max(1, len(view.alive))
    if needed:
        context.index.rebuild()
        context.index.snapshot()
    return {"behind": behind, "dead": dead, "rebuilt": needed}


STEPS: Mapping[str, Callable[[Context], Report]] = {
    "relate": link_related,
    "summarize": roll_up,
    "evict": let_go,
    "prune": prune_logs,
    "compact": compact,
    "index": mend_index,
}


def night_of(context: Context) -> str:
    """Return the date of the night, on the person's clock."""
    return context.local(context.now()).date().isoformat()


def report_of(context: Context, night: str) -> Report:
    """Return what is known of a night's work."""
    return dict(context.store.get_record(REPORTS, night) or {"version": 1, "night": night, "steps": {}})


def is_done(report: Mapping[str, Any]) -> bool:
    """Return whether every step of a night was done."""
    return bool(report.get("ended_at"))


@task(KIND, lease_s=LEASE_S)
def consolidate_memory(context: Context, payload: Mapping[str, Any]) -> None:
    """Do the steps of a night that are not done; raise when any failed, after the others."""
    night = date.fromisoformat(str(payload["night"])).isoformat()
    report = report_of(context, night)
    report.setdefault("started_at", context.now().isoformat())
    failed = {}
    for name, step in STEPS.items():
        done = report["steps"].get(name, {})
        if done and "error" not in done:
            continue
        try:
            report["steps"][name] = step(context)
        except ClawcortexError as error:  # the other steps do not depend on it; the job is tried again
            failed[name] = report["steps"][name] = {"error": error.message, "hint": error.hint}
            context.log.warning("consolidation of %s: %s: %s", night, name, error.message)
        context.store.put_record(REPORTS, night, report)
        context.store.audit(context.caller.actor, f"consolidate.{name}", night, report["steps"][name])
    if failed:
        raise UnavailableError(
            f"consolidation of {night}: {', '.join(failed)} failed: {next(iter(failed.values()))['error']}"
        )
    report["ended_at"] = context.now().isoformat()
    context.store.put_record(REPORTS, night, report)
    context.store.append_event("memory.consolidated", {"night": night})
