"""The SQLite store: one file, one writer thread, pooled readers."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import ClassVar, TypeVar

from clawcortex.errors import BusyError
from clawcortex.files import locked
from clawcortex.store.bell import Bell
from clawcortex.store.sql.connection import Connection, Vectors, Words
from clawcortex.store.sql.store import SqlStore
from clawcortex.store.sqlite import checking, embeddings, fulltext, scrubbing
from clawcortex.store.sqlite.connection import BUSY_SECONDS, prepare
from clawcortex.store.sqlite.faults import faults
from clawcortex.store.sqlite.readers import Readers
from clawcortex.store.sqlite.space import Room
from clawcortex.store.sqlite.writer import Follower, Writer

T = TypeVar("T")


class SqliteStore(SqlStore):
    """Keep one installation's rows and vectors in one file. Implements `Store`."""

    _words: ClassVar[Words] = fulltext
    _vectors: ClassVar[Vectors] = embeddings
    _text_bytes = "length(CAST(m.text AS BLOB))"

    def __init__(self, path: Path, *, least_free_mb: int = 0) -> None:
        self.path = path
        self._room = Room(path, least_free_mb)
        self.name = str(path)
        with faults(path):
            self._writer = Writer(prepare(path), path)
        self._readers = Readers(path)
        self._bell = Bell()

    def _need_room(self) -> None:
        self._room.check()

    def _read(self, work: Callable[[Connection], T], *, snapshot: bool = False) -> T:
        with self._readers.connection(snapshot=snapshot) as connection:
            return work(connection)

    def _write(self, work: Callable[[Connection], T]) -> T:
        return self._writer.run(work)

    def _change(self, work: Callable[[Connection], T]) -> T:
        return self._writer.run(work)  # there is one writer, whatever is written

    def _announce(self, work: Callable[[Connection], T]) -> T:
        result = self._writer.run(work)
        self._bell.ring()
        return result

    def wasted(self) -> float:
        """Return the share of the database's file, in [0, 1], that `scrub` would give back to the disk."""
        return self._read(scrubbing.wasted)

    def scrub(self) -> None:
        """Leave no byte of deleted rows in the database file or its log."""
        self._write(scrubbing.compact_words)
        self._readers.close_idle()
        self._writer.run(scrubbing.rewrite, alone=True)
        if not self._writer.checkpoint(wait_ms=int(BUSY_SECONDS * 1000)):
            raise scrubbing.still_read()

    def follow_log(self, follower: Follower | None) -> None:
        """Let somebody keep every byte of the write-ahead log; None ends it."""
        self._writer.follower = follower

    def checkpoint(self) -> bool:
        """Write the log into the database and empty it; False when a reader held it too long."""
        return self._writer.checkpoint()

    def copy_to(self, path: Path) -> None:
        """Copy the database page by page, as it stands now, to a file that is not there yet; writers go on."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with self._readers.connection() as source, faults(path):
            copy = sqlite3.connect(path, isolation_level=None)
            try:
                copy.execute("PRAGMA synchronous = OFF")  # whoever keeps the copy makes it durable
                copy.execute("PRAGMA journal_mode = OFF")
                source.backup(copy)
            finally:
                copy.close()

    def listen(self, seconds: float) -> bool:
        """Wait until an event or a job was added here; return False when the time ran out.

        One process writes to a SQLite store, so that nobody else needs to be heard.
        """
        return self._bell.wait(seconds)

    @contextmanager
    def exclusive(self, name: str) -> Iterator[bool]:
        """Hold the advisory lock of this name over all processes; yields False when another holds it."""
        with ExitStack() as held:
            try:
                held.enter_context(locked(self.path.with_name(f"{self.path.name}.{name}"), seconds=0))
            except BusyError:
                yield False
            else:
                yield True

    def _faults(self) -> list[str]:
        found = self._read(lambda c: list(checking.faults(c)), snapshot=True)
        return [*found, *filter(None, [self._write(checking.words_fault)])]

    def close(self) -> None:
        """Drain the writer and close."""
        self._bell.ring()
        self._writer.close()
        self._readers.close()
