"""The SQLite store: every method is one function over a connection, the writer's or a pooled reader's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from clawcortex.errors import CorruptedError, InputError
from clawcortex.store.base import Change, Columns, Floats, Ints
from clawcortex.store.records import Added, Audit, Event, Job, Memory, NewMemory, Scope, Selection
from clawcortex.store.sqlite import (
    adding,
    changes,
    checking,
    columns,
    documents,
    embeddings,
    events,
    fulltext,
    jobs,
    numbering,
    reading,
    removing,
)
from clawcortex.store.sqlite.connection import connect, prepare
from clawcortex.store.sqlite.faults import faults
from clawcortex.store.sqlite.readers import Readers
from clawcortex.store.sqlite.writer import Writer

T = TypeVar("T")
_LAST = (1 << 40) - 1
"""The largest `n` a vector's slot has room for."""


class SqliteStore:
    """Keep one installation's rows and vectors in one file. Implements `Store`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with faults(path):
            prepare(path)
            self._writer = Writer(connect(path, writes=True), path)
        self._readers = Readers(path)

    def _write(self, work: Callable[[Connection], T]) -> T:
        return self._writer.run(work)

    def _read(self, work: Callable[[Connection], T], *, snapshot: bool = False) -> T:
        with self._readers.connection(snapshot=snapshot) as connection:
            return work(connection)

    @property
    def generation(self) -> int:
        """Return a counter that grows with every change of memories or vectors."""
        return self._read(changes.generation)

    def changes(self, after: int) -> list[Change] | None:
        """Return what changed since that generation, in order; None when the log does not tell any more."""
        return self._read(lambda c: changes.since(c, after), snapshot=True)

    # memories

    def add(self, memories: Sequence[NewMemory]) -> list[Added]:
        """Store the memories in one transaction; known keys are answered, not stored again."""
        if not memories:
            return []
        adding.validated(memories)
        return self._write(lambda c: adding.add(c, memories))

    def rows(self, positions: Sequence[int]) -> list[Memory]:
        """Return the memories at these `n`, in the order asked; missing ones are left out."""
        return self._read(lambda c: reading.rows(c, positions)) if len(positions) else []

    def select(self, selection: Selection, *, limit: int = 10_000) -> list[Memory]:
        """Return what the selection matches in the order of storing; times are since <= created < until."""
        return self._read(lambda c: reading.select(c, selection, max(limit, 0)))

    def newest(self, scopes: Sequence[int], *, session: str = "", limit: int = 50) -> list[Memory]:
        """Return the newest memories of these scopes, oldest of them first."""
        return self._read(lambda c: reading.newest(c, scopes, session, max(limit, 0)), snapshot=True)

    def delete(self, selection: Selection) -> list[int]:
        """Remove matching rows, vectors and full-text entries; return their `n`. Links to them end."""
        return [] if selection.empty else self._write(lambda c: removing.delete(c, selection))

    def link(self, n: int, *, superseded_by: str = "", duplicate_of: str = "") -> None:
        """Mark a memory as history of another, or as a near-duplicate of it."""
        self._write(lambda c: removing.link(c, int(n), superseded_by, duplicate_of))

    def scrub(self) -> None:
        """Leave no byte of deleted rows in the database file or its log."""
        self._write(removing.compact_words)
        self._readers.close_idle()
        self._writer.run(removing.rewrite, alone=True)

    def count(self) -> int:
        """Return the number of memories."""
        return self._read(reading.count)

    # full text

    def matching(self, terms: Sequence[str], *, limit: int = 5_000) -> Ints:
        """Return the `n` of memories that hold any of these stems, newest first, at most `limit`."""
        return self._read(lambda c: fulltext.matching(c, terms, limit))

    def frequencies(self, terms: Sequence[str]) -> Mapping[str, int]:
        """Return in how many memories each stem stands."""
        return self._read(lambda c: fulltext.frequencies(c, terms)) if len(terms) else {}

    # what the index is rebuilt from

    def columns(self, after: int = 0, *, until: int | None = None) -> Columns:
        """Return the columns of all memories with `n` greater than `after`, up to and with `until`."""
        return self._read(lambda c: columns.read(c, after, _LAST if until is None else until))

    def scopes(self, *, after: int = 0) -> Mapping[int, Scope]:
        """Return every scope by its number; with `after`, only greater numbers."""
        return self._read(lambda c: numbering.scopes(c, after))

    def sessions(self, *, after: int = 0) -> Mapping[int, str]:
        """Return every session's name by its number; a name has one number for each chat it is used in."""
        return self._read(lambda c: numbering.sessions(c, after))

    def speakers(self, *, after: int = 0) -> Mapping[int, str]:
        """Return every speaker's name by its number."""
        return self._read(lambda c: numbering.speakers(c, after))

    def unembedded(self, model: str, *, limit: int) -> list[tuple[int, str]]:
        """Return (`n`, text) of memories that have no vector of this model, oldest first."""
        return self._read(lambda c: embeddings.unembedded(c, model, max(limit, 0)))

    def put_vectors(self, model: str, positions: Sequence[int], vectors: Floats) -> None:
        """Store L2-normalised vectors (shape: positions x dimensions) in one transaction."""
        if not model:
            raise InputError("vectors have no model name")
        if len(positions):
            given = embeddings.validated(positions, vectors)
            self._write(lambda c: embeddings.put(c, model, positions, given))

    def vectors(
        self, model: str, *, after: int = 0, until: int | None = None, batch: int = 4_096
    ) -> Iterator[tuple[Ints, Floats]]:
        """Yield (`n`, vectors) in order of `n`, greater than `after`, up to and with `until`."""
        last = _LAST if until is None else until
        while True:
            with self._readers.connection() as connection:
                ns, found = embeddings.after(connection, model, after, last, batch)
            if not len(ns):
                return
            yield ns, found
            after = int(ns[-1])

    def vectors_at(self, model: str, positions: Sequence[int]) -> dict[int, Floats]:
        """Return the exact vectors of these memories, by `n`."""
        return self._read(lambda c: embeddings.at(c, model, positions)) if len(positions) else {}

    # records

    def put_record(self, collection: str, key: str, value: Mapping[str, object]) -> None:
        """Store one document, in place of what stood there."""
        text = documents.encode(value)
        self._write(lambda c: documents.put(c, collection, key, text))

    def get_record(self, collection: str, key: str) -> dict[str, object] | None:
        """Return one document or None."""
        return self._read(lambda c: documents.get(c, collection, key))

    def take_record(self, collection: str, key: str) -> dict[str, object] | None:
        """Return one document and remove it, for exactly one caller."""
        return self._write(lambda c: documents.take(c, collection, key))

    def list_records(self, collection: str) -> dict[str, dict[str, object]]:
        """Return a collection's documents by key."""
        return self._read(lambda c: documents.every(c, collection))

    # events and jobs

    def append_event(self, kind: str, payload: Mapping[str, object]) -> int:
        """Add to the durable log and return the event's number."""
        text = documents.encode(payload)
        return self._write(lambda c: events.append(c, kind, text))

    def read_events(self, consumer: str, *, kinds: Sequence[str] = (), limit: int = 100) -> list[Event]:
        """Return what this consumer has not acknowledged, in order."""
        return self._read(lambda c: events.pending(c, consumer, kinds, max(limit, 0)))

    def ack_events(self, consumer: str, seq: int) -> None:
        """Remember that the consumer is done up to and including `seq`."""
        self._write(lambda c: events.acknowledge(c, consumer, seq))

    def enqueue(
        self, kind: str, payload: Mapping[str, object], *, key: str, run_at: datetime | None = None
    ) -> bool:
        """Queue a job; return False when the key is queued or done already."""
        text = documents.encode(payload)
        return self._write(lambda c: jobs.enqueue(c, kind, text, key, run_at))

    def lease(self, kinds: Sequence[str], *, seconds: float) -> Job | None:
        """Take the next due job for this long; a lease that runs out makes it due again."""
        if not self._read(lambda c: jobs.is_due(c, kinds)):
            return None
        return self._write(lambda c: jobs.lease(c, kinds, seconds))

    def finish(self, job: str, *, error: str = "") -> None:
        """End a job, well or with the error that ended it."""
        self._write(lambda c: jobs.finish(c, job, error))

    # audit and life

    def audit(self, actor: str, operation: str, subject: str, details: Mapping[str, object]) -> None:
        """Record who changed what."""
        text = documents.encode(details)
        self._write(lambda c: events.record_audit(c, actor, operation, subject, text))

    def audited(self, *, limit: int = 100) -> list[Audit]:
        """Return the newest audit rows, oldest of them first."""
        return self._read(lambda c: events.audited(c, max(limit, 0)))

    def check(self) -> list[str]:
        """Verify the store's integrity; return what is wrong, nothing when sound."""
        try:
            found = self._read(lambda c: list(checking.faults(c)), snapshot=True)
        except CorruptedError as error:  # so damaged that the check itself cannot read it
            return [error.message]
        return [*found, *filter(None, [self._write(checking.words_fault)])]

    def close(self) -> None:
        """Drain the writer and close."""
        self._writer.close()
        self._readers.close()
