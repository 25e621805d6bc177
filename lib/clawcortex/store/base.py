"""The store's contract. SQLite and PostgreSQL keep it; nothing above `store/` may assume one of them.

Every method is safe from any thread. A write is durable when the method returns.
Faults come out as StorageError and its children, never as a driver's exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

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

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Columns:
    """What ranking needs of each memory, as arrays in order of `n` (shape: memories)."""

    n: Ints
    scope: NDArray[np.int32]
    """Number of the scope, a key of `Store.scopes`."""
    session: NDArray[np.int32]
    """Number of a session name inside one chat of one agent, a key of `Store.sessions`; 0 is none."""
    speaker: NDArray[np.int32]
    """Number of the speaker's name, a key of `Store.speakers`; 0 is none."""
    created: NDArray[np.float64]
    """Seconds since the epoch, UTC."""
    importance: Floats
    flags: NDArray[np.uint8]
    """Sum of the FLAG_ values below."""
    term_counts: NDArray[np.int32]
    terms: NDArray[np.uint32]
    """crc32 of every stem, memory after memory; `term_counts` says how many each has."""


FLAG_PINNED = 1
FLAG_UNTRUSTED = 2
FLAG_SUPERSEDED = 4
FLAG_DUPLICATE = 8


@dataclass(frozen=True, slots=True)
class Usage:
    """What eviction needs of each memory beside its columns, as arrays in order of `n`."""

    n: Ints
    turn: Ints
    """The same number for all parts of one text: `n` of its first part, as long as they were stored at once."""
    provenance: NDArray[np.uint8]
    """Place in `tuple(Provenance)`."""
    bytes: Ints
    """Estimated share of the database's file, without the vector."""
    recalls: Ints
    recalled: NDArray[np.float64]
    """Seconds since the epoch of the last recall, 0 for never."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the generation: what happened to the memories `first` to `last`."""

    generation: int
    kind: Literal["added", "embedded", "marked", "deleted"]
    first: int
    last: int
    at: int
    """Microseconds since the epoch: tells a restored database from the one it was."""
    model: str = ""


class Store(Protocol):
    """Rows, vectors, events, jobs, records and audit of one installation."""

    @property
    def generation(self) -> int:
        """Return a counter that grows with every change of memories or vectors."""

    def changes(self, after: int) -> list[Change] | None:
        """Return what changed since that generation, in order; None when the log does not tell any more."""

    # memories
    def add(self, memories: Sequence[NewMemory]) -> list[Added]:
        """Store the memories in one transaction; known keys are answered, not stored again."""

    def rows(self, positions: Sequence[int]) -> list[Memory]:
        """Return the memories at these `n`, in the order asked; missing ones are left out."""

    def select(self, selection: Selection, *, limit: int = 10_000) -> list[Memory]:
        """Return what the selection matches in the order of storing; times are since <= created < until."""

    def newest(self, scopes: Sequence[int], *, session: str = "", limit: int = 50) -> list[Memory]:
        """Return the newest memories of these scopes, oldest of them first."""

    def delete(self, selection: Selection) -> list[int]:
        """Remove matching rows, vectors and full-text entries; return their `n`. Links to them end."""

    def link(
        self, n: int, *, superseded_by: str = "", valid_to: datetime | None = None, duplicate_of: str = ""
    ) -> None:
        """Mark a memory as history of another since `valid_to`, or as a near-duplicate of it."""

    def note_recalls(self, positions: Sequence[int], at: datetime) -> None:
        """Count one recall of each of these memories; the generation stays."""

    def usage(self) -> Usage:
        """Return size and recalls of every memory."""

    def wasted(self) -> float:
        """Return the share of the database's files, in [0, 1], that `scrub` would give back to the disk."""

    def scrub(self) -> None:
        """Leave no byte of deleted rows in the database file or its log."""

    def count(self) -> int:
        """Return the number of memories."""

    # full text
    def matching(self, terms: Sequence[str], *, limit: int = 5_000) -> Ints:
        """Return the `n` of memories that hold any of these stems, newest first, at most `limit`."""

    def frequencies(self, terms: Sequence[str]) -> Mapping[str, int]:
        """Return in how many memories each stem stands."""

    # what the index is rebuilt from
    def columns(self, after: int = 0, *, until: int | None = None) -> Columns:
        """Return the columns of all memories with `n` greater than `after`, up to and with `until`."""

    def scopes(self, *, after: int = 0) -> Mapping[int, Scope]:
        """Return every scope by its number; with `after`, only greater numbers."""

    def sessions(self, *, after: int = 0) -> Mapping[int, str]:
        """Return every session's name by its number; a name has one number for each chat it is used in."""

    def speakers(self, *, after: int = 0) -> Mapping[int, str]:
        """Return every speaker's name by its number."""

    def unembedded(self, model: str, *, limit: int) -> list[tuple[int, str]]:
        """Return (`n`, text) of memories that have no vector of this model, oldest first."""

    def put_vectors(self, model: str, positions: Sequence[int], vectors: Floats) -> None:
        """Store L2-normalised vectors (shape: positions x dimensions) in one transaction.

        A position that was deleted meanwhile is left out: its vector must not outlive it.
        """

    def vectors(
        self, model: str, *, after: int = 0, until: int | None = None, batch: int = 4_096
    ) -> Iterator[tuple[Ints, Floats]]:
        """Yield (`n`, vectors) in order of `n`, greater than `after`, up to and with `until`."""

    def models(self) -> Mapping[str, int]:
        """Return the dimensions of each model that has vectors here, by its name."""

    def drop_vectors(self, model: str) -> int:
        """Remove every vector of a model; return how many. The model's name is free again."""

    def vectors_at(self, model: str, positions: Sequence[int]) -> dict[int, Floats]:
        """Return the exact vectors of these memories, by `n`."""

    # records: small documents that skills keep, one schema each
    def put_record(self, collection: str, key: str, value: Mapping[str, object]) -> None:
        """Store one document, in place of what stood there."""

    def get_record(self, collection: str, key: str) -> dict[str, object] | None:
        """Return one document or None."""

    def take_record(self, collection: str, key: str) -> dict[str, object] | None:
        """Return one document and remove it, for exactly one caller."""

    def list_records(
        self, collection: str, *, after: str = "", until: str = "", limit: int | None = None
    ) -> dict[str, dict[str, object]]:
        """Return a collection's documents by key, of after < key < until, in the order of the keys' bytes.

        Empty bounds are none; the last key of a page is `after` for the next.
        """

    def count_records(self, collection: str) -> int:
        """Return how many documents a collection has."""

    def amend(self, writes: Sequence[Write], *, events: Sequence[NewEvent] = ()) -> bool:
        """Change documents and add events together; False, and nothing changed, when one is not as `before` says.

        Documents are compared by value. Of several who amend the same document from the same `before`, one gets True.
        InputError when a document is written twice.
        """

    # events and jobs
    def append_event(self, kind: str, payload: Mapping[str, object]) -> int:
        """Add to the durable log and return the event's number."""

    def read_events(self, consumer: str, *, kinds: Sequence[str] = (), limit: int = 100) -> list[Event]:
        """Return what this consumer has not acknowledged, in order."""

    def events_between(self, since: datetime, until: datetime, *, kinds: Sequence[str] = ()) -> list[Event]:
        """Return the events of since <= at < until, in order, whoever acknowledged them."""

    def newest_event(self) -> int:
        """Return the number of the newest event, 0 before the first; who reads now sees it and all before."""

    def ack_events(self, consumer: str, seq: int) -> None:
        """Remember that the consumer is done up to and including `seq`."""

    def enqueue(
        self, kind: str, payload: Mapping[str, object], *, key: str, run_at: datetime | None = None
    ) -> bool:
        """Queue a job; return False when the key is queued or done already."""

    def lease(self, kinds: Mapping[str, float]) -> Job | None:
        """Take the next due job of these kinds, each for its seconds; a lease that runs out makes it due again."""

    def extend(self, job: Job, seconds: float) -> None:
        """Let a lease run out only after so many seconds from now; ConflictError when the job is another's now."""

    def finish(self, job: Job, *, error: str = "", retry_at: datetime | None = None) -> None:
        """End a job, well or with the error that ended it; with `retry_at` it is due again then.

        ConflictError when the lease ran out and the job was leased again: it is another's now.
        """

    def listen(self, seconds: float) -> bool:
        """Wait until any process added an event or a job; return False when the time ran out.

        Each thread hears each of them.
        """

    def exclusive(self, name: str) -> AbstractContextManager[bool]:
        """Hold the advisory lock of this name over all processes; yields False when another holds it."""

    def prune(self, before: datetime) -> int:
        """Remove jobs that ended and events that happened before a time; return how many rows went."""

    # audit and life
    def audit(self, actor: str, operation: str, subject: str, details: Mapping[str, object]) -> None:
        """Record who changed what."""

    def audited(self, *, limit: int = 100) -> list[Audit]:
        """Return the newest audit rows, oldest of them first."""

    def check(self) -> list[str]:
        """Verify the store's integrity; return what is wrong, nothing when sound."""

    def close(self) -> None:
        """Drain the writer and close."""
