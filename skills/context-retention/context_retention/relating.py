"""Relate what is new to what is there: a chore that marks what a newer memory replaces or repeats.

For each newly embedded memory the nearest ones of the same person are compared with it, older and newer alike, so that
an old text imported late finds its place. The older one is linked to the newer and valid until that was said. Only
trusted words take part: nothing untrusted replaces anything, no agent replaces what the person said, and what is pinned
is replaced by the person alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clawcortex.errors import NotFoundError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import chore
from clawcortex.store.base import FLAG_UNTRUSTED, Floats, Ints
from clawcortex.store.index import View
from clawcortex.store.records import Memory, Provenance, Scope
from clawcortex.text.terms import terms
from context_retention.pairs import Compared, chances
from context_retention.relation import LEAST_COSINE, Said, headings, is_duplicate
from context_retention.scopes import related

PLACES, PLACE = "relating", "place"
BATCH = 32
NEAREST = 20
"""Neighbours by vector, and as many by words, that each new memory is compared with."""
POSTINGS, RAREST = 300, 3
SURE = 0.6
"""How sure a link must be: it stays, while what an answer puts in order is thought over each time."""
SOON_S = 600
SURER = 0.75
"""What is said within ten minutes belongs together and seldom takes each other's place: it must be this sure."""
_RANK = {Provenance.OWNER: 2, Provenance.AGENT: 1, Provenance.SYSTEM: 1, Provenance.UNTRUSTED: 0}

Mask = NDArray[np.bool_]


@chore("relate")
def relate(context: Context) -> bool:
    """Relate the next memories that have vectors; return whether more are waiting."""
    context.index.refresh()
    view = context.index.view()
    after = place(context)
    rows = _waiting(view, after)
    if not len(rows):
        return False
    batch = rows[:BATCH]
    for memory, vector, seen in _neighbourhoods(context, view, batch):
        _relate_one(context, view, memory, vector, seen)
    context.store.put_record(PLACES, PLACE, {"n": int(view.columns.n[batch[-1]]), "version": 1})
    # What waits for its vector cannot be recalled by meaning yet: that goes first.
    return len(rows) > BATCH and not context.store.unembedded(context.embedder.model, limit=1)


def place(context: Context) -> int:
    """Return the `n` up to which memories are related."""
    record = context.store.get_record(PLACES, PLACE)
    return int(str(record["n"])) if record else 0


def _waiting(view: View, after: int) -> Ints:
    """Return the rows to be related next, in order, up to the first that has no vector yet."""
    start = int(np.searchsorted(view.columns.n, after, side="right"))
    missing = np.flatnonzero(view.alive[start:] & ~view.embedded[start:])
    end = start + int(missing[0]) if len(missing) else len(view.columns.n)
    return start + np.flatnonzero(view.alive[start:end])


def _neighbourhoods(context: Context, view: View, batch: Ints) -> Iterator[tuple[Memory, Floats, Mask]]:
    """Yield each trusted memory of a batch with its vector and a mask of what it may be related to."""
    by_n = {memory.n: memory for memory in context.store.rows(view.columns.n[batch].tolist())}
    vectors = view.vectors(batch)
    trusted = view.alive & view.embedded & ((view.columns.flags & FLAG_UNTRUSTED) == 0)
    masks: dict[Scope, Mask] = {}
    for row, vector in zip(batch.tolist(), vectors, strict=True):
        memory = by_n.get(int(view.columns.n[row]))
        if memory is None or memory.provenance is Provenance.UNTRUSTED:
            continue
        if memory.scope not in masks:
            near = [n for n, one in view.scopes.items() if related(memory.scope, one, context.settings)]
            masks[memory.scope] = trusted & np.isin(view.columns.scope, near)
        yield memory, vector, masks[memory.scope] & (view.columns.speaker == view.columns.speaker[row])


def _relate_one(context: Context, view: View, memory: Memory, vector: Floats, mask: Mask) -> None:
    rows = _near(context, view, memory, vector, mask)
    cosines = view.cosines(rows, vector)
    by_n = {other.n: other for other in context.store.rows(view.columns.n[rows].tolist())}
    places = [i for i, n in enumerate(view.columns.n[rows].tolist()) if n in by_n]
    told = headings(context.index.model, view.vectors(rows[places])) if places else []
    own = headings(context.index.model, vector.reshape(1, -1))[0]
    open_: list[Pair] = []
    for i, heading in zip(places, told, strict=True):
        other = by_n[int(view.columns.n[rows[i]])]
        try:
            pair = _compare(context, (memory, own), (other, heading), float(cosines[i]))
        except NotFoundError as error:  # one of the two was forgotten meanwhile
            context.log.info("not related: %s", error.message)
        else:
            open_ += [pair] if pair else []
    for pair, sure in zip(open_, chances(context, [pair.compared for pair in open_]), strict=True):
        try:
            _replace(context, pair, sure)
        except NotFoundError as error:
            context.log.info("not related: %s", error.message)


def _near(context: Context, view: View, memory: Memory, vector: Floats, mask: Mask) -> Ints:
    """Return the rows of the nearest memories by vector and by their rarest words, the memory itself left out."""
    if not vector.any():
        return np.empty(0, np.int64)
    by_vector, _ = view.search(vector, NEAREST + 1, mask)
    stems = tuple(dict.fromkeys(terms(memory.text)))
    known = sorted((count, stem) for stem, count in context.store.frequencies(stems).items() if count > 1)
    by_words = view.at(context.store.matching([stem for _, stem in known[:RAREST]], limit=POSTINGS))
    by_words = by_words[by_words >= 0]
    by_words = by_words[mask[by_words]]
    best = np.argsort(-view.cosines(by_words, vector), kind="stable")[:NEAREST]
    rows = np.unique(np.concatenate([by_vector, by_words[best]]))
    others: Ints = rows[view.columns.n[rows] != memory.n]
    return others


Headed = tuple[Memory, float | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two memories of which the newer may take the older one's place."""

    newer: Memory
    older: Memory
    compared: Compared


def _compare(context: Context, one: Headed, other: Headed, cosine: float) -> Pair | None:
    """Link the newer of two memories to the older where it repeats; return them where it may replace it."""
    (newer, heading), (older, heading_old) = sorted(
        (one, other), key=lambda held: (held[0].created_at, held[0].n), reverse=True
    )
    if newer.turn == older.turn or cosine < LEAST_COSINE:
        return None
    if is_duplicate(newer.text, older.text, cosine):
        _link_duplicate(context, newer, older)
        return None
    if not _may_replace(newer, older):
        return None
    new = Said(newer.text, newer.speaker, newer.created_at, heading)
    old = Said(older.text, older.speaker, older.created_at, heading_old)
    return Pair(newer, older, Compared(new, old, cosine))


def _replace(context: Context, pair: Pair, sure: float) -> None:
    """Make the older memory history of the newer where that is sure, and the older one did not end before."""
    newer, older = pair.newer, pair.older
    if older.valid_to is not None and older.valid_to <= newer.created_at:
        return
    soon = (newer.created_at - older.created_at).total_seconds() < SOON_S
    if sure >= (SURER if soon else SURE):
        context.store.link(older.n, superseded_by=newer.id, valid_to=newer.created_at)


def _may_replace(newer: Memory, older: Memory) -> bool:
    """Return whether the newer one's words have the right to make the older one history."""
    if Provenance.UNTRUSTED in (newer.provenance, older.provenance) or newer.speaker != older.speaker:
        return False
    if older.pinned and newer.provenance is not Provenance.OWNER:
        return False
    return _RANK[newer.provenance] >= _RANK[older.provenance]


def _link_duplicate(context: Context, newer: Memory, older: Memory) -> None:
    alike = (newer.scope, newer.speaker, newer.provenance) == (older.scope, older.speaker, older.provenance)
    current = not (newer.superseded_by or older.superseded_by)
    if alike and current and not newer.pinned and not newer.duplicate_of:
        context.store.link(newer.n, duplicate_of=older.duplicate_of or older.id)
