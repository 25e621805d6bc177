"""The stream of memories: each new one is taken in, each forgotten one taken out, by one of all servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clawcortex.errors import ClawcortexError, ModelError
from clawcortex.skills.context import Context
from clawcortex.store.base import FLAG_UNTRUSTED, Change
from clawcortex.store.records import Memory, Provenance, Write
from cross_agent_intelligence import heads, knowledge
from cross_agent_intelligence.detecting import Found, take_in, window
from cross_agent_intelligence.recognising.recognition import recognise
from cross_agent_intelligence.recognising.shapes import Mention
from cross_agent_intelligence.recognising.tagging import open_tagger
from cross_agent_intelligence.records import (
    HEADS,
    JOINED,
    PLACES,
    RAISED,
    TURNS,
    Head,
    Signal,
    parsed,
    turn_key,
)

if TYPE_CHECKING:  # numpy comes with it, and the server must listen before
    from clawcortex.store.index import View

NAMES, FORGOTTEN = "names", "forgotten"
BATCH = 16
"""Memories that one step takes in; what came meanwhile then goes first."""
TRUSTED = frozenset({Provenance.OWNER, Provenance.AGENT})
TRIES = 5
LONGEST = 20_000
"""Characters of one memory in which names are looked for; a turn is stored in pieces of far fewer."""


@dataclass(slots=True)
class Step:
    """What one step did."""

    read: int = 0
    mentions: int = 0
    forgotten: bool = False
    """Memories were deleted since the last step."""
    left: bool = False
    signals: list[Signal] = field(default_factory=list)


def step(context: Context, *, limit: int = BATCH) -> Step:
    """Take in the next memories and take out the forgotten ones."""
    done = Step(forgotten=follow_forgotten(context))
    context.index.refresh()
    view = context.index.view()
    listed = waiting(context, place(context, NAMES))
    for memory in context.store.rows(listed[:limit]):
        if memory.provenance in TRUSTED:
            done.mentions += _take_or_pass(context, view, memory, done)
        done.read += 1
    done.left = len(listed) > limit
    return done


def place(context: Context, name: str) -> int:
    """Return the `n` up to which memories are taken in."""
    return int(str((context.store.get_record(PLACES, name) or {}).get("n", 0)))


def moved(context: Context, name: str, n: int) -> Write | None:
    """Return the change that says that a memory is taken in; None when it is already."""
    before = context.store.get_record(PLACES, name)
    if before is not None and int(str(before.get("n", 0))) >= n:
        return None
    return Write(PLACES, name, before, {**(before or {"version": 1}), "n": n})


def waiting(context: Context, after: int, *, until: int | None = None) -> list[int]:
    """Return the `n` of the window's trusted memories after one, up to and with another, in order."""
    import numpy as np

    view = context.index.view()
    ns = view.columns.n
    start, end = np.searchsorted(
        ns, [after, ns[-1] if until is None and len(ns) else until or 0], side="right"
    )
    since = (context.now() - window(context)).timestamp()
    fitting = view.alive[start:end] & (view.columns.created[start:end] >= since)
    fitting &= (view.columns.flags[start:end] & FLAG_UNTRUSTED) == 0
    found: list[int] = ns[start:end][fitting].tolist()
    return found


def _take_or_pass(context: Context, view: View, memory: Memory, done: Step) -> int:
    """Take in one memory; one that cannot be read is passed over, lest it stops the rest."""
    try:
        return _take(context, view, memory, done)
    except ClawcortexError:
        raise
    except Exception:  # what a text does to a recogniser is that text's affair; the traceback is in the log
        context.log.exception("memory %d is passed over: its names cannot be read", memory.n)
        forward = moved(context, NAMES, memory.n)
        if forward is not None:
            context.store.amend([forward])
        return 0


def _take(context: Context, view: View, memory: Memory, done: Step) -> int:
    """Take in one memory, once; return how many mentions it has."""
    for _ in range(TRIES):
        with knowledge.held(context) as known:
            forward = moved(context, NAMES, memory.n)
            if forward is None:
                return 0
            mentions = _names_in(context, known, memory.text[:LONGEST])
            found = take_in(context, view, known, memory, mentions)
            writes = [*found.all_writes(), *known.writes(context.store), forward]
            if context.store.amend(writes, events=found.events()):
                done.signals += found.signals
                return len(mentions)
            knowledge.forget(context)  # another server was quicker
    context.log.warning("memory %d is being taken in by others", memory.n)
    return 0


def _names_in(context: Context, known: knowledge.Known, text: str) -> list[Mention]:
    """Return the names that stand in a text; those of rules and of people alone while the model is not there."""
    if not context.embedder.ready():
        return recognise(text, gazetteer=known.gazetteer)
    try:
        return recognise(text, gazetteer=known.gazetteer, tagger=open_tagger(context.embedder))
    except ModelError as error:
        context.log.warning("names go by rules alone: %s", error.message)
        return recognise(text, gazetteer=known.gazetteer)


# What was forgotten


def follow_forgotten(context: Context) -> bool:
    """Take out what was forgotten since the last look; return whether something was."""
    generation = context.store.generation
    record = context.store.get_record(PLACES, FORGOTTEN)
    seen = int(str((record or {}).get("generation", 0)))
    if generation == seen:
        return False
    changes = context.store.changes(seen) if record else []
    gone = missing(context) if changes is None else _deleted(context, changes)
    for n in gone:
        leave(context, n)
    context.store.put_record(PLACES, FORGOTTEN, {"version": 1, "generation": generation})
    return bool(gone) or any(one.kind == "deleted" for one in changes or ())


def _deleted(context: Context, changes: list[Change]) -> list[int]:
    ranges = [(one.first, one.last) for one in changes if one.kind == "deleted"]
    return [
        int(key)
        for first, last in ranges
        for key in context.store.list_records(TURNS, after=turn_key(first - 1), until=turn_key(last + 1))
    ]


def missing(context: Context) -> list[int]:
    """Return the memories in the index of names that the store does not hold any more."""
    known = [int(key) for key in context.store.list_records(TURNS)]
    context.index.refresh()
    view = context.index.view()
    rows = view.at(known).tolist()
    return [n for n, row in zip(known, rows, strict=True) if row < 0 or not view.alive[row]]


def leave(context: Context, n: int) -> None:
    """Take a memory out of every head that it stands in, and its names with it; doing it again changes nothing."""
    for _ in range(TRIES):
        record = context.store.get_record(TURNS, turn_key(n))
        if record is None:
            return
        listed, names = record.get("heads"), record.get("names")
        found, raised = Found(writes=[Write(TURNS, turn_key(n), record, None)]), set[str]()
        for key, name in (listed if isinstance(listed, dict) else {}).items():
            current = current_key(context, str(key))
            if current not in found.heads:  # two of its heads may have become one
                document = context.store.get_record(HEADS, current)
                was = None if document is None else parsed(context, HEADS, current, document, Head)
                found.heads[current] = document if was else None, was
            stored, head = found.heads[current]
            if head is not None:
                found.heads[current] = stored, heads.without(head, n, str(name))
                raised |= {one.signal for one in head.raised if one.n == n}
        found.writes += _withdrawn(context, sorted(raised))
        with knowledge.held(context) as known:
            unlearned = _unlearned(context, names if isinstance(names, dict) else {})
            if unlearned:
                found.writes += [*unlearned, known.stepped()]
            done = context.store.amend(found.all_writes())
            if unlearned:
                knowledge.forget(context)
        if done:
            return


def _unlearned(context: Context, names: Mapping[str, Mapping[str, int]]) -> list[Write]:
    """Return the changes that take the names of a memory out of what is known of their entities."""
    by_entity: dict[str, dict[str, int]] = {}
    for entity, called in names.items():
        known = by_entity.setdefault(current_entity(context, entity), {})
        for name, count in called.items():
            known[name] = known.get(name, 0) + count
    changes = (knowledge.unlearned(context.store, entity, called) for entity, called in by_entity.items())
    return [one for one in changes if one is not None]


def _withdrawn(context: Context, signals: list[str]) -> Iterator[Write]:
    """Yield the changes that take signals back; who has not been told yet will not be."""
    for one in signals:
        if (raised := context.store.get_record(RAISED, one)) is not None:
            yield Write(RAISED, one, raised, None)


def current_key(context: Context, key: str) -> str:
    """Return where a head is now: its entity may have turned out to be another."""
    entity, _, audience = key.rpartition("/")
    return f"{current_entity(context, entity)}/{audience}"


def current_entity(context: Context, entity: str) -> str:
    """Return the entity that one turned out to be, itself where it did not."""
    while (record := context.store.get_record(JOINED, entity)) is not None:
        entity = str(record["into"])
    return entity
