"""Search memory: full text and vectors find candidates, the ranker orders them, conflicts are settled."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from clawcortex.errors import ModelError
from clawcortex.skills.context import Context
from clawcortex.store.base import FLAG_UNTRUSTED, Floats, Ints
from clawcortex.store.index import View
from clawcortex.store.records import Memory
from clawcortex.text.terms import hashed, terms
from clawcortex.text.tokens import count_tokens
from context_retention import confidence, history, ranker, relating
from context_retention.candidates import by_words, with_nearest
from context_retention.conflicts import settle
from context_retention.features import compute
from context_retention.query import LONGEST, Query, parse
from context_retention.relation import Said, headings
from context_retention.shapes import Hit, RecallOutput

Mask = NDArray[np.bool_]
BESIDE = ThreadPoolExecutor(4, thread_name_prefix="query")
"""Embeds the question while its words are looked up: both leave the interpreter to others most of the time."""
OUTDATED = 0.8
"""A memory that another hit replaces scores at most this share of that hit."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question, and which memories it may see."""

    text: str
    now: datetime
    scopes: Sequence[int]
    top_k: int = 10
    budget_tokens: int | None = None
    session: str = ""
    since: datetime | None = None
    until: datetime | None = None
    asker: str = ""
    trusted_only: bool = False
    """Leave out untrusted and tool-derived text: what is injected unasked."""
    explained: bool = True
    """Whether each hit comes with the parts of its score."""
    unless_since: dict[str, float] = field(default_factory=dict)
    """Sessions whose memories from this time on (epoch seconds) are left out: they stand in the prompt."""


def _mask(view: View, wanted: Wanted) -> Mask:
    columns = view.columns
    seen = np.zeros(max((*view.scopes, *wanted.scopes), default=0) + 1, np.bool_)
    seen[list(wanted.scopes)] = True
    mask = seen.take(columns.scope)
    mask &= view.alive
    if wanted.since is not None:
        mask &= columns.created >= wanted.since.timestamp()
    if wanted.until is not None:
        mask &= columns.created < wanted.until.timestamp()
    if wanted.trusted_only:
        mask &= (columns.flags & FLAG_UNTRUSTED) == 0
    if wanted.session:
        mask &= np.isin(columns.session, view.sessions_named(wanted.session))
    for name, moment in wanted.unless_since.items():
        for number in view.sessions_named(name):
            rows = np.flatnonzero(columns.session == number)
            mask[rows[columns.created[rows] >= moment]] = False
    return mask


def _query_vector(context: Context, query: Query) -> Floats | None:
    if not context.embedder.ready() or not query.embed:
        return None
    try:
        vectors = context.embedder.encode([query.embed])
    except ModelError as error:
        context.log.warning("recall without vectors: %s", error.message)
        return None
    first: Floats = vectors[0]
    return first


def search(context: Context, wanted: Wanted) -> RecallOutput:
    """Return the best hits; lexical alone while the model is loading."""
    started = time.perf_counter()
    context.index.refresh()
    view = context.index.view()
    query = parse(wanted.text, now=wanted.now, speakers=view.speakers, asker=wanted.asker)
    embedding = BESIDE.submit(_query_vector, context, query)
    mask = _mask(view, wanted)
    frequencies = context.store.frequencies((*query.stems, *query.names))
    worded = by_words(query, view, context.store, mask, frequencies)
    vector = embedding.result()
    rows = with_nearest(view, worded, vector, mask)
    rows = _without_echoes(context, view, rows, wanted)
    features = compute(query, view, rows, vector, frequencies, len(view.columns.n))
    settings = context.settings
    aging = {"half_life_days": settings.half_life_days, "recency_floor": settings.recency_floor}
    chances = ranker.score(features, **aging)
    scores = confidence.scores(query, features, chances)
    best = np.argsort(-scores, kind="stable")
    best = best[scores[best] >= settings.min_score][: 2 * wanted.top_k]
    reasons = [ranker.why(features, int(i), **aging) if wanted.explained else {} for i in best]
    found, last = _found(context, view, query, mask, rows[best], scores[best], reasons)
    hits = _hits(context, view, query, found, last)[: wanted.top_k]
    hits = _within(hits, wanted.budget_tokens)
    return RecallOutput(
        hits=hits,
        abstained=not hits or hits[0].score < settings.inject_score,
        mode="lexical" if vector is None else "hybrid",
        took_ms=round((time.perf_counter() - started) * 1_000, 2),
    )


def _without_echoes(context: Context, view: View, rows: Ints, wanted: Wanted) -> Ints:
    """Leave out earlier copies of the very question: they hold no answer and would outrank it."""
    if len(wanted.text) > LONGEST:
        return rows
    asked = hashed(terms(wanted.text))
    alike = rows[view.columns.term_counts[rows] == len(asked)]
    if not len(asked) or not len(alike):
        return rows
    _, words = view.terms_of(alike)
    alike = alike[(words.reshape(len(alike), len(asked)) == asked).all(axis=1)]
    if not len(alike):
        return rows
    copies = context.store.rows([int(n) for n in view.columns.n[alike]])
    echoes = [one.n for one in copies if wanted.trusted_only or one.text.rstrip().endswith("?")]
    return rows[~np.isin(view.columns.n[rows], echoes)]


@dataclass(frozen=True, slots=True)
class Found:
    """One memory that answers, before conflicts are settled."""

    memory: Memory
    score: float
    why: dict[str, float]


def _found(
    context: Context,
    view: View,
    query: Query,
    mask: Mask,
    rows: Ints,
    scores: Floats,
    reasons: list[dict[str, float]],
) -> tuple[list[Found], dict[str, Memory]]:
    """Return the best memories and, right behind what they replaced or replace, those that must stand beside them.

    With them comes what holds now, by the id of each successor that was not among the best.
    """
    place = {int(n): i for i, n in enumerate(view.columns.n[rows])}
    memories = context.store.rows(list(place))
    found = [Found(memory, float(scores[place[memory.n]]), reasons[place[memory.n]]) for memory in memories]
    last = history.ends(context.store, memories)
    beside = [(last[one.superseded_by], one.n) for one in memories if one.superseded_by in last]
    if query.wants_history:
        by = {one.id: one.n for one in memories}
        beside += [(one, by[one.superseded_by]) for one in history.replaced(context.store, memories)]
    known = {one.id for one in memories}
    for memory, n in beside:
        row = int(view.at([memory.n])[0])
        if memory.id not in known and row >= 0 and mask[row]:
            known.add(memory.id)
            at = next(i for i, one in enumerate(found) if one.memory.n == n)
            found.insert(at + 1, Found(memory, found[at].score, found[at].why))
    return found, last


def _hits(
    context: Context, view: View, query: Query, found: list[Found], last: dict[str, Memory]
) -> list[Hit]:
    memories = [one.memory for one in found]
    rows = view.at([memory.n for memory in memories])
    vectors = view.vectors(rows)
    told = headings(context.index.model, vectors)
    done = relating.place(context)
    past = {i for i, memory in enumerate(memories) if history.asked_for(query, memory)}
    order = settle(
        [Said(one.text, one.speaker, one.created_at, told[i]) for i, one in enumerate(memories)],
        vectors @ vectors.T,
        scores=[one.score for one in found],
        stored=history.links(memories, last),
        related={i for i, memory in enumerate(memories) if memory.n <= done},
        asked_for=past,
        past=query.past_first,
    )
    own = [one.score for one in found]
    for old, new in order.superseded_by.items():
        first, then = (old, new) if old in past else (new, old)
        own[first] = max(own[new], own[old])
        own[then] = min(own[then], OUTDATED * own[first])
    return [
        _hit(
            found[i],
            own[i],
            newer=memories[order.superseded_by[i]] if i in order.superseded_by else None,
            duplicates=[memories[j].id for j in order.duplicates.get(i, [])],
        )
        for i in order.shown
    ]


def _hit(found: Found, score: float, *, newer: Memory | None, duplicates: list[str]) -> Hit:
    memory = found.memory
    settled = newer is not None and not memory.superseded_by  # not related yet: said by this answer alone
    return Hit(
        id=memory.id,
        source_ref=memory.source_ref,
        text=memory.text,
        score=round(min(1.0, max(0.0, score)), 4),
        why={part: round(value, 4) for part, value in found.why.items()},
        created_at=memory.created_at,
        provenance=memory.provenance.value,
        speaker=memory.speaker,
        session=memory.session,
        valid_from=memory.created_at,
        valid_to=newer.created_at if newer is not None and settled else memory.valid_to,
        superseded_by=newer.id if newer is not None and settled else memory.superseded_by,
        duplicates=duplicates,
    )


def _within(hits: list[Hit], budget: int | None) -> list[Hit]:
    """Keep hits in order as long as they fit; a hit too large for what is left is passed over."""
    if budget is None:
        return hits
    kept: list[Hit] = []
    for hit in hits:
        cost = count_tokens(hit.text)
        if cost <= budget:
            kept.append(hit)
            budget -= cost
    return kept
