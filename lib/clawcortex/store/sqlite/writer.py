"""One thread writes. What waits together is committed together, so that many callers share one fsync."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from clawcortex.errors import StorageError
from clawcortex.store.sqlite.connection import BUSY_SECONDS, SqliteConnection
from clawcortex.store.sqlite.faults import translated

T = TypeVar("T")
LARGEST_GROUP = 256
LOG_BYTES = 8 << 20
"""The write-ahead log goes into the database when it is this long; again after as much more where that failed."""
LONGEST_LOG_BYTES = 512 << 20
"""From here on it does not wait for who follows the log."""
FOLLOW_S = 5.0
CHECKPOINT_MS = 250
"""How long a checkpoint waits for readers, and every write with it."""


class Follower(Protocol):
    """Who keeps every byte of the write-ahead log. Called by the writer's thread."""

    def committed(self) -> None:
        """Hear that the log has grown."""

    def shipped(self, seconds: float) -> bool:
        """Return whether all that is in the log is kept, waiting so long for it."""

    def sealed(self, frames: int) -> None:
        """Hear that the log, of so many frames, is in the database, and that the next write begins another."""


@dataclass(slots=True)
class _Write:
    work: Callable[[SqliteConnection], Any]
    alone: bool = False
    future: Future[Any] = field(default_factory=Future)


class Writer:
    """Run writes in order, each whole or not at all; a caller is released after the commit."""

    def __init__(self, connection: SqliteConnection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._waiting: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._log = path.with_name(f"{path.name}-wal")
        self._log_limit = LOG_BYTES
        self.follower: Follower | None = None
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[SqliteConnection], T], *, alone: bool = False) -> T:
        """Run the work in a transaction and return its result once it is durable.

        `alone` runs it outside any transaction, for what SQLite refuses inside one.
        """
        write = _Write(work, alone)
        with self._closing:
            if self._closed:
                raise StorageError(f"{self._path} is closed", hint="Open the store again.")
            self._waiting.put(write)
        result: T = write.future.result()
        return result

    def checkpoint(self, wait_ms: int = CHECKPOINT_MS) -> bool:
        """Write the log into the database and empty it; False when a reader held it for longer than this."""
        return self.run(lambda connection: self._checkpoint(connection, wait_ms), alone=True)

    def close(self) -> None:
        """Finish what waits, then end the thread and the connection."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._thread.join()
        self._connection.close()

    def _serve(self) -> None:
        ahead: _Write | None = None
        while True:
            first = ahead or self._waiting.get()
            ahead = None
            if first is None:
                return
            if first.alone:
                self._run_alone(first)
                continue
            group, last = [first], False
            while len(group) < LARGEST_GROUP and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    last = True
                    break
                if following.alone:
                    ahead = following
                    break
                group.append(following)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[_Write]) -> None:
        """Run a group in one transaction; release each caller with its own result or error."""
        outcomes: list[tuple[Any, Exception | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes += map(self._attempt, group)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - not swallowed, every caller of the group gets it
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            outcomes = [(None, error)] * len(group)
        for write, (value, fault) in zip(group, outcomes, strict=True):
            if fault is None:
                write.future.set_result(value)
            else:
                write.future.set_exception(translated(fault, self._path))
        self._keep_log_short()

    def _keep_log_short(self) -> None:
        """Do what SQLite would at a commit (wal_autocheckpoint), but only when the log's follower has all of it."""
        if self.follower is not None:
            self.follower.committed()
        try:
            size = self._log.stat().st_size
            if size >= self._log_limit:
                emptied = self._checkpoint(self._connection, CHECKPOINT_MS)
                self._log_limit = LOG_BYTES if emptied else size + LOG_BYTES
        except (OSError, sqlite3.Error):
            self._log_limit += (
                LOG_BYTES  # as SQLite: what is committed stays in the log, the next one tries again
            )

    def _checkpoint(self, connection: SqliteConnection, wait_ms: int) -> bool:
        follower = self.follower
        if follower is not None and not follower.shipped(FOLLOW_S) and self._log_limit < LONGEST_LOG_BYTES:
            return False
        connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
        try:
            busy, frames, _ = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            if not busy:  # the count of frames is told by RESTART only, the file is emptied by TRUNCATE only
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        if not busy and follower is not None:
            follower.sealed(frames)
        return not busy

    def _attempt(self, write: _Write) -> tuple[Any, Exception | None]:
        self._connection.execute("SAVEPOINT one")
        try:
            value = write.work(self._connection)
        except Exception as error:
            # A full disk ends the whole transaction inside SQLite: then nobody's write stands.
            if not self._connection.in_transaction:
                raise
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return None, error
        self._connection.execute("RELEASE one")
        return value, None

    def _run_alone(self, write: _Write) -> None:
        try:
            write.future.set_result(write.work(self._connection))
        except Exception as error:  # noqa: BLE001 - not swallowed, the caller gets it
            write.future.set_exception(translated(error, self._path))
