"""Which memories are worth scoring: the best by full text, the best by vector, and what stands next to them.

Full text needs no vector: `by_words` runs while the question is being embedded.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from clawcortex.store.base import Floats, Ints, Store
from clawcortex.store.index import View
from clawcortex.text.terms import hashed
from context_retention import lexical
from context_retention.query import Query

Mask = NDArray[np.bool_]

LEXICAL, DENSE, AROUND = 100, 100, 30
"""How many come from full text, from vectors, and how many of the best of both bring their neighbours."""
POSTINGS = 3_000
"""Stems are taken rarest first until they stand in this many memories together; the rarest always."""


def rarest(query: Query, frequencies: Mapping[str, int]) -> list[str]:
    """Return the known stems of the query, rarest first, as many as the cap on postings allows."""
    known = sorted(
        (frequencies[stem], stem) for stem in (*query.stems, *query.names) if frequencies.get(stem, 0) > 0
    )
    taken: list[str] = []
    total = 0
    for count, stem in known:
        if taken and total + count > POSTINGS:
            break
        taken.append(stem)
        total += count
    return taken


def by_words(query: Query, view: View, store: Store, mask: Mask, frequencies: Mapping[str, int]) -> Ints:
    """Return the rows that share the question's rarest stems, best first, none outside the mask."""
    stems = rarest(query, frequencies)
    if not stems:
        return np.empty(0, np.int64)
    found = view.at(store.matching(stems, limit=POSTINGS))
    found = found[found >= 0]
    found = found[mask[found]]
    if len(found) > LEXICAL:
        pointers, words = view.terms_of(found)
        counts, _ = lexical.counts(pointers, words, hashed(query.stems))
        rare = lexical.rarity(query.stems, frequencies, len(mask))
        strength = lexical.bm25(counts, np.diff(pointers).astype(np.float32), rare)
        found = found[np.argsort(-strength, kind="stable")[:LEXICAL]]
    return found


def candidates(
    query: Query,
    view: View,
    store: Store,
    query_vector: Floats | None,
    mask: Mask,
    frequencies: Mapping[str, int] | None = None,
) -> Ints:
    """Return the rows worth scoring, each once, none outside the mask."""
    frequencies = store.frequencies((*query.stems, *query.names)) if frequencies is None else frequencies
    return with_nearest(view, by_words(query, view, store, mask, frequencies), query_vector, mask)


def with_nearest(view: View, worded: Ints, query_vector: Floats | None, mask: Mask) -> Ints:
    """Add the nearest by vector, and the neighbours of the best of both."""
    parts = [worded]
    if query_vector is not None:
        parts.append(view.search(query_vector, DENSE, mask, exact=False)[0])
    for part in list(parts):
        best = part[:AROUND]
        parts += [view.previous[best].astype(np.int64), view.next[best].astype(np.int64)]
    rows = np.unique(np.concatenate(parts))
    rows = rows[rows >= 0]
    return rows[mask[rows]]
