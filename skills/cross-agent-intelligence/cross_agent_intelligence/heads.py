"""The inverted index: what a head becomes by a mention, without one, or joined with another. Values only."""

from __future__ import annotations

from collections.abc import Iterable

from cross_agent_intelligence.records import RECENT, Head, Heard, Told

NAMES = 8
"""Names that a head keeps; the rarest goes."""
RAISED = 5


def with_mention(head: Head, agent: str, name: str, n: int, at: float) -> Head:
    """Return a head with one more mention."""
    known = head.agents.get(agent)
    heard = Heard(
        count=(known.count if known else 0) + 1,
        last=max(known.last, at) if known else at,
        recent=tuple(sorted({*(known.recent if known else ()), n})[-RECENT:]),
    )
    names = _most({**head.names, name: head.names.get(name, 0) + 1}) if name else head.names
    return head.model_copy(update={"agents": {**head.agents, agent: heard}, "names": names})


def without(head: Head, n: int, name: str) -> Head | None:
    """Return a head without one memory's mention; None when nothing is left of it.

    Of an agent only the newest memories are named: who has none of them left is taken out, lest it is told of nothing.
    """
    agents = {}
    for agent, heard in head.agents.items():
        recent = tuple(one for one in heard.recent if one != n)
        if recent:
            fewer = heard.count - (len(recent) < len(heard.recent))
            agents[agent] = heard.model_copy(update={"recent": recent, "count": max(fewer, len(recent))})
    left = head.names.get(name, 0) - 1
    names = {one: count for one, count in head.names.items() if one != name}
    if left > 0:
        names[name] = left
    raised = tuple(one for one in head.raised if one.n != n)
    if not agents:
        return None
    return head.model_copy(update={"agents": agents, "names": names, "raised": raised})


def joined(head: Head, other: Head) -> Head:
    """Return a head that holds what both held, under the first one's entity."""
    agents = dict(head.agents)
    for agent, heard in other.agents.items():
        mine = agents.get(agent)
        agents[agent] = heard if mine is None else Heard(
            count=mine.count + heard.count,
            last=max(mine.last, heard.last),
            recent=tuple(sorted({*mine.recent, *heard.recent})[-RECENT:]),
        )  # fmt: skip
    names = dict(head.names)
    for name, count in other.names.items():
        names[name] = names.get(name, 0) + count
    raised = sorted((*head.raised, *other.raised), key=lambda one: one.at)
    return head.model_copy(
        update={"agents": agents, "names": _most(names), "raised": tuple(raised[-RAISED:])}
    )


def with_signal(head: Head, told: Told) -> Head:
    """Return a head that remembers a signal."""
    return head.model_copy(update={"raised": (*head.raised, told)[-RAISED:]})


def within(head: Head, since: float) -> Head | None:
    """Return what of a head is of the window; None for nothing."""
    agents = {agent: heard for agent, heard in head.agents.items() if heard.last >= since}
    raised = tuple(one for one in head.raised if one.at >= since)
    if not agents:
        return None
    return head.model_copy(update={"agents": agents, "raised": raised})


def newest(heard: Iterable[Heard]) -> float:
    """Return when any of these last heard of it; 0 for none."""
    return max((one.last for one in heard), default=0.0)


def _most(names: dict[str, int]) -> dict[str, int]:
    return dict(sorted(names.items(), key=lambda item: (-item[1], item[0]))[:NAMES])
