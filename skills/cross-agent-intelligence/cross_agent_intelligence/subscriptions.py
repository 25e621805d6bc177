"""What each agent wants to hear in each audience: followed, muted, snoozed, and from which score on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from clawcortex.skills.context import Context
from cross_agent_intelligence.records import LAST, SUBSCRIPTIONS, Signal, Subscription, every, plain

ALL = "*"
Wish = Literal["now", "later", "never"]


def key_of(agent: str, entity: str, audience: str) -> str:
    """Return where an agent's wish for an audience stands; those for one entity stand together."""
    return f"{entity}/{plain(agent)}/{plain(audience)}"


def of_entity(context: Context, entity: str, audience: str) -> dict[str, Subscription]:
    """Return by agent what is wanted of an entity in an audience; what was said there counts before the rest."""
    kept = every(context, SUBSCRIPTIONS, Subscription, after=f"{entity}/", until=f"{entity}/{LAST}")
    found = [one for _, one in kept]
    return {one.agent: one for place in ("", audience) for one in found if one.audience == place}


def followers(wanted: Mapping[str, Subscription], audience: str) -> set[str]:
    """Return the agents that follow an entity in an audience."""
    return {agent for agent, one in wanted.items() if one.follow and one.audience == audience}


def wish(
    context: Context,
    agent: str,
    score: float,
    now: datetime,
    own: Mapping[str, Subscription],
    general: Mapping[str, Subscription],
) -> Wish:
    """Return whether an agent wants a signal of this score; what it said of the entity counts before the rest."""
    said = [one for one in (own.get(agent), general.get(agent)) if one is not None]
    if any(one.muted for one in said[:1]) or (len(said) > 1 and said[1].muted and not said[0].follow):
        return "never"
    least = next((one.threshold for one in said if one.threshold is not None), None)
    if score < (context.settings.signal_score if least is None else least):
        return "never"
    if any(one.snoozed_until and one.snoozed_until > now for one in said):
        return "later"
    return "now"


def wishes_of(context: Context, agent: str, signal: Signal) -> Wish:
    """Return whether an agent wants to be told of a signal, as it stands now."""
    return wish(
        context,
        agent,
        signal.score,
        context.now(),
        of_entity(context, signal.entity, signal.audience),
        of_entity(context, ALL, signal.audience),
    )
