"""One thread writes. What waits together is committed together, so that many callers share one fsync."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from clawcortex.errors import StorageError
from clawcortex.store.sqlite.connection import SqliteConnection
from clawcortex.store.sqlite.faults import translated

T = TypeVar("T")
LARGEST_GROUP = 256


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
