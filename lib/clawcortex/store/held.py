"""The rows an index holds: the store's columns, who stands beside whom, and what is gone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from clawcortex.store.base import Columns, Ints
from clawcortex.store.growing import Growing, extended

Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]


class HeldRows:
    """Append-only columns, and a few that are replaced by a changed copy, never changed in place."""

    def __init__(self) -> None:
        self.n = Growing(np.int64)
        self._scope = Growing(np.int32)
        self._session = Growing(np.int32)
        self._speaker = Growing(np.int32)
        self._created = Growing(np.float64)
        self._term_counts = Growing(np.int32)
        self._terms = Growing(np.uint32)
        self._ends = Growing(np.int64)
        self._importance = np.empty(0, np.float32)
        self._flags = np.empty(0, np.uint8)
        self.previous: Rows = np.empty(0, np.int32)
        self.next: Rows = np.empty(0, np.int32)
        self.alive: Mask = np.empty(0, np.bool_)
        self._latest: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.n)

    @property
    def last_n(self) -> int:
        """Return the largest `n` held."""
        return int(self.n.look()[-1]) if len(self.n) else 0

    def rows_of(self, ns: Ints) -> Ints:
        """Return the row of each `n`, -1 where unknown."""
        return rows_of(self.n.look(), ns)

    def holds(self, n: int) -> bool:
        """Return whether this `n` has a row, living or not."""
        return bool(self.rows_of(np.array([n], np.int64))[0] >= 0)

    def append(self, columns: Columns) -> None:
        """Add memories; they come in order of `n`."""
        count, start = len(columns.n), len(self)
        if not count:
            return
        self.n.append(columns.n)
        self._scope.append(columns.scope)
        self._session.append(columns.session)
        self._speaker.append(columns.speaker)
        self._created.append(columns.created)
        self._term_counts.append(columns.term_counts)
        self._terms.append(columns.terms)
        ends = self._ends.look()
        self._ends.append((ends[-1] if len(ends) else 0) + np.cumsum(columns.term_counts, dtype=np.int64))
        self._importance = np.concatenate([self._importance, columns.importance])
        self._flags = np.concatenate([self._flags, columns.flags])
        self.alive = extended(self.alive, count, 1)
        self.previous = extended(self.previous, count, -1)
        self.next = extended(self.next, count, -1)
        self._join_neighbours(columns.session, start)

    def _join_neighbours(self, sessions: NDArray[np.int32], start: int) -> None:
        order = np.argsort(sessions, kind="stable")
        order = order[sessions[order] > 0]
        if not len(order):
            return
        by_session = sessions[order]
        rows = (order + start).astype(np.int32)
        same = by_session[1:] == by_session[:-1]
        self.previous[rows[1:][same]] = rows[:-1][same]
        self.next[rows[:-1][same]] = rows[1:][same]
        firsts = np.flatnonzero(np.concatenate([[True], ~same]))
        lasts = np.concatenate([firsts[1:] - 1, [len(rows) - 1]])
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            session = int(by_session[first])
            before = self._latest.get(session, -1)
            if before >= 0:
                self.previous[rows[first]] = before
                self.next[before] = rows[first]
            self._latest[session] = int(rows[last])

    def remove(self, rows: Iterable[int]) -> None:
        """Bury rows; their neighbours become neighbours of each other."""
        buried = [row for row in rows if row >= 0 and self.alive[row]]
        if not buried:
            return
        self.alive, self.previous, self.next = self.alive.copy(), self.previous.copy(), self.next.copy()
        sessions = self._session.look()
        for row in buried:
            before, after = int(self.previous[row]), int(self.next[row])
            if before >= 0:
                self.next[before] = after
            if after >= 0:
                self.previous[after] = before
            elif self._latest.get(int(sessions[row])) == row:
                self._latest[int(sessions[row])] = before
            self.alive[row] = False
            self.previous[row] = self.next[row] = -1

    def mark(self, columns: Columns) -> None:
        """Take over changed flags and importance."""
        rows = self.rows_of(columns.n)
        known = rows >= 0
        self._flags, self._importance = self._flags.copy(), self._importance.copy()
        self._flags[rows[known]] = columns.flags[known]
        self._importance[rows[known]] = columns.importance[known]

    def columns(self) -> Columns:
        """Return a look at all columns."""
        return Columns(
            n=self.n.look(),
            scope=self._scope.look(),
            session=self._session.look(),
            speaker=self._speaker.look(),
            created=self._created.look(),
            importance=self._importance,
            flags=self._flags,
            term_counts=self._term_counts.look(),
            terms=self._terms.look(),
        )

    def ends(self) -> Ints:
        """Return where the terms of each row end in `terms`."""
        return self._ends.look()


def rows_of(held: Ints, ns: Ints) -> Ints:
    """Return the row of each `n` in an ordered array, -1 where it is not."""
    if not len(held):
        return np.full(len(ns), -1, np.int64)
    rows = np.minimum(np.searchsorted(held, ns), len(held) - 1)
    return np.where(held[rows] == ns, rows, -1)
