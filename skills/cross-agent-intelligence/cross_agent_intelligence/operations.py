"""The operations of cross-agent-intelligence, and the skill they make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from clawcortex.errors import ConflictError, InputError, NotFoundError
from clawcortex.skills.context import Context
from clawcortex.skills.known import with_chat_type
from clawcortex.skills.operation import Schedule, Skill, operation
from clawcortex.store.records import Scope, Write
from clawcortex.text.terms import fold
from cross_agent_intelligence import (
    filing,
    knowledge,
    messaging,
    moving,
    panels,
    prompt,
    reconciling,
    shapes,
    subscriptions,
    watching,
)
from cross_agent_intelligence.audiences import OWNERS, audience_of
from cross_agent_intelligence.detecting import Found, join, window
from cross_agent_intelligence.knowledge import Known
from cross_agent_intelligence.records import (
    HEADS,
    RAISED,
    SUBSCRIPTIONS,
    Head,
    Signal,
    Subscription,
    dumped,
    every,
    head_key,
    moment,
)
from cross_agent_intelligence.resolving.shapes import Entity, Resolution
from cross_agent_intelligence.syncing import delivering
from cross_agent_intelligence.syncing import operation as syncing
from cross_agent_intelligence.telling import Telling, told_to

TRIES = 5


@operation("detect", effect="write")
def detect(context: Context, request: shapes.DetectInput) -> shapes.Detected:
    """Take in what the stream missed, let go what is too old, and write cross-signals.json."""
    del request
    done = reconciling.reconcile(context)
    return shapes.Detected(
        read=done.read,
        mentions=done.mentions,
        signals=[one.id for one in done.signals],
        dropped=done.dropped,
        file=filing.publish_if_possible(context),
    )


@operation("signals", expose="agent")
def signals(context: Context, request: shapes.SignalsInput) -> shapes.SignalsOutput:
    """Show what several agents heard of, the newest first; an agent sees what it and this person may know."""
    asker = _asker(context)
    agent = asker.agent if asker else shapes.tidy(request.agent)
    since = request.since or context.now() - window(context)
    wanted = fold(shapes.tidy(request.entity))
    found: list[shapes.ShownSignal] = []
    for _, one in reversed(list(every(context, RAISED, Signal, after=moment(since)))):
        if one.score < request.least or (agent and agent not in one.agents):
            continue
        telling = told_to(context, one, asker)
        if telling and wanted in ("", one.entity.casefold(), fold(telling.name)):
            found.append(_shown(telling))
        if len(found) == request.limit:
            break
    return shapes.SignalsOutput(signals=found)


def _asker(context: Context) -> Scope | None:
    """Return the chat that asks; None for the owner at the machine."""
    return None if context.caller.trusted else with_chat_type(context, context.caller.scope)


def _shown(telling: Telling) -> shapes.ShownSignal:
    one = telling.signal
    return shapes.ShownSignal(
        id=one.id,
        entity=one.entity,
        name=telling.name,
        kind=one.kind,
        because=one.because,
        agents=list(one.agents),
        told=list(one.to),
        score=one.score,
        parts=one.parts,
        said_at=one.said_at,
        raised_at=one.raised_at,
        words=telling.words,
    )


@operation("entities")
def entities(context: Context, request: shapes.EntitiesInput) -> shapes.EntitiesOutput:
    """Show who and what agents heard of, with every name and why it is one, the most often mentioned first."""
    wanted, agent = fold(shapes.tidy(request.name)), shapes.tidy(request.agent)
    heard: dict[str, dict[str, int]] = {}
    for _, head in every(context, HEADS, Head):
        counted = heard.setdefault(head.entity, {})
        for name, one in head.agents.items():
            counted[name] = counted.get(name, 0) + one.count
    with knowledge.held(context) as known:
        found = [
            one
            for one in known.resolver.entities()
            if (not wanted or any(wanted in fold(name) for name in (one.name, *one.aliases)))
            and (not agent or agent in heard.get(one.id, {}))
            and request.kind in ("", one.kind)
        ]
    found.sort(key=lambda one: (-one.count, one.name))
    return shapes.EntitiesOutput(
        entities=[_entity(context, one, heard.get(one.id, {})) for one in found[: request.limit]]
    )


def _entity(context: Context, entity: Entity, agents: dict[str, int]) -> shapes.ShownEntity:
    why = knowledge.evidence_of(context, entity.id)
    names = sorted(entity.aliases.items(), key=lambda item: (-item[1], item[0]))
    return shapes.ShownEntity(
        id=entity.id,
        name=entity.name,
        kind=entity.kind,
        count=entity.count,
        confirmed=entity.confirmed,
        aliases=[shapes.Alias(name=name, count=count, why=why.get(name, "")) for name, count in names],
        agents=dict(sorted(agents.items())),
    )


@operation("link", effect="write")
def link(context: Context, request: shapes.LinkInput) -> shapes.Linked:
    """Say that a name means this entity, from now on."""
    return _correct(context, request, "link", lambda known, name, entity: known.resolver.link(name, entity))


@operation("unlink", effect="write")
def unlink(context: Context, request: shapes.LinkInput) -> shapes.Linked:
    """Say that a name does not mean this entity; it then means another one."""
    return _correct(
        context, request, "unlink", lambda known, name, entity: known.resolver.unlink(name, entity)
    )


def _correct(
    context: Context,
    request: shapes.LinkInput,
    action: str,
    apply: Callable[[Known, str, str], Resolution],
) -> shapes.Linked:
    name = shapes.tidy(request.name)
    if not name:
        raise InputError("the name is empty", hint="Give it as it is written.")
    for _ in range(TRIES):
        with knowledge.held(context) as known:
            entity = _meant(known, request.entity)
            resolution = apply(known, name, entity.id)
            found = Found()
            for gone in resolution.joined:
                join(context, found, gone, resolution.entity)
            if context.store.amend([*found.all_writes(), *known.writes(context.store)]):
                now = known.resolver.entity(resolution.entity)
                moving.move(context, name, now.id, leaving=entity.id if action == "unlink" else "")
                context.store.audit(
                    context.caller.actor,
                    action,
                    now.id,
                    {"entity": entity.id, "joined": list(resolution.joined)},
                )
                return shapes.Linked(
                    entity=now.id, name=now.name, aliases=sorted(now.aliases), joined=list(resolution.joined)
                )
            knowledge.forget(context)
    raise ConflictError("the entities were changed by others all the time", hint="Try again.")


def _meant(known: Known, given: str) -> Entity:
    """Return the entity of an id, or of a name that only one has."""
    named = known.resolver.named(shapes.tidy(given))
    if len(named) > 1:
        listed = ", ".join(f"{one.name} ({one.kind}): {one.id}" for one in named[:5])
        raise InputError(f"{len(named)} entities are called {given!r}", hint=f"Give an id. {listed}")
    return named[0] if named else known.resolver.entity(given)


@operation("subscribe", expose="agent", effect="write")
def subscribe(context: Context, request: shapes.SubscribeInput) -> shapes.Subscribed:
    """Follow, mute or snooze an entity for an agent, or set from which score on it is told."""
    asker = _asker(context)
    agent = asker.agent if asker else shapes.tidy(request.agent) or context.host.agents()[0].id
    here = audience_of(asker, context.settings) if asker else ""
    entity = _wanted(context, request.entity, here) or subscriptions.ALL
    audience = here or (OWNERS if request.action == "follow" else "")
    if entity == subscriptions.ALL and request.action == "follow":
        raise InputError("an agent cannot follow everything", hint="Name an entity.")
    key = subscriptions.key_of(agent, entity, audience)
    for _ in range(TRIES):
        before = context.store.get_record(SUBSCRIPTIONS, key)
        new = Subscription(agent=agent, entity=entity, audience=audience)
        known = Subscription.model_validate(before) if before else new
        wish = _changed(context, known, request)
        after = None if request.action == "clear" else dumped(wish)
        if (before is None and after is None) or context.store.amend(
            [Write(SUBSCRIPTIONS, key, before, after)]
        ):
            context.store.audit(
                context.caller.actor, "subscribe", entity, {"agent": agent, "action": request.action}
            )
            return shapes.Subscribed(**wish.model_dump(include=set(shapes.Subscribed.model_fields)))
    raise ConflictError("this subscription was changed by others all the time", hint="Try again.")


def _changed(context: Context, known: Subscription, request: shapes.SubscribeInput) -> Subscription:
    if request.action == "clear":
        return Subscription(agent=known.agent, entity=known.entity, audience=known.audience)
    until = context.now() + timedelta(hours=request.hours)
    changes: dict[str, dict[str, object]] = {
        "follow": {"follow": True, "muted": False},
        "mute": {"muted": True, "follow": False},
        "snooze": {"snoozed_until": until},
        "threshold": {"threshold": request.threshold},
    }
    return known.model_copy(update=changes[request.action])


def _wanted(context: Context, given: str, audience: str) -> str:
    """Return the id of the entity that is meant, "" for all; whoever asks in a chat can name what it heard there."""
    name = shapes.tidy(given)
    if not name:
        return ""
    with knowledge.held(context) as known:
        if not audience:
            return _meant(known, name).id
        ids = [one.id for one in known.resolver.named(name)] or [name]
    heard = [one for one in ids if context.store.get_record(HEADS, head_key(one, audience))]
    if not heard:
        raise NotFoundError(
            f"nothing called {name!r} was heard of here", hint="Name it as it was named here."
        )
    return heard[0]


skill = Skill(
    name="cross-agent-intelligence",
    title="Cross-agent intelligence",
    summary="Agents that know what the others know: signals of what two of them hear, the daily sync.",
    version="0.1.0",
    operations=(detect, signals, entities, link, unlink, subscribe, syncing.sync),
    hooks=(prompt.tell, delivering.tell_day),
    chores=(watching.watch, watching.match),
    tasks=(messaging.send, filing.write_file, delivering.send_day, syncing.write_again),
    consumers=(filing.spread,),
    panels=(panels.raised,),
    schedules=(Schedule("10 */6 * * *", "detect"), Schedule("0 21 * * *", "sync")),
    files={"cross-signals": filing.SignalsFile},
    keeps=(filing.FILE, "shared-learnings"),
)
