"""`sync`: shared-learnings/daily-sync/YYYY-MM-DD.md, written where a day changed, and delivered."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clawcortex import paths
from clawcortex.errors import ClawcortexError, InputError
from clawcortex.files import locked, write_parts
from clawcortex.periods import Period, day_of
from clawcortex.skills.context import Context
from clawcortex.skills.events import SyncWritten
from clawcortex.skills.operation import operation, task
from clawcortex.store.records import Write
from clawcortex.text.markdown import template
from cross_agent_intelligence.shapes import AgentDay, Synced, SyncedDay, SyncInput
from cross_agent_intelligence.syncing import delivering
from cross_agent_intelligence.syncing.gathering import agents_of, gather, nodes_of
from cross_agent_intelligence.syncing.shapes import SYNCS, Day

if TYPE_CHECKING:
    from jinja2 import Template

AGAIN = "signals.sync_again"
FOLDER = Path("shared-learnings", "daily-sync")
TEMPLATE = Path(__file__).parents[1] / "templates" / "sync.md.j2"
KEPT_DAYS = 60
HINT = """<!-- clawcortex writes the part between its begin and end lines. Everything else here is yours, and the part
too once you change it: it is not written again then. -->"""


@operation("sync", effect="write")
def sync(context: Context, request: SyncInput) -> Synced:
    """Write what each agent learned, decided, got wrong and waits for today, and deliver it to the agents."""
    answer = Synced(days=[], nodes=[], warnings=[])
    agents = agents_of(context, answer.warnings)
    answer.nodes.extend(nodes_of(context, answer.warnings))
    for day in _days(context, request.day):
        answer.days.append(_write_day(context, day, agents, answer, asked=bool(request.day)))
    return answer


@task(AGAIN, lease_s=300.0)
def write_again(context: Context, payload: Mapping[str, Any]) -> None:
    """Write the days again of which something was forgotten."""
    del payload
    answer = Synced(days=[], nodes=[], warnings=[])
    agents = agents_of(context, answer.warnings)
    answer.nodes.extend(nodes_of(context, answer.warnings))
    for key in context.store.list_records(SYNCS):
        _write_day(context, day_of(date.fromisoformat(key), context.local), agents, answer, asked=False)
    for warning in answer.warnings:
        context.log.warning("%s", warning)


def queue_again(context: Context) -> None:
    """Queue the days to be looked at again, once what is being forgotten is gone from the summaries."""
    key, later = f"{AGAIN}/{context.store.generation}", timedelta(seconds=30)
    context.store.enqueue(AGAIN, {}, key=key, run_at=context.now() + later)


def _days(context: Context, named: str) -> list[Period]:
    today = context.local(context.now()).date()
    try:
        chosen = [date.fromisoformat(named)] if named else [today - timedelta(days=1), today]
    except ValueError as error:
        raise InputError(f"{named} is no day: {error}", hint="Name one as 2026-11-23.") from error
    return [day_of(one, context.local) for one in chosen]


def _write_day(context: Context, day: Period, agents: list[str], answer: Synced, *, asked: bool) -> SyncedDay:
    days = gather(context, day, agents)
    body = rendered(days, answer.nodes, shared=context.settings.share_between_agents)
    made = hashlib.sha256(json.dumps([asdict(one) for one in days]).encode()).hexdigest()[:32]
    known = context.store.get_record(SYNCS, day.key)
    shown = SyncedDay(day=day.key, file="", changed=False, agents=[_counted(one) for one in days])
    if known is not None and known.get("digest") == made:
        return shown.model_copy(update={"file": str(known.get("file", ""))})
    if not days and known is None and not asked:
        return shown
    try:
        file = _file(context, day, body, answer.warnings)
    except ClawcortexError as error:
        answer.warnings.append(f"{error.message} {error.hint}")
        return shown
    document = {"version": 1, "digest": made, "file": file, "agents": agents}
    event = SyncWritten(day=day.key, file=file, agents=tuple(one.agent for one in days))
    fresh = len(days) > 0
    writes = [
        Write(SYNCS, day.key, known, document),
        *(delivering.waiting(context, day.key, agents) if fresh else ()),
    ]
    if context.store.amend(writes, events=[event.new()]):
        delivering.queue(context, day.key, made)
    _drop_old(context, day)
    return shown.model_copy(update={"file": file, "changed": True})


def _counted(day: Day) -> AgentDay:
    return AgentDay(
        agent=day.agent,
        learned=len(day.learned),
        decided=len(day.decided),
        wrong=len(day.wrong),
        waiting=len(day.waiting),
        withheld=day.withheld,
    )


@cache
def _template() -> Template:
    return template(TEMPLATE)


def rendered(days: list[Day], nodes: list[str], *, shared: bool) -> str:
    """Return the day as Markdown; what people, agents and models wrote is escaped."""
    text = _template().render(days=days, shared=shared, nodes=", ".join(nodes))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _file(context: Context, day: Period, body: str, warnings: list[str]) -> str:
    workspace = context.shared_workspace()
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)  # one that is there keeps its mode
    name = FOLDER / f"{day.key}.md"
    title = f"# What the agents learned on {day.key}\n\n{HINT}\n"
    with locked(paths.private_folder(paths.state_dir() / "run") / "daily-sync", seconds=30):
        result = write_parts(workspace, name, "sync", {day.key: body}, title=title)
    if result.edited:
        warnings.append(f"{workspace / name} was changed by a person: it is left as it is")
    return str(workspace / name)


def _drop_old(context: Context, day: Period) -> None:
    last = (date.fromisoformat(day.key) - timedelta(days=KEPT_DAYS)).isoformat()
    for key in context.store.list_records(SYNCS, until=last):
        context.store.take_record(SYNCS, key)
    for key in context.store.list_records(delivering.WAITING):
        if key.rpartition("/")[2] < last:
            context.store.take_record(delivering.WAITING, key)
