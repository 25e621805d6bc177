"""Forgotten turns leave the summaries, too, and so the files.

An hour whose other turns are still in the store is extracted again without them. Where turns were evicted since,
extracting again would lose what only the summary still tells: there every entry that names a forgotten turn goes.
Days and weeks are made again from what is left; no model is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clawcortex import periods
from clawcortex.periods import Period
from clawcortex.skills.context import Context
from clawcortex.store.base import Ints
from clawcortex.store.records import Memory
from context_retention.summaries import gathering
from context_retention.summaries.filing import publish
from context_retention.summaries.kept import drop, keep, read
from context_retention.summaries.making import Run, digest_of
from context_retention.summaries.shapes import Section, Summary
from context_retention.transfer import Line

NAMING_TURNS = (
    "highlights", "decisions", "actions", "questions", "moods", "relations", "entities", "topics",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gone:
    """One forgotten memory: in whose summaries it may be, and when."""

    agent: str
    at: datetime
    turn: str

    @classmethod
    def of(cls, memory: Memory) -> Gone:
        """Return a memory of the store as gone."""
        return cls(memory.scope.agent, memory.created_at, memory.turn)


def noting(unwanted: Callable[[Line], bool], gone: list[Gone]) -> Callable[[Line], bool]:
    """Return the same judgement on archived lines, which also notes those that go."""

    def judged(line: Line) -> bool:
        found = unwanted(line)
        if found:
            gone.append(Gone(line.agent, line.created_at, line.id.partition(".")[0]))
        return found

    return judged


def leave_out(context: Context, gone: Iterable[Gone]) -> list[str]:
    """Take what is not in the store any more out of all summaries; return the files that may still hold it."""
    agents: dict[str, list[Gone]] = {}
    for one in gone:
        agents.setdefault(one.agent, []).append(one)
    return [file for agent, theirs in agents.items() for file in _of_agent(context, agent, theirs)]


def _of_agent(context: Context, agent: str, gone: Sequence[Gone]) -> list[str]:
    run = Run(context, agent, asker=None)
    removed: list[Summary] = []
    turns = {one.turn for one in gone}
    hours: dict[str, tuple[Period, int]] = {}
    for one in gone:
        period = periods.hour_of(one.at, context.local)
        hours[period.key] = (period, hours.get(period.key, (period, 0))[1] + 1)
    held = gathering.held(context, agent)
    days: set[str] = set()
    for period, count in hours.values():
        old = read(context, agent, "hour", period.key)
        days |= {period.file, old.file} if old else {period.file}
        if old is not None:
            _hour(run, old, period, held.within(period.begins, period.ends), turns, count, removed)
    dates = [date.fromisoformat(day) for day in sorted(days)]
    larger = [periods.day_of(day, context.local) for day in dates]
    weeks = {week.key: week for week in (periods.week_of(day, context.local) for day in dates)}
    for period in (*larger, *weeks.values()):
        old = read(context, agent, period.kind, period.key)
        if old is not None and run.rollup(period, forced=True) is None:
            removed.append(old)
    return publish(context, [*run.made, *run.same, *removed], gone=sorted(turns)).failed


def _hour(
    run: Run,
    old: Summary,
    period: Period,
    left: Ints,
    gone: set[str],
    count: int,
    removed: list[Summary],
) -> None:
    seen = left[left <= old.newest]
    if len(seen) + count >= old.rows:
        used = gathering.uses(run.context, run.agent, period.begins)
        summary = run.hour(period, left, used, forced=True)
    else:
        summary = without(old, gone, seen, count)
        if summary is not None:
            keep(run.context, summary)
            run.made.append(summary)
    if summary is None:
        drop(run.context, old)
        removed.append(old)


def without(summary: Summary, gone: set[str], left: Ints, count: int) -> Summary | None:
    """Return the summary without what names a forgotten turn; None when it says nothing then.

    `left` is what the store still holds of it, `count` how many memories were forgotten: the others were evicted.
    """
    sections = tuple(_without(section, gone) for section in summary.sections)
    if not len(left) and not any(getattr(section, name) for section in sections for name in NAMING_TURNS):
        return None
    rows = max(len(left), summary.rows - count)
    return summary.model_copy(
        update={"sections": sections, "digest": digest_of(left.tobytes()), "rows": rows}
    )


def _without(section: Section, gone: set[str]) -> Section:
    kept: dict[str, Any] = {
        name: tuple(one for one in getattr(section, name) if gone.isdisjoint(one.turns))
        for name in NAMING_TURNS
    }
    return section.model_copy(update=kept)
