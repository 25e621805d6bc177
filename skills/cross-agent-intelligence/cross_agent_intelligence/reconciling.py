"""Every six hours: what the stream missed is taken in, what is too old or gone is let go, the file is written anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from clawcortex.errors import ConflictError
from clawcortex.skills.context import Context
from clawcortex.store.records import Write
from cross_agent_intelligence import heads, knowledge, matters, rereading, streaming
from cross_agent_intelligence.detecting import window
from cross_agent_intelligence.recognising.shapes import NAMED
from cross_agent_intelligence.records import (
    HEADS,
    LAST,
    RAISED,
    SUBSCRIPTIONS,
    WAITING,
    Head,
    Signal,
    dumped,
    moment,
)

PAGE = 500
ROUNDS = 100_000
"""Steps of one run at most: what is left then is the next one's."""


@dataclass(slots=True)
class Reconciled:
    """What one run did."""

    read: int = 0
    mentions: int = 0
    signals: list[Signal] = field(default_factory=list)
    dropped: int = 0


def reconcile(context: Context) -> Reconciled:
    """Bring the index of names up to date with the memories."""
    done = Reconciled()
    for _ in range(ROUNDS):
        step = streaming.step(context)
        done.read += step.read
        done.mentions += step.mentions
        done.signals += step.signals
        matched = matters.step(
            context, until=streaming.place(context, streaming.NAMES), batch=streaming.BATCH
        )
        if not step.left and not matched.left:
            break
    done.signals += rereading.reread(context)
    for n in streaming.missing(context):
        streaming.leave(context, n)
        done.dropped += 1
    done.dropped += drop_old(context)
    return done


def drop_old(context: Context) -> int:
    """Let go what is older than the window; return how many records."""
    since = context.now() - window(context)
    gone = _trim_heads(context, since.timestamp())
    for collection in (RAISED, WAITING):
        for key in list(context.store.list_records(collection)):
            if key.rpartition("/")[2] < moment(since):
                gone += context.store.take_record(collection, key) is not None
    return gone + _drop_entities(context)


def _trim_heads(context: Context, since: float) -> int:
    gone, after = 0, ""
    while page := context.store.list_records(HEADS, after=after, until=LAST, limit=PAGE):
        after = list(page)[-1]
        for key, stored in page.items():
            try:
                head = Head.model_validate(stored)
            except ValueError:
                head = None
            kept = heads.within(head, since) if head else None
            document = dumped(kept) if kept else None
            if document != stored and context.store.amend([Write(HEADS, key, stored, document)]):
                gone += kept is None
    return gone


def _drop_entities(context: Context) -> int:
    """Forget entities that were named once, long ago, and that nobody confirmed or has a wish about."""
    used = {
        key.partition("/")[0]
        for collection in (HEADS, SUBSCRIPTIONS)
        for key in context.store.list_records(collection)
    }
    with knowledge.held(context) as known:
        old = [
            one.id
            for one in known.resolver.entities()
            if one.id not in used and not one.confirmed and (one.count < 2 or one.kind not in NAMED)
        ]
        if not old:
            return 0
        writes = [
            Write(knowledge.ENTITIES, one, stored, None)
            for one in old
            if (stored := context.store.get_record(knowledge.ENTITIES, one))
        ]
        if not context.store.amend([*writes, known.stepped()]):
            raise ConflictError("the entities were changed meanwhile", hint="`detect` again.")
        knowledge.forget(context)
    return len(old)
