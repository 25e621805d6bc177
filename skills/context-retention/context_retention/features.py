"""Turn a question and its candidates into numbers, whole columns at a time.

Every value is bounded and scaled so that it means the same in a store of ten memories and of a million.
A memory is looked at together with the two turns before and after it: an answer often
shares no word with the question, but the turn before it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from clawcortex.store.base import FLAG_PINNED, FLAG_SUPERSEDED, Floats, Ints
from clawcortex.store.index import View
from clawcortex.text.terms import hashed, terms
from numpy.typing import NDArray

from context_retention.query import Query

K1, B, USUAL_LENGTH = 1.2, 0.6, 12.0
SMALLEST = 300
"""Rarity is measured as if at least this many memories were stored: two tell little about a word."""
WEEK = 7 * 86_400.0
DAY = 86_400.0

_TIME_WORDS = terms(
    "yesterday today tomorrow tonight week weekend month year day morning evening night ago last next recent "
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july august "
    "september october november december summer winter spring fall hour date since start finish"
)
_COUNT_WORDS = terms("one two three four five six seven eight nine ten dozen twice hundred thousand couple half several") + [
    str(i) for i in range(2_101)
]
TIMES = np.unique(hashed(_TIME_WORDS))
COUNTS = np.unique(hashed(_COUNT_WORDS))

NAMES = (
    "cos", "cos_prev", "cos_next", "cos_prev2", "cos_next2", "cos_window", "cos_gap", "cos_rank",
    "lex", "lex_prev", "lex_next", "lex_prev2", "lex_next2", "lex_window", "lex_wide", "lex_gap", "lex_rank", "window_gap",
    "cover", "cover_window", "cover_wide", "rarest", "phrase", "mix_gap",
    "speaker", "speaker_prev", "speaker_next", "addressed", "addressed_near",
    "date_in", "date_after", "date_before", "when", "count",
    "session_lex", "session_cos", "session_share", "session_mix",
    "length", "first", "best_cos", "best_cover", "best_window", "spread", "stems", "mass", "named", "dated", "asks_when", "question",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much each stem of the query tells."""

    idf: Floats
    """In [0, 1] each."""

    @classmethod
    def of(cls, stems: Sequence[str], frequencies: Mapping[str, int], total: int) -> Rarity:
        """Return the rarity of these stems in a store of `total` memories."""
        size = total + SMALLEST
        df = np.array([frequencies.get(stem, 0) for stem in stems], np.float32)
        return cls((np.log1p((size - np.minimum(df, total)) / (df + 1.0)) / np.log1p(size)).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Features:
    """A matrix, candidates by NAMES, and what is applied after the learned score."""

    values: Floats
    embedded: NDArray[np.bool_]
    """Which candidates have a vector; the others are judged by their words alone."""
    age: Floats
    """In days; 0 where age must not count."""
    importance: Floats
    superseded: NDArray[np.bool_]
    """A newer memory replaces it, and the question does not ask for history."""

    def column(self, name: str) -> Floats:
        """Return one feature of every candidate."""
        return np.asarray(self.values[:, NAMES.index(name)])


def counts_of(view: View, rows: Ints, hashes: NDArray[np.uint32]) -> Floats:
    """Return how often each hash stands in each row (shape: rows x hashes)."""
    pointers, words = view.terms_of(rows)
    return _counts(pointers, words, hashes)[0]


def _counts(
    pointers: Ints, words: NDArray[np.uint32], hashes: NDArray[np.uint32]
) -> tuple[Floats, Floats]:
    """Return counts per row and hash, and per row the number of neighbours in the query that stand side by side."""
    height, width = len(pointers) - 1, len(hashes)
    if not width or not len(words):
        return np.zeros((height, width), np.float32), np.zeros(height, np.float32)
    order = np.argsort(hashes)
    place = np.minimum(np.searchsorted(hashes, words, sorter=order), width - 1)
    place = order[place]
    at = np.flatnonzero(hashes[place] == words)
    row, which = np.searchsorted(pointers, at, side="right") - 1, place[at]
    counts = np.bincount(row * width + which, minlength=height * width).reshape(height, width)
    pairs = (np.diff(at) == 1) & (np.diff(which) == 1) & (np.diff(row) == 0)
    return counts.astype(np.float32), np.bincount(row[1:][pairs], minlength=height).astype(np.float32)


def bm25(counts: Floats, lengths: NDArray[np.int32] | Floats, rarity: Rarity) -> Floats:
    """Return BM25 as a share of what a memory could reach that holds every stem."""
    norm = K1 * (1 - B + B * lengths.astype(np.float32) / USUAL_LENGTH)
    mass = float(rarity.idf.sum()) or 1.0
    return np.asarray((counts * (K1 + 1) / (counts + norm[:, None])) @ (rarity.idf / (mass * (K1 + 1))), np.float32)


def _holds(pointers: Ints, words: NDArray[np.uint32], wanted: NDArray[np.uint32]) -> Floats:
    """Return 1 for every row that holds one of the wanted hashes (sorted)."""
    height = len(pointers) - 1
    if not len(wanted) or not len(words):
        return np.zeros(height, np.float32)
    place = np.minimum(np.searchsorted(wanted, words), len(wanted) - 1)
    at = np.flatnonzero(wanted[place] == words)
    held = np.zeros(height, np.float32)
    held[np.searchsorted(pointers, at, side="right") - 1] = 1.0
    return held


def _ranks(values: Floats) -> Floats:
    order = np.empty(len(values), np.int64)
    order[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return (1.0 / (1.0 + order / 5.0)).astype(np.float32)


def _step(links: NDArray[np.int32], rows: Ints) -> Ints:
    return np.where(rows >= 0, links[rows], -1).astype(np.int64)


def _group_max(groups: Ints, size: int, values: Floats) -> Floats:
    best = np.zeros(size, np.float32)
    np.maximum.at(best, groups, values)
    return best


def compute(
    query: Query,
    view: View,
    rows: Ints,
    query_vector: Floats | None,
    frequencies: Mapping[str, int],
    total: int,
) -> Features:
    """Return the features of these rows; without a query vector everything dense is zero."""
    rows = np.asarray(rows, np.int64)
    height = len(rows)
    if not height:
        nothing = np.zeros(0, np.float32)
        no = np.zeros(0, np.bool_)
        return Features(np.zeros((0, len(NAMES)), np.float32), no, nothing, nothing, no)
    columns = view.columns
    one = np.ones(height, np.float32)

    before, after = _step(view.previous, rows), _step(view.next, rows)
    around = np.concatenate([rows, before, after, _step(view.previous, before), _step(view.next, after)])
    union, place = np.unique(around, return_inverse=True)
    if union[0] < 0:
        union, place = union[1:], place - 1  # -1 is then the last slot, the empty one
        empty = 1
    else:
        empty = 0
    here, prev, nxt, prev2, next2 = place.reshape(5, height)

    hashes = hashed(query.stems)
    rarity = Rarity.of(query.stems, frequencies, total)
    pointers, words = view.terms_of(union)
    counts, pairs = _counts(pointers, words, hashes)
    lengths = np.diff(pointers).astype(np.float32)
    asked_about = np.sort(hashed(query.names))
    named = _holds(pointers, words, asked_about)
    if empty:
        counts = np.concatenate([counts, np.zeros((1, len(hashes)), np.float32)])
        pairs, lengths, named = (np.append(part, np.float32(0)) for part in (pairs, lengths, named))
    lex = bm25(counts, lengths, rarity)
    mass = float(rarity.idf.sum()) or 1.0
    near = counts[here] + counts[prev] + counts[nxt]
    wide = near + counts[prev2] + counts[next2]
    near_length = lengths[here] + lengths[prev] + lengths[nxt]
    lex_window = bm25(near, near_length / 2, rarity)
    lex_wide = bm25(wide, (near_length + lengths[prev2] + lengths[next2]) / 3, rarity)
    share = rarity.idf / mass
    cover, cover_window, cover_wide = ((part > 0) @ share for part in (counts[here], near, wide))
    rarest = ((counts[here] > 0) * rarity.idf).max(axis=1) if len(hashes) else np.zeros(height, np.float32)

    cos = np.zeros(len(lengths), np.float32)
    embedded = np.zeros(height, np.bool_)
    if query_vector is not None:
        cos[: len(union)] = view.vectors(union) @ query_vector
        embedded = np.asarray(view.embedded[rows])
    cos_window = 0.5 * cos[here] + 0.25 * (cos[prev] + cos[nxt])

    wanted = np.fromiter(query.speakers, np.int32, len(query.speakers))
    said = np.isin(columns.speaker[union], wanted).astype(np.float32) * 2 - 1 if len(wanted) else np.zeros(len(union), np.float32)
    said = np.append(said, np.float32(0)) if empty else said

    created = columns.created[rows]
    date_in, date_after, date_before = _dates(query, created)

    _, group = np.unique(columns.session[rows], return_inverse=True)
    groups = int(group.max()) + 1
    mix = cos[here] + lex[here] + lex_window
    top = np.sort(mix)[-min(20, height)]
    share_of = np.bincount(group, weights=mix >= top, minlength=groups) / max(1, int((mix >= top).sum()))
    session_lex, session_cos, session_mix = (_group_max(group, groups, part) for part in (lex[here], cos[here], mix))

    time_words = _holds(pointers, words, TIMES)[here] if query.wants_when else 0 * one
    count_words = _holds(pointers, words, COUNTS)[here] if query.wants_count else 0 * one
    table = {
        "cos": cos[here], "cos_prev": cos[prev], "cos_next": cos[nxt], "cos_prev2": cos[prev2], "cos_next2": cos[next2],
        "cos_window": cos_window, "cos_gap": cos[here] - cos[here].max(), "cos_rank": _ranks(cos[here]),
        "lex": lex[here], "lex_prev": lex[prev], "lex_next": lex[nxt], "lex_prev2": lex[prev2], "lex_next2": lex[next2],
        "lex_window": lex_window, "lex_wide": lex_wide, "lex_gap": lex[here] - lex[here].max(), "lex_rank": _ranks(lex[here]),
        "window_gap": lex_window - lex_window.max(), "mix_gap": mix - mix.max(),
        "cover": cover, "cover_window": cover_window, "cover_wide": cover_wide, "rarest": rarest, "phrase": np.minimum(pairs[here], 3),
        "speaker": said[here], "speaker_prev": said[prev], "speaker_next": said[nxt],
        "addressed": named[here], "addressed_near": np.maximum(named[prev], named[nxt]),
        "date_in": date_in, "date_after": date_after, "date_before": date_before, "when": time_words, "count": count_words,
        "session_lex": session_lex[group], "session_cos": session_cos[group], "session_share": share_of[group],
        "session_mix": session_mix[group] - mix.max(),
        "length": np.log1p(lengths[here]), "first": (before < 0) * one,
        "best_cos": cos[here].max() * one, "best_cover": cover.max() * one, "best_window": cover_window.max() * one,
        "spread": (cos[here].max() - np.median(cos[here])) * one,
        "stems": np.log1p(len(hashes)) * one, "mass": mass * one / max(1, len(hashes)),
        "named": bool(query.speakers) * one, "dated": bool(query.windows) * one, "asks_when": query.wants_when * one,
        "question": query.is_question * one,
    }  # fmt: skip
    values = np.stack([table[name] for name in NAMES], axis=1).astype(np.float32)
    flags = columns.flags[rows]
    timeless = ((flags & FLAG_PINNED) > 0) | bool(query.windows) | query.wants_history
    age = np.where(timeless, 0.0, np.maximum(0.0, (query.now - created) / DAY)).astype(np.float32)
    superseded = ((flags & FLAG_SUPERSEDED) > 0) & (not query.wants_history)
    return Features(values, embedded, age, columns.importance[rows].astype(np.float32), superseded)


def _dates(query: Query, created: NDArray[np.float64]) -> tuple[Floats, Floats, Floats]:
    """Return whether told inside a window the query names, and how soon after or before it."""
    inside, after, before = (np.zeros(len(created), np.float32) for _ in range(3))
    for window in query.windows:
        within = (created >= window.start) & (created < window.end)
        inside = np.maximum(inside, within)
        late, early = (created - window.end) / WEEK, (window.start - created) / WEEK
        after = np.maximum(after, np.where(late >= 0, np.exp(-np.clip(late, 0, 50) / 2), 0))
        before = np.maximum(before, np.where(early > 0, np.exp(-np.clip(early, 0, 50) / 2), 0))
    return inside.astype(np.float32), after.astype(np.float32), before.astype(np.float32)
