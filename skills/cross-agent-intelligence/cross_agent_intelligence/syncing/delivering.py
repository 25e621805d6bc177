"""The day's sync told to each agent once: in its next prompt in a chat of the owner's, and as a message if wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from clawcortex.openclaw.payloads import PromptBuild
from clawcortex.periods import day_of, quiet_until
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.known import with_chat_type
from clawcortex.skills.operation import hook, task
from clawcortex.store.records import ChatType, Write
from clawcortex.text.tokens import clip
from cross_agent_intelligence import messaging
from cross_agent_intelligence.audiences import audience_of, kept_by
from cross_agent_intelligence.records import LAST, digest, plain
from cross_agent_intelligence.syncing.gathering import gather
from cross_agent_intelligence.syncing.shapes import SYNCS, Day, Line

WAITING = "signals.syncs.waiting"
"""By agent and day: the lines that it was told (their digests), and whether there may be more."""
MESSAGE = "signals.sync_message"
RANK = 27
TOLD = 6
"""Most lines of one prompt."""
WORDS = 24
OLD = timedelta(days=3)
SKILL = "cross-agent-intelligence"


def waiting(context: Context, day: str, agents: Collection[str]) -> list[Write]:
    """Return the changes by which each agent will be told of a day, or of what is new in it."""
    made = []
    for agent in agents:
        key = f"{plain(agent)}/{day}"
        before = context.store.get_record(WAITING, key)
        after = {"version": 1, "told": [], **(before or {}), "open": True}
        made.append(Write(WAITING, key, before, after))
    return made


def queue(context: Context, day: str, digest: str) -> None:
    """Queue the message about a day, if messages are wanted."""
    if messaging.wanted(context):
        at = quiet_until(context.settings.quiet_hours, context.local(context.now()))
        context.store.enqueue(MESSAGE, {"day": day}, key=f"{MESSAGE}/{day}/{digest}", run_at=at)


@task(MESSAGE, lease_s=180.0)
def send_day(context: Context, payload: Mapping[str, Any]) -> None:
    """Tell the first owner of a day."""
    days = _gathered(context, str(payload["day"]))
    if not days or not messaging.wanted(context):
        return
    lines = [f"🗞 What your agents learned on {payload['day']}"]
    lines += [f"• {one.agent}: {_counts(one)}" for one in days]
    messaging.write(context, "\n".join(lines))


@hook("before_prompt_build")
def tell_day(context: Context, event: PromptBuild) -> Contribution | None:
    """Tell the agent what the others learned, decided and wait for."""
    prefix, today = f"{plain(event.agent)}/", context.local(context.now()).date()
    listed = context.store.list_records(
        WAITING, after=prefix + (today - OLD).isoformat(), until=prefix + LAST
    )
    key, record = next(((key, one) for key, one in listed.items() if one.get("open")), ("", None))
    if record is None or not context.settings.signal_tokens:
        return None
    scope = with_chat_type(context, event.scope())
    private = scope.chat_type is ChatType.PRIVATE
    if not private or audience_of(scope, context.settings) not in kept_by(context):
        return None  # it is told in the next chat of the owner's
    day, known = key.rpartition("/")[2], record.get("told")
    told = [str(one) for one in known] if isinstance(known, list) else []
    found = [one for one in _gathered(context, day) if one.agent != event.agent and one.lines]
    items = tuple(item for one in found for item in _items(one, TOLD // len(found) or 1, told))[:TOLD]

    def note(placed: Collection[str]) -> None:
        shown = [one.id for one in items if one.id in placed]
        if shown or not items:
            after = {"version": 1, "told": [*told, *shown], "open": False}
            context.store.amend([Write(WAITING, key, record, after)])

    return Contribution(
        skill=SKILL,
        heading=f"Daily sync of {day}: what the other agents learned, shared-learnings/daily-sync/{day}.md has all",
        items=items,
        rank=RANK,
        budget_tokens=context.settings.signal_tokens,
        delivered=note,
    )


def _gathered(context: Context, day: str) -> list[Day]:
    """Return what the day's file was made of; OpenClaw is not asked again: a prompt waits for it."""
    agents = (context.store.get_record(SYNCS, day) or {}).get("agents")
    listed = [str(one) for one in agents] if isinstance(agents, list) else []
    return gather(context, day_of(date.fromisoformat(day), context.local), listed)


def _items(day: Day, most: int, told: Collection[str]) -> list[Item]:
    """Return an agent's newest lines that were not told yet: of each kind in turn, what it decided first."""
    kinds: list[tuple[str, list[Line]]] = [
        ("decided", day.decided), ("learned", day.learned), ("waits for", day.waiting), ("got wrong", day.wrong)
    ]  # fmt: skip
    new = [
        (age, place, Item(clip(line.text, WORDS), 1.0, f"{day.agent} {name}", identity))
        for place, (name, lines) in enumerate(kinds)
        for age, line in enumerate(reversed(lines))
        if (identity := f"sync-{digest(f'{day.agent}|{name}|{line.text}')}") not in told
    ]
    return [item for _, _, item in sorted(new, key=lambda one: one[:2])[:most]]


def _counts(day: Day) -> str:
    counted = (
        ("learned", day.learned), ("decided", day.decided), ("got wrong", day.wrong), ("waits for", day.waiting)
    )  # fmt: skip
    told = ", ".join(f"{name} {len(lines)}" for name, lines in counted if lines)
    return told or f"{day.withheld} statements of its own"
