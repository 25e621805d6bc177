"""Turn a question and its candidates into numbers, whole columns at a time.

Every value is bounded and means the same in a store of ten memories and of a million. A memory is looked at
together with the two turns before and after it: an answer often shares no word with the question, but the
turn before it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clawcortex.store.base import FLAG_PINNED, FLAG_SUPERSEDED, Floats, Ints
from clawcortex.store.index import View
from clawcortex.text.terms import hashed
from context_retention import lexical
from context_retention.lexical import Hashes
from context_retention.query import Query

DAY, WEEK = 86_400.0, 604_800.0

PARTS = {
    "dense": ("cos", "cos_gap", "cos_rank"),
    "lexical": ("lex", "lex_gap", "lex_rank", "cover", "rarest", "phrase", "both", "mix_gap", "count", "length"),
    "window": (
        "cos_prev", "cos_next", "cos_prev2", "cos_next2", "cos_near", "cos_window",
        "lex_prev", "lex_next", "lex_prev2", "lex_next2", "lex_near", "lex_window", "lex_wide", "window_gap",
        "cover_window", "cover_wide", "first", "session_lex", "session_cos", "session_mix",
    ),
    "speaker": ("speaker", "speaker_prev", "speaker_next", "addressed", "addressed_near"),
    "date": ("date_in", "date_after", "date_before", "when"),
    "question": ("best_cos", "best_cover", "best_window", "spread", "stems", "mass", "named", "dated", "asks_when"),
}  # fmt: skip
"""The features, by the part of a score they explain; "question" is the same for every candidate."""
NAMES = tuple(name for names in PARTS.values() for name in names)


@dataclass(frozen=True, slots=True)
class Features:
    """A matrix, candidates by NAMES, and what weighs after the learned score."""

    values: Floats
    embedded: NDArray[np.bool_]
    """Which candidates have a vector; the others are judged by their words alone."""
    age: Floats
    """In days; 0 where age must not count."""
    importance: Floats
    superseded: NDArray[np.bool_]
    """A newer memory replaces it, and the question does not ask for history."""


@dataclass(frozen=True, slots=True)
class Around:
    """The candidates and their neighbours, each once; five lists of places in `rows`, `empty` for none."""

    rows: Ints
    here: Ints
    prev: Ints
    next: Ints
    prev2: Ints
    next2: Ints

    @classmethod
    def of(cls, view: View, rows: Ints) -> Around:
        """Return the surroundings of these rows."""
        before, after = _step(view.previous, rows), _step(view.next, rows)
        five = np.concatenate([rows, before, after, _step(view.previous, before), _step(view.next, after)])
        union, place = np.unique(five, return_inverse=True)
        if union[0] < 0:  # what lies beyond an end takes the place after the last
            union, place = union[1:], np.where(place == 0, len(union) - 1, place - 1)
        here, prev, following, prev2, next2 = place.reshape(5, len(rows))
        return cls(union, here, prev, following, prev2, next2)


def _step(links: NDArray[np.int32], rows: Ints) -> Ints:
    return np.where(rows >= 0, links[rows], -1).astype(np.int64)


def _padded(values: Floats) -> Floats:
    """Return the values of a union with a zero for what lies beyond an end."""
    return np.concatenate([values, np.zeros((1, *values.shape[1:]), np.float32)])


def _rank(values: Floats) -> Floats:
    """Return 1 for the best, falling with the number of better ones; equals rank alike."""
    better = len(values) - np.searchsorted(np.sort(values), values, side="right")
    return np.asarray(5 / (5 + better), np.float32)


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
    if not len(rows):
        none, no = np.zeros(0, np.float32), np.zeros(0, np.bool_)
        return Features(np.zeros((0, len(NAMES)), np.float32), no, none, none, no)
    around = Around.of(view, rows)
    columns = view.columns
    created = columns.created[rows]
    held = view.terms_of(around.rows)
    rare = lexical.rarity(query.stems, frequencies, total)
    values = _lexical(hashed(query.stems), rare, around, *held) | _dense(view, around, query_vector)
    values |= _speakers(query, view, around, *held) | _dates(query, created) | _words(query, around, *held)
    values |= _mixed(values, columns.session[rows])
    values |= _question(query, values)
    values["first"] = (view.previous[rows] < 0).astype(np.float32)
    table = np.empty((len(NAMES), len(rows)), np.float32)
    for i, name in enumerate(NAMES):
        table[i] = values[name]
    flags = columns.flags[rows]
    timeless = ((flags & FLAG_PINNED) > 0) | bool(query.windows) | query.wants_history
    return Features(
        values=table.T,
        embedded=np.zeros(len(rows), np.bool_) if query_vector is None else np.asarray(view.embedded[rows]),
        age=np.where(timeless, 0, np.maximum(0, (query.now - created) / DAY)).astype(np.float32),
        importance=columns.importance[rows].astype(np.float32),
        superseded=((flags & FLAG_SUPERSEDED) > 0) & (not query.wants_history),
    )


Values = dict[str, Floats]


def _lexical(wanted: Hashes, rare: Floats, around: Around, pointers: Ints, words: Hashes) -> Values:
    counts, pairs = lexical.counts(pointers, words, wanted)
    counts, lengths = _padded(counts), _padded(np.diff(pointers).astype(np.float32))
    here, prev, following = around.here, around.prev, around.next
    lex = lexical.bm25(counts, lengths, rare)
    near = counts[here] + counts[prev] + counts[following]
    wide = near + counts[around.prev2] + counts[around.next2]
    length = lengths[here] + lengths[prev] + lengths[following]
    longer = np.asarray((length + lengths[around.prev2] + lengths[around.next2]) / 3, np.float32)
    share = rare / (float(rare.sum()) or 1.0)
    held = counts[here] > 0
    window = lexical.bm25(near, np.asarray(length / 2, np.float32), rare)
    size = np.full(len(here), np.log1p(len(rare)), np.float32)
    return {
        "lex": lex[here], "lex_prev": lex[prev], "lex_next": lex[following],
        "lex_prev2": lex[around.prev2], "lex_next2": lex[around.next2],
        "lex_near": np.maximum(lex[prev], lex[following]), "lex_window": window, "window_gap": window - window.max(),
        "lex_wide": lexical.bm25(wide, longer, rare),
        "lex_gap": lex[here] - lex[here].max(), "lex_rank": _rank(lex[here]),
        "cover": held @ share, "cover_window": (near > 0) @ share, "cover_wide": (wide > 0) @ share,
        "rarest": (held * rare).max(axis=1, initial=0), "phrase": np.minimum(_padded(pairs)[here], 3),
        "length": np.log1p(lengths[here]), "stems": size, "mass": np.full_like(size, rare.mean() if len(rare) else 0),
    }  # fmt: skip


def _dense(view: View, around: Around, query_vector: Floats | None) -> Values:
    cos = np.zeros(len(around.rows), np.float32)
    if query_vector is not None:
        cos = view.cosines(around.rows, query_vector)
    cos = _padded(cos)
    here, prev, following = cos[around.here], cos[around.prev], cos[around.next]
    return {
        "cos": here, "cos_prev": prev, "cos_next": following,
        "cos_prev2": cos[around.prev2], "cos_next2": cos[around.next2], "cos_near": np.maximum(prev, following),
        "cos_window": 0.5 * here + 0.25 * (prev + following), "cos_gap": here - here.max(), "cos_rank": _rank(here),
    }  # fmt: skip


def _speakers(query: Query, view: View, around: Around, pointers: Ints, words: Hashes) -> Values:
    """Return +1 where a wanted speaker speaks, -1 where another does, 0 when none is wanted."""
    said = np.zeros(len(around.rows), np.float32)
    if query.speakers:
        spoken = view.columns.speaker[around.rows]
        said = sum((spoken == one for one in query.speakers), np.zeros(len(spoken), np.float32)) * 2 - 1
    named = lexical.holds(pointers, words, np.sort(hashed(query.names)))
    said, named = _padded(said), _padded(named)
    return {
        "speaker": said[around.here], "speaker_prev": said[around.prev], "speaker_next": said[around.next],
        "addressed": named[around.here], "addressed_near": np.maximum(named[around.prev], named[around.next]),
    }  # fmt: skip


def _words(query: Query, around: Around, pointers: Ints, words: Hashes) -> Values:
    """Return where words of time or number stand that the question asks for."""
    nowhere = np.zeros(len(around.here), np.float32)
    when, count = query.wants_when, query.wants_count
    return {
        "when": lexical.holds(pointers, words, lexical.TIMES)[around.here] if when else nowhere,
        "count": lexical.holds(pointers, words, lexical.COUNTS)[around.here] if count else nowhere,
    }


def _dates(query: Query, created: NDArray[np.float64]) -> Values:
    """Return whether told inside a window the query names, and how soon after or before it."""
    inside, after, before = (np.zeros(len(created), np.float64) for _ in range(3))
    for window in query.windows:
        late, early = (created - window.end) / WEEK, (window.start - created) / WEEK
        inside = np.maximum(inside, (late < 0) & (early <= 0))
        after = np.maximum(after, np.where(late >= 0, np.exp(-np.clip(late, 0, 50) / 2), 0))
        before = np.maximum(before, np.where(early > 0, np.exp(-np.clip(early, 0, 50) / 2), 0))
    parts = {"date_in": inside, "date_after": after, "date_before": before}
    return {name: part.astype(np.float32) for name, part in parts.items()}


def _mixed(values: Values, sessions: NDArray[np.int32]) -> Values:
    """Return what needs both words and vectors, and the best of each candidate's session."""
    mix = values["cos"] + values["lex"] + values["lex_window"]
    _, group = np.unique(sessions, return_inverse=True)

    def best(part: Floats) -> Floats:
        highest = np.full(int(group.max()) + 1, -9, np.float32)
        np.maximum.at(highest, group, part)
        return highest[group]

    return {
        "both": np.sqrt(np.maximum(0, values["cos"] * values["lex"])), "mix_gap": mix - mix.max(),
        "session_lex": best(values["lex"]), "session_cos": best(values["cos"]), "session_mix": best(mix) - mix.max(),
    }  # fmt: skip


def _question(query: Query, values: Values) -> Values:
    """Return what is the same for every candidate: how good the best is, what kind of question it is."""
    cos = values["cos"]
    same = {
        "best_cos": cos.max(), "best_cover": values["cover"].max(), "best_window": values["cover_window"].max(),
        "spread": cos.max() - np.median(cos), "named": bool(query.speakers), "dated": bool(query.windows),
        "asks_when": query.wants_when,
    }  # fmt: skip
    return {name: np.full(len(cos), value, np.float32) for name, value in same.items()}
