"""What the index holds at one generation of the store, and how it follows the store's changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from clawcortex.errors import ConflictError
from clawcortex.store.base import Change, Floats, Ints, Store
from clawcortex.store.growing import Growing, extended
from clawcortex.store.held import HeldRows, Rows
from clawcortex.store.nearest import BATCH, Nearest
from clawcortex.store.records import Scope
from clawcortex.store.view import View


class State:
    """Rows and vectors in step with the store. Used by one thread at a time; its views by any."""

    def __init__(self, store: Store, model: str, nearest: Nearest) -> None:
        self._store = store
        self._model = model
        self.nearest = nearest
        self.generation = 0
        self.held = HeldRows()
        self._position: Rows = np.empty(0, np.int32)
        self._row = Growing(np.int32)
        self._aligned = True
        self._scopes: Mapping[int, Scope] = {}
        self._sessions: Mapping[str, Ints] = {}
        self._speakers: Mapping[int, str] = {}
        self._named_to = (0, 0, 0)

    @property
    def wasted(self) -> int:
        """Return how many removed rows and replaced vectors are still held."""
        rows = int(np.count_nonzero(~self.held.alive))
        return rows + len(self._row) - int(np.count_nonzero((self._position >= 0) & self.held.alive))

    def read_all(self) -> None:
        """Read everything from the store into an empty state."""
        self.generation = self._store.generation
        self._append_rows()
        for ns, vectors in self._store.vectors(self._model):
            self._place(ns, vectors)

    def adopt(self, ns: Ints, generation: int) -> None:
        """Take the vectors that `nearest` came with as those of these `n`, then read the rows."""
        self.generation = generation
        self._append_rows()
        rows = self.held.rows_of(ns)
        self._row.append(rows.astype(np.int32))
        known = rows >= 0
        self._position[rows[known]] = np.flatnonzero(known)
        self._aligned = bool((rows == np.arange(len(rows))).all())

    def follow(self, changes: Sequence[Change]) -> None:
        """Bring the state to the last of these changes; doing one twice does no harm."""
        if not changes:
            return
        if any(change.kind == "added" for change in changes):
            self._append_rows()
        embedded = (c for c in changes if c.kind == "embedded" and c.model == self._model)
        for first, last in merged(embedded):
            batch = min(BATCH, last - first + 1)
            for ns, vectors in self._store.vectors(self._model, after=first - 1, until=last, batch=batch):
                self._place(ns, vectors)
        for first, last in merged(c for c in changes if c.kind == "marked"):
            self.held.mark(self._store.columns(first - 1, until=last))
        for first, last in merged(c for c in changes if c.kind == "deleted"):
            self.remove(range(first, last + 1))
        self.generation = changes[-1].generation

    def remove(self, ns: Iterable[int]) -> None:
        """Bury the memories at these `n`."""
        self.held.remove(self.held.rows_of(np.fromiter(ns, np.int64)).tolist())

    def _append_rows(self) -> None:
        columns = self._store.columns(self.held.last_n)
        self.held.append(columns)
        self._position = extended(self._position, len(columns.n), -1)
        if len(columns.n):
            newest = tuple(int(part.max()) for part in (columns.scope, columns.session, columns.speaker))
            self._name(newest)

    def _name(self, newest: tuple[int, ...]) -> None:
        # Only what was read is known: a name given since then is read when its memory comes.
        scope, session, speaker = self._named_to
        if newest[0] > scope:
            self._scopes = {**self._scopes, **self._store.scopes(after=scope)}
            scope = max(self._scopes, default=scope)
        if newest[1] > session:
            by_name: dict[str, list[int]] = {}
            found = self._store.sessions(after=session)
            session = max(found, default=session)
            for number, name in found.items():
                by_name.setdefault(name, self._sessions.get(name, np.empty(0, np.int64)).tolist()).append(
                    number
                )
            self._sessions = {**self._sessions, **{k: np.array(v, np.int64) for k, v in by_name.items()}}
        if newest[2] > speaker:
            self._speakers = {**self._speakers, **self._store.speakers(after=speaker)}
            speaker = max(self._speakers, default=speaker)
        self._named_to = (scope, session, speaker)

    def _place(self, ns: Ints, vectors: Floats) -> None:
        if vectors.shape[1] != self.nearest.dimensions:
            raise ConflictError(
                f"the store's vectors of {self._model!r} have {vectors.shape[1]} dimensions,"
                f" the model gives {self.nearest.dimensions}",
                hint="The model's folder was exchanged: give the new model its own name in settings.toml.",
            )
        rows = self.held.rows_of(ns)
        known = rows >= 0
        rows, vectors = rows[known], vectors[known]
        if not len(rows):
            return
        start = len(self._row)
        self._aligned = self._aligned and bool((rows == np.arange(start, start + len(rows))).all())
        self._position = self._position.copy()
        self._position[rows] = np.arange(start, start + len(rows), dtype=np.int32)
        self._row.append(rows.astype(np.int32))
        self.nearest.add(vectors)

    def vectors_owned(self) -> Ints:
        """Return the `n` of each vector in `nearest`."""
        return self.held.n.look()[self._row.look()]

    def view(self) -> View:
        """Return a look at everything as it is now."""
        return View(
            columns=self.held.columns(),
            previous=self.held.previous,
            next=self.held.next,
            alive=self.held.alive,
            embedded=self._position >= 0,
            scopes=self._scopes,
            sessions=self._sessions,
            speakers=self._speakers,
            store=self._store,
            model=self._model,
            nearest=self.nearest,
            ends=self.held.ends(),
            position=self._position,
            row=self._row.look(),
            aligned=self._aligned,
        )


def merged(changes: Iterable[Change]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of the runs that these changes cover, each once."""
    spans = sorted((change.first, change.last) for change in changes)
    if not spans:
        return
    first, last = spans[0]
    for begin, end in spans[1:]:
        if begin > last + 1:
            yield first, last
            first, last = begin, end
        last = max(last, end)
    yield first, last
