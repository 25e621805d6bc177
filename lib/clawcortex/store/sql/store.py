"""The store over SQL: every method is one function over a session, and each database lends its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from clawcortex.errors import CorruptedError, InputError
from clawcortex.store.base import Change, Columns, Floats, Ints, Usage
from clawcortex.store.records import (
    Added,
    Audit,
    Event,
    Job,
    Memory,
    NewEvent,
    NewMemory,
    Scope,
    Selection,
    Write,
)
from clawcortex.store.sql import (
    adding,
    aging,
    amending,
    auditing,
    changes,
    columns,
    copying,
    documents,
    events,
    jobs,
    models,
    numbering,
    reading,
    removing,
    times,
    validation,
)
from clawcortex.store.sql.connection import Connection, Row, Vectors, Words

T = TypeVar("T")
_LAST = (1 << 40) - 1
"""The largest `n` a vector's slot has room for."""


class SqlStore(ABC):
    """Keep rows and vectors in a database. Implements `Store`, with what a database adds."""

    _words: ClassVar[Words]
    _vectors: ClassVar[Vectors]
    name: str
    """What people know it by; holds no password."""
    _text_bytes: ClassVar[str]
    """SQL for the bytes of `m.text`."""
    _passing: ClassVar[str] = ""
    """SQL that passes over rows which another transaction holds, where there can be another."""
    _holding: ClassVar[str] = ""
    """SQL that holds the rows that are read until the transaction ends, where there can be another."""

    @abstractmethod
    def _read(self, work: Callable[[Connection], T], *, snapshot: bool = False) -> T:
        """Run what only reads; with `snapshot`, all its statements see one state of the database."""

    @abstractmethod
    def _write(self, work: Callable[[Connection], T]) -> T:
        """Run the work in a transaction and return its result once it is durable."""

    @abstractmethod
    def _change(self, work: Callable[[Connection], T]) -> T:
        """Write what moves the generation: one at a time over all processes."""

    @abstractmethod
    def _announce(self, work: Callable[[Connection], T]) -> T:
        """Write a new event or job, and wake who listens once it is durable."""

    def _need_room(self) -> None:  # noqa: B027 - most stores have nothing to look after
        """Raise DiskFullError when nothing more shall be stored; a server of its own looks after its own disk."""

    @abstractmethod
    def wasted(self) -> float:
        """Return the share of the database's files, in [0, 1], that `scrub` would give back to the disk."""

    @abstractmethod
    def scrub(self) -> None:
        """Leave no byte of deleted rows in the database."""

    @abstractmethod
    def listen(self, seconds: float) -> bool:
        """Wait until any process added an event or a job; return False when the time ran out."""

    @abstractmethod
    def exclusive(self, name: str) -> AbstractContextManager[bool]:
        """Hold the advisory lock of this name over all processes; yields False when another holds it."""

    @abstractmethod
    def _faults(self) -> list[str]:
        """Return what is wrong with the database."""

    @abstractmethod
    def close(self) -> None:
        """Finish what runs and close."""

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
        validation.accept_memories(memories)
        self._need_room()
        return self._change(lambda c: adding.add(c, memories, self._words))

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
        return (
            []
            if selection.empty
            else self._change(lambda c: removing.delete(c, selection, self._words, self._vectors))
        )

    def link(
        self, n: int, *, superseded_by: str = "", valid_to: datetime | None = None, duplicate_of: str = ""
    ) -> None:
        """Mark a memory as history of another since `valid_to`, or as a near-duplicate of it."""
        self._change(lambda c: removing.link(c, int(n), superseded_by, valid_to, duplicate_of))

    def note_recalls(self, positions: Sequence[int], at: datetime) -> None:
        """Count one recall of each of these memories; the generation stays."""
        if len(positions):
            self._write(lambda c: aging.note_recalls(c, positions, times.stamp(at)))

    def usage(self) -> Usage:
        """Return size and recalls of every memory."""
        return self._read(lambda c: aging.usage(c, self._text_bytes))

    def count(self) -> int:
        """Return the number of memories."""
        return self._read(reading.count)

    # full text

    def matching(self, terms: Sequence[str], *, limit: int = 5_000) -> Ints:
        """Return the `n` of memories that hold any of these stems, newest first, at most `limit`."""
        return self._read(lambda c: self._words.matching(c, terms, limit))

    def frequencies(self, terms: Sequence[str]) -> Mapping[str, int]:
        """Return in how many memories each stem stands."""
        return self._read(lambda c: self._words.frequencies(c, terms)) if len(terms) else {}

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
        return self._read(lambda c: self._vectors.unembedded(c, model, max(limit, 0)))

    def put_vectors(self, model: str, positions: Sequence[int], vectors: Floats) -> None:
        """Store L2-normalised vectors (shape: positions x dimensions) in one transaction."""
        if not model:
            raise InputError("vectors have no model name")
        if len(positions):
            given = validation.accept_vectors(positions, vectors)
            self._need_room()
            self._change(lambda c: self._vectors.put(c, model, positions, given))

    def vectors(
        self, model: str, *, after: int = 0, until: int | None = None, batch: int = 4_096
    ) -> Iterator[tuple[Ints, Floats]]:
        """Yield (`n`, vectors) in order of `n`, greater than `after`, up to and with `until`."""
        last = _LAST if until is None else until
        while True:
            start = after
            ns, found = self._read(lambda c: self._vectors.after(c, model, start, last, batch))  # noqa: B023 - run at once
            if not len(ns):
                return
            yield ns, found
            after = int(ns[-1])

    def models(self) -> Mapping[str, int]:
        """Return the dimensions of each model that has vectors here, by its name."""
        return self._read(models.dimensions)

    def drop_vectors(self, model: str) -> int:
        """Remove every vector of a model; return how many. The model's name is free again."""
        dropped = 0
        while gone := self._change(lambda c: self._vectors.drop(c, model)):
            dropped += gone
        return dropped

    def vectors_at(self, model: str, positions: Sequence[int]) -> dict[int, Floats]:
        """Return the exact vectors of these memories, by `n`."""
        return self._read(lambda c: self._vectors.at(c, model, positions)) if len(positions) else {}

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

    def list_records(
        self, collection: str, *, after: str = "", until: str = "", limit: int | None = None
    ) -> dict[str, dict[str, object]]:
        """Return a collection's documents by key, in order of the keys, of after < key < until."""
        return self._read(lambda c: documents.between(c, collection, after, until, limit))

    def count_records(self, collection: str) -> int:
        """Return how many documents a collection has."""
        return self._read(lambda c: documents.count(c, collection))

    def amend(self, writes: Sequence[Write], *, events: Sequence[NewEvent] = ()) -> bool:
        """Change documents and add events together; False, and nothing changed, when one is not as `before` says."""
        ready = amending.prepared(writes)
        new = [(event.kind, documents.encode(event.payload)) for event in events]
        write = self._announce if new else self._write
        try:
            write(lambda c: amending.amend(c, ready, new, holding=self._holding))
        except amending.ChangedError:
            return False
        return True

    # events and jobs

    def append_event(self, kind: str, payload: Mapping[str, object]) -> int:
        """Add to the durable log and return the event's number."""
        text = documents.encode(payload)
        return self._announce(lambda c: events.append(c, kind, text))

    def read_events(self, consumer: str, *, kinds: Sequence[str] = (), limit: int = 100) -> list[Event]:
        """Return what this consumer has not acknowledged, in order."""
        return self._read(lambda c: events.pending(c, consumer, kinds, max(limit, 0)))

    def events_between(self, since: datetime, until: datetime, *, kinds: Sequence[str] = ()) -> list[Event]:
        """Return the events of since <= at < until, in order, whoever acknowledged them."""
        return self._read(lambda c: events.between(c, times.stamp(since), times.stamp(until), kinds))

    def newest_event(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        return self.last("events")

    def ack_events(self, consumer: str, seq: int) -> None:
        """Remember that the consumer is done up to and including `seq`."""
        self._write(lambda c: events.acknowledge(c, consumer, seq))

    def enqueue(
        self, kind: str, payload: Mapping[str, object], *, key: str, run_at: datetime | None = None
    ) -> bool:
        """Queue a job; return False when the key is queued or done already."""
        text = documents.encode(payload)
        return self._announce(lambda c: jobs.enqueue(c, kind, text, key, run_at))

    def lease(self, kinds: Mapping[str, float]) -> Job | None:
        """Take the next due job of these kinds, each for its seconds; a lease that runs out makes it due again."""
        if not self._read(lambda c: jobs.is_due(c, [*kinds])):
            return None
        return self._write(lambda c: jobs.lease(c, kinds, passing=self._passing))

    def extend(self, job: Job, seconds: float) -> None:
        """Let a lease run out only after so many seconds from now; ConflictError when the job is another's now."""
        self._write(lambda c: jobs.extend(c, job, seconds))

    def finish(self, job: Job, *, error: str = "", retry_at: datetime | None = None) -> None:
        """End a job, well or with the error that ended it; with `retry_at` it is due again then.

        ConflictError when the lease ran out and the job was leased again: it is another's now.
        """
        self._write(lambda c: jobs.finish(c, job, error, retry_at))

    def prune(self, before: datetime) -> int:
        """Remove jobs that ended and events that happened before a time; return how many rows went."""
        return self._write(lambda c: aging.prune(c, times.stamp(before)))

    # audit and life

    def audit(self, actor: str, operation: str, subject: str, details: Mapping[str, object]) -> None:
        """Record who changed what."""
        text = documents.encode(details)
        self._write(lambda c: auditing.record(c, actor, operation, subject, text))

    def audited(self, *, limit: int = 100) -> list[Audit]:
        """Return the newest audit rows, oldest of them first."""
        return self._read(lambda c: auditing.audited(c, max(limit, 0)))

    def check(self) -> list[str]:
        """Verify the store's integrity; return what is wrong, nothing when sound."""
        try:
            return self._faults()
        except CorruptedError as error:  # so damaged that the check itself cannot read it
            return [error.message]

    # whole tables, for a move to another store

    def dump(self, table: str, after: Sequence[Any], limit: int) -> list[Row]:
        """Return the next rows of a table of `copying.TABLES`, in the order of its key."""
        return self._read(lambda c: copying.dump(c, table, after, limit, self._vectors))

    def load(
        self, table: str, rows: Sequence[Row], last: int, mark: tuple[str, str, Mapping[str, object]]
    ) -> None:
        """Store rows as `dump` gave them, and with them one record that marks how far this is."""
        collection, key, value = mark
        text = documents.encode(value)

        def work(connection: Connection) -> None:
            copying.load(connection, table, rows, self._vectors, self._words)
            if copying.TABLES[table].numbered:
                connection.follow(table, copying.TABLES[table].key[0], last)
            documents.put(connection, collection, key, text)

        self._change(work)

    def last(self, table: str) -> int:
        """Return the largest number ever given in a table; 0 where rows have names instead."""
        described = copying.TABLES[table]
        return self._read(lambda c: c.last(table, described.key[0])) if described.numbered else 0
