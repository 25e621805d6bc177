"""From a text to memories: cleaned, stripped of our own blocks, redacted, chunked, keyed, stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from ulid import ULID

from clawcortex.errors import InputError
from clawcortex.skills.context import Context
from clawcortex.store.records import REPLAYED, NewMemory, Provenance, Scope
from clawcortex.text.chunks import chunks
from clawcortex.text.clean import clean
from clawcortex.text.fence import strip_blocks
from clawcortex.text.redaction import redact
from clawcortex.text.terms import terms
from context_retention.cues import TELLING, VITAL
from context_retention.shapes import Stored

LONGEST_LABEL = 256


@dataclass(frozen=True, slots=True)
class Saying:
    """One text, with who said it, where and when."""

    text: str
    scope: Scope
    said_at: datetime
    session: str = ""
    speaker: str = ""
    provenance: Provenance = Provenance.OWNER
    source_ref: str = ""
    importance: float | None = None
    pinned: bool = False
    key: str = ""
    """What makes storing it twice store it once; empty: made from the other fields and the masked text."""
    replay: str = ""
    """What names this turn in OpenClaw: it may come again, even after it was forgotten, and is then refused."""
    once: bool = False
    """Whether the same words in the same place are one memory, whenever they are said."""


def cued_importance(text: str, provenance: Provenance) -> float:
    """Return an importance in [0, 1] from cue words; an agent's own words weigh less."""
    weight = 0.8 if VITAL.search(text) else 0.6 if TELLING.search(text) else 0.4
    return weight if provenance is Provenance.OWNER else max(0.2, weight - 0.2)


def key_of(saying: Saying, text: str) -> str:
    """Return the key under which a saying is recognised; made of the masked text, so that it tells no secret."""
    if saying.key:
        return saying.key
    where = "\x1f".join(asdict(saying.scope).values())
    if saying.replay:
        return REPLAYED + _digest(saying.replay, text)
    if saying.once:
        return f"once:{_digest(where, text.strip().casefold())}"
    moment = "" if saying.source_ref else saying.said_at.isoformat()
    return _digest(where, saying.session, saying.speaker, saying.source_ref, moment, text)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def label(text: str) -> str:
    """Return a name or reference that is safe to store: one line, no control characters, secrets masked."""
    bare = " ".join(text.split())
    return redact(clean(bare)).text[:LONGEST_LABEL] if bare.strip("\ufeff\x00") else ""


Prepared = tuple[list[NewMemory], tuple[str, ...]]
"""The memories of one saying, at least one, and the kinds of secrets that were masked in it."""


def prepare(saying: Saying) -> Prepared:
    """Return what is to be stored of a saying; raise InputError when nothing is left of it once it is clean."""
    safe = redact(strip_blocks(clean(saying.text)))
    text = clean(safe.text)
    key = key_of(saying, text)
    importance = cued_importance(text, saying.provenance) if saying.importance is None else saying.importance
    turn = str(ULID())
    memories = [
        NewMemory(
            text=piece,
            key=f"{key}.{part}",
            created_at=saying.said_at,
            scope=saying.scope,
            turn=turn,
            part=part,
            session=saying.session,
            speaker=label(saying.speaker),
            provenance=saying.provenance,
            source_ref=label(saying.source_ref),
            importance=importance,
            pinned=saying.pinned,
            terms=tuple(terms(piece)),
        )
        for part, piece in enumerate(chunks(text))
    ]
    if not memories:
        raise InputError("nothing is left of the text once it is clean")
    return memories, safe.kinds


def write(context: Context, prepared: Sequence[Prepared], operation: str) -> list[Stored]:
    """Store what was prepared in one transaction and tell the worker; durable when it returns."""
    added = context.store.add([memory for memories, _ in prepared for memory in memories])
    stored, start = [], 0
    for memories, kinds in prepared:
        mine = added[start : start + len(memories)]
        start += len(memories)
        stored.append(Stored(id=mine[0].id, fresh=mine[0].fresh, parts=len(mine), redacted=list(kinds)))
    fresh = [one.id for one in stored if one.fresh]
    if fresh:
        context.store.audit(
            context.caller.actor, operation, fresh[0], {"ids": fresh, "origin": context.caller.origin}
        )
        context.resources.wake()
    return stored
