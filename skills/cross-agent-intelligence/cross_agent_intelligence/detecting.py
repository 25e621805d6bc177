"""One memory after another: what it names goes into the inverted index, and what others heard of, too, is a signal.

The cost of a memory is that of its own mentions: each reads and writes one head, however many agents, entities and
mentions there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from clawcortex.skills.context import Context
from clawcortex.skills.events import SignalRaised
from clawcortex.store.records import Memory, NewEvent, Provenance, Write
from cross_agent_intelligence import heads, subscriptions
from cross_agent_intelligence.audiences import heard_by
from cross_agent_intelligence.knowledge import Known
from cross_agent_intelligence.recognising.shapes import LONGEST_NAME, Mention
from cross_agent_intelligence.records import (
    HEADS,
    JOINED,
    LAST,
    RAISED,
    SUBSCRIPTIONS,
    TURNS,
    WAITING,
    Because,
    Head,
    Place,
    Signal,
    Subscription,
    Told,
    digest,
    dumped,
    every,
    head_key,
    moment,
    parsed,
    said,
    turn_key,
    waiting_prefix,
)
from cross_agent_intelligence.scoring import SAME, likeness, parts_of, score_of

if TYPE_CHECKING:  # numpy comes with it, and the server must listen before
    from clawcortex.store.index import View

SURE = 0.5
"""Least confidence of a mention that counts."""
MOST = 40
"""Entities of one memory that count; a list of names is no news of any of them."""
EARLIER = 12
"""Memories of all agents that a new one is compared with, so that nobody is told what it heard itself."""


@dataclass(slots=True)
class Found:
    """What follows from one memory, to be stored in one transaction."""

    heads: dict[str, tuple[Mapping[str, object] | None, Head | None]] = field(default_factory=dict)
    """By key: the document as it was, and the head as it becomes."""
    stands_in: dict[str, str] = field(default_factory=dict)
    """By key of a head: the name by which the memory called it."""
    names: dict[str, dict[str, int]] = field(default_factory=dict)
    """By entity: every name by which the memory called it, and how often."""
    signals: list[Signal] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    def all_writes(self) -> list[Write]:
        """Return every change."""
        changed = [
            Write(HEADS, key, before, dumped(after) if after else None)
            for key, (before, after) in self.heads.items()
            if before is not None or after is not None
        ]
        made = [Write(RAISED, one.id, None, dumped(one)) for one in self.signals]
        waiting = [
            Write(
                WAITING, waiting_prefix(agent, one.audience) + one.id, None, {"version": 1, "signal": one.id}
            )
            for one in self.signals
            for agent in one.to
        ]
        return [*changed, *made, *waiting, *self.writes]

    def events(self) -> list[NewEvent]:
        """Return the events that tell of the signals."""
        return [
            SignalRaised(
                signal_id=one.id,
                kind=one.kind,
                agents=one.agents,
                to=one.to,
                score=one.score,
                at=one.raised_at,
            ).new()
            for one in self.signals
        ]


def window(context: Context) -> timedelta:
    """Return how far apart two agents may hear of the same."""
    return timedelta(days=context.settings.signal_days)


def take_in(context: Context, view: View, known: Known, memory: Memory, mentions: Sequence[Mention]) -> Found:
    """Return what follows from the names that a memory holds."""
    found = Found()
    counted = [one for one in mentions if one.confidence >= SURE and len(one.name) <= LONGEST_NAME]
    resolved = known.resolve(memory.text, counted[: 4 * MOST], f"{memory.scope.agent}/{memory.session}")
    for resolution in resolved:
        for gone in resolution.joined:
            join(context, found, gone, known.resolver.current(resolution.entity))
    named: dict[str, Mention] = {}
    for mention, resolution in zip(counted, resolved, strict=False):
        entity = known.resolver.current(resolution.entity)
        named.setdefault(entity, mention)
        called = found.names.setdefault(entity, {})
        called[mention.name] = called.get(mention.name, 0) + 1
    heard = heard_by(memory.scope, context.settings) if named else ()
    general = {audience: subscriptions.of_entity(context, subscriptions.ALL, audience) for audience in heard}
    standing = (context.store.get_record(TURNS, turn_key(memory.n)) or {}).get("heads")
    for entity, mention in list(named.items())[:MOST]:
        for audience, wishes in general.items():
            if isinstance(standing, dict) and head_key(entity, audience) in standing:
                continue  # it was taken in by another name
            head = head_at(context, found, entity, audience)
            head = head or Head(entity=entity, audience=audience, kind=mention.kind)
            mentioned(context, view, found, head, memory, mention.name, "name", wishes)
    if found.names:
        found.writes.append(stands(context, memory.n, found.stands_in, found.names))
    return found


def head_at(context: Context, found: Found, entity: str, audience: str) -> Head | None:
    """Return the head of an entity in an audience, as far as it is of the window."""
    key = head_key(entity, audience)
    if key not in found.heads:
        stored = context.store.get_record(HEADS, key)
        head = parsed(context, HEADS, key, stored, Head) if stored is not None else None
        found.heads[key] = stored, head
    head = found.heads[key][1]
    return heads.within(head, (context.now() - window(context)).timestamp()) if head else None


def mentioned(
    context: Context,
    view: View,
    found: Found,
    head: Head,
    memory: Memory,
    name: str,
    because: Because,
    general: Mapping[str, Subscription],
) -> None:
    """Count a mention in its head, and raise what follows from it."""
    agent, at = memory.scope.agent, said(memory)
    grown = heads.with_mention(head, agent, name, memory.n, at)
    # An agent that says again what it was told brings no news, and what a stranger wrote is told to nobody.
    is_news = memory.provenance is Provenance.OWNER
    signal = _signal(context, view, head, grown, memory, because, general) if is_news else None
    if signal is not None:
        grown = heads.with_signal(grown, Told(signal=signal.id, n=memory.n, at=at))
        found.signals.append(signal)
    before = found.heads[head.key][0] if head.key in found.heads else None
    found.heads[head.key] = before, grown
    found.stands_in[head.key] = name


def stands(
    context: Context, n: int, stands_in: Mapping[str, str], names: Mapping[str, Mapping[str, int]]
) -> Write:
    """Return the change that keeps in which heads a memory stands, and what it calls each entity.

    It is kept as long as the memory is: what is forgotten must be found here, too.
    """
    before = context.store.get_record(TURNS, turn_key(n))
    heads_before, names_before = ((before or {}).get(part) for part in ("heads", "names"))
    listed = {**(heads_before if isinstance(heads_before, dict) else {}), **stands_in}
    called = {**names_before} if isinstance(names_before, dict) else {}
    for entity, counted in names.items():
        known = called.get(entity, {})
        called[entity] = {**known, **{name: known.get(name, 0) + count for name, count in counted.items()}}
    return Write(TURNS, turn_key(n), before, {"version": 1, "heads": listed, "names": called})


def _signal(
    context: Context,
    view: View,
    before: Head,
    head: Head,
    memory: Memory,
    because: Because,
    general: Mapping[str, Subscription],
) -> Signal | None:
    """Return the signal that a mention raises, if others heard of it and it is news to one who wants it."""
    agent, at, now = memory.scope.agent, said(memory), context.now()
    own = subscriptions.of_entity(context, head.entity, head.audience)
    others = {name: heard for name, heard in before.agents.items() if name != agent}
    reached = sorted({*others, *subscriptions.followers(own, before.audience) - {agent}})
    if not reached:
        return None
    alike = _likeness(view, before, memory.n)
    told = [alike[one.n] for one in before.raised if one.n in alike]
    if any(one >= SAME for one in told):
        return None  # in about these words
    parts = parts_of(
        agents=len(reached) + 1,
        raised_s=[at - one.at for one in before.raised],
        alike=max(told, default=0.0),
        gap_s=abs(at - heads.newest(others.values())) if others else 0.0,
        window_s=window(context).total_seconds(),
        importance=memory.importance,
    )
    score = score_of(parts, head.kind)

    def is_told(name: str) -> bool:
        knows = name in others and any(alike.get(n, 0.0) >= SAME for n in others[name].recent)
        return not knows and subscriptions.wish(context, name, score, now, own, general) != "never"

    to = tuple(name for name in reached if is_told(name))
    if not to:
        return None
    return Signal(
        id=f"{moment(now)}-{digest(f'{head.key}|{memory.id}')}",
        entity=head.entity,
        audience=head.audience,
        kind=head.kind,
        because=because,
        agents=(agent, *reached),
        to=to,
        score=score,
        parts=parts,
        n=memory.n,
        said_at=memory.created_at,
        said_in=Place.of(memory.scope),
        raised_at=now,
    )


def _likeness(view: View, head: Head, n: int) -> dict[int, float]:
    """Return how like this memory is what was said of it lately: in signals, and to each agent."""
    newest = sorted((one for heard in head.agents.values() for one in heard.recent), reverse=True)
    stems = stems_at(view, [n, *(one.n for one in head.raised), *newest[:EARLIER]])
    own = stems.pop(n, frozenset())
    return {other: likeness(own, words) for other, words in stems.items()}


def stems_at(view: View, ns: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return the stems of memories, as their hashes; those that are gone are left out."""
    asked = sorted(set(ns))
    rows = view.at(asked)
    there = rows >= 0
    there[there] &= view.alive[rows[there]]
    ends, hashes = view.terms_of(rows[there])
    found = [n for n, is_there in zip(asked, there.tolist(), strict=True) if is_there]
    return {n: frozenset(hashes[ends[i] : ends[i + 1]].tolist()) for i, n in enumerate(found)}


def join(context: Context, found: Found, gone: str, entity: str) -> None:
    """Let what is kept of an entity that turned out to be another be that one's."""
    for key, head in every(context, HEADS, Head, after=f"{gone}/", until=f"{gone}/{LAST}"):
        target = head_at(context, found, entity, head.audience)
        moved = head.model_copy(update={"entity": entity})
        into = heads.joined(target, moved) if target else moved
        found.heads[into.key] = found.heads[into.key][0], into
        found.heads[key] = context.store.get_record(HEADS, key), None
    for key, one in every(context, SUBSCRIPTIONS, Subscription, after=f"{gone}/", until=f"{gone}/{LAST}"):
        new = subscriptions.key_of(one.agent, entity, one.audience)
        planned = {write.key for write in found.writes if write.collection == SUBSCRIPTIONS}
        if new not in planned and context.store.get_record(SUBSCRIPTIONS, new) is None:
            moved_wish = one.model_copy(update={"entity": entity})
            found.writes.append(Write(SUBSCRIPTIONS, new, None, dumped(moved_wish)))
        found.writes.append(Write(SUBSCRIPTIONS, key, dumped(one), None))
    found.writes.append(Write(JOINED, gone, None, {"version": 1, "into": entity}))
