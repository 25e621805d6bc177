"""The operations `summarize` and `summaries`."""

from __future__ import annotations

from clawcortex.errors import BusyError, HostError, InputError, NotFoundError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Schedule, operation
from context_retention.summaries.filing import FOLDERS, publish
from context_retention.summaries.kept import SUMMARIES, read
from context_retention.summaries.making import Run
from context_retention.summaries.model import Asker
from context_retention.summaries.rendering import rendered
from context_retention.summaries.shapes import (
    Made,
    Shown,
    SummariesInput,
    SummariesOutput,
    Summarized,
    SummarizeInput,
    Unreadable,
)

SCHEDULES = (
    Schedule("0 8-22 * * *", "summarize", {"period": "hour"}),
    Schedule("15 0 * * *", "summarize", {"period": "day"}),
    Schedule("35 0 * * 1", "summarize", {"period": "week"}),
)
"""The hours of the night are made in the morning, or by the daily job before it makes the day."""
FILES = tuple(f"memory/{name}" for name in FOLDERS.values())


@operation("summarize", effect="write")
def summarize(context: Context, request: SummarizeInput) -> Summarized:
    """Sum up the hours, days or weeks that are over and not summed up yet, and write their files."""
    with context.store.exclusive("summaries") as held:
        if not held:
            raise BusyError(
                "summaries are being made by another call",
                hint="Wait for it: it makes what was missing, too.",
            )
        return _summarized(context, request)


def _summarized(context: Context, request: SummarizeInput) -> Summarized:
    asker = Asker(context)
    answer = Summarized(
        made=[], unchanged=0, pending=0, files=[], edited=[], skipped=[], dropped=0, warnings=[]
    )
    for agent in _agents(context, request.agent, answer.warnings):
        run = Run(context, agent, asker, request.since)
        run.summarize(request.period)
        answer.made.extend(
            Made(
                agent=agent,
                period=one.period,
                start=one.start,
                method=f"extractive ({one.why})" if one.why else one.method,
                turns=one.turns,
            )
            for one in run.made
        )
        answer.skipped.extend(
            Unreadable(agent=agent, start=one.start, **fault.model_dump())
            for one in run.made
            if one.period == "hour"
            for fault in one.skipped
        )
        filed = publish(context, [*run.made, *run.same])
        answer.files.extend(filed.written)
        answer.edited.extend(filed.edited)
        answer.warnings.extend(filed.warnings)
        answer = answer.model_copy(
            update={
                "unchanged": answer.unchanged + len(run.same),
                "pending": answer.pending + run.pending,
                "dropped": answer.dropped + sum(one.dropped for one in run.made),
            }
        )
    if answer.made:
        names = [f"{one.agent}/{one.period}/{one.start}" for one in answer.made]
        context.store.audit(
            context.caller.actor, "summarize", names[0], {"made": names[:100], "count": len(names)}
        )
    return answer


def _agents(context: Context, named: str, warnings: list[str]) -> list[str]:
    """Return the agents to sum up: those that said something, and those that OpenClaw has."""
    known = {scope.agent for scope in context.store.scopes().values()}
    try:
        known |= {one.id for one in context.host.agents()}
    except (HostError, InputError) as error:
        warnings.append(f"{error.message} {error.hint}")
    if named and named not in known:
        raise NotFoundError(f"no agent {named!r}", hint=f"Agents: {', '.join(sorted(known)) or 'none yet'}.")
    return [named] if named else sorted(known)


@operation("summaries")
def summaries(context: Context, request: SummariesInput) -> SummariesOutput:
    """Show the summaries of an agent as they stand in its files."""
    prefix = f"{request.agent}/{request.period}/"
    stored = context.store.list_records(SUMMARIES, after=prefix, until=f"{prefix}\U0010ffff")
    keys = [key.removeprefix(prefix) for key in stored]
    found = [one for key in keys if (one := read(context, request.agent, request.period, key))]
    chosen = [
        one
        for one in found
        if (request.since is None or one.ends > request.since)
        and (request.until is None or one.begins < request.until)
    ]
    return SummariesOutput(
        summaries=[
            Shown(start=one.start, method=one.method, turns=one.turns, markdown=rendered(context, one))
            for one in chosen[-request.limit :]
        ]
    )
