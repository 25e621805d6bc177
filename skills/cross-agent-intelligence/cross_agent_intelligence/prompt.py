"""Signals before a prompt: what other agents heard about the same, told to each agent once."""

from __future__ import annotations

from collections.abc import Collection

from clawcortex.openclaw.payloads import PromptBuild
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.known import with_chat_type
from clawcortex.skills.operation import hook
from clawcortex.text.tokens import clip
from cross_agent_intelligence.audiences import audience_of
from cross_agent_intelligence.detecting import window
from cross_agent_intelligence.records import (
    LAST,
    RAISED,
    WAITING,
    Signal,
    moment,
    read,
    waiting_prefix,
)
from cross_agent_intelligence.subscriptions import wishes_of
from cross_agent_intelligence.telling import Telling, said_when, told_to

SHOWN, LOOKED_AT = 3, 30
"""Most signals of one prompt, and of those that wait how many of the newest are looked at; the rest is told later."""
RANK = 26
"""After wishes and priorities of the owner, before what is recalled."""
WORDS = 45
"""Tokens of one signal's words, so that three of them fit."""
SKILL = "cross-agent-intelligence"


@hook("before_prompt_build")
def tell(context: Context, event: PromptBuild) -> Contribution | None:
    """Tell the agent what other agents heard about the same."""
    if not context.settings.signal_tokens:
        return None
    scope = with_chat_type(context, event.scope())
    prefix = waiting_prefix(scope.agent, audience_of(scope, context.settings))
    since = prefix + moment(context.now() - window(context))
    waiting = context.store.list_records(WAITING, after=since, until=prefix + LAST)
    tellings: list[Telling] = []
    over: list[str] = []
    for key, value in list(waiting.items())[-LOOKED_AT:]:
        signal = read(context, RAISED, str(value.get("signal", "")), Signal)
        wish = wishes_of(context, scope.agent, signal) if signal else "never"
        telling = told_to(context, signal, scope) if signal and wish == "now" else None
        if telling is not None:
            tellings.append(telling)
        elif wish != "later":
            over.append(key)
    if not tellings:
        _take(context, over)
        return None
    tellings.sort(key=lambda one: one.signal.score, reverse=True)
    items = tuple(_item(context, one) for one in tellings[:SHOWN])

    def note(placed: Collection[str]) -> None:
        _take(context, [*over, *(prefix + one.id for one in items if one.id in placed)])

    return Contribution(
        skill=SKILL,
        heading="Signals: another agent heard of the same",
        items=items,
        rank=RANK,
        budget_tokens=context.settings.signal_tokens,
        note=f"{len(items)} of {len(waiting)} signals",
        delivered=note,
    )


def _take(context: Context, keys: Collection[str]) -> None:
    for key in keys:
        context.store.take_record(WAITING, key)


def _item(context: Context, telling: Telling) -> Item:
    """Return a signal's line; without its words only that it was said, by whom it was heard, and when."""
    about = clip(telling.name, 15) or "the same matter"
    who = f"signal about {about}, told to {said_when(context, telling)}"
    text = clip(telling.words, WORDS) or f"{about}: {telling.signal.said_in.agent} heard of it, too"
    return Item(text, telling.signal.score, who, telling.signal.id)
