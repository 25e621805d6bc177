"""The SQLite store: one file, one writer thread, pooled readers."""

from __future__ import annotations

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
from clawcortex.store.sqlite.connection import connect, prepare
from clawcortex.store.sqlite.faults import faults
from clawcortex.store.sqlite.readers import Readers
from clawcortex.store.sqlite.space import Room
from clawcortex.store.sqlite.writer import Writer

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
            prepare(path)
            self._writer = Writer(connect(path, writes=True), path)
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
