"""Read connections, kept for the next reader: as many as read at once, whatever the number of threads."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from clawcortex.errors import StorageError
from clawcortex.store.sqlite.connection import connect
from clawcortex.store.sqlite.faults import faults

KEPT = 8
"""Idle connections kept open; each has a page cache of its own."""


class Readers:
    """Lend read-only connections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: deque[sqlite3.Connection] = deque()
        self._lock = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def connection(self, *, snapshot: bool = False) -> Iterator[sqlite3.Connection]:
        """Lend a connection; with `snapshot`, all its statements see one state of the database."""
        with faults(self._path):
            connection = self._take()
            try:
                if snapshot:
                    connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StorageError(f"{self._path} is closed", hint="Open the store again.")
            if self._idle:
                return self._idle.pop()
        return connect(self._path, writes=False)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < KEPT:
                self._idle.append(connection)
                return
        connection.close()

    def close_idle(self) -> None:
        """Close what nobody reads with."""
        with self._lock:
            idle, self._idle = list(self._idle), deque()
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close what is idle now, and what is lent as it comes back."""
        with self._lock:
            self._closed = True
        self.close_idle()
