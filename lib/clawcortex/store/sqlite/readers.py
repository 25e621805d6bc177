"""Read connections: each with a page cache of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from clawcortex.store.idle import Idle
from clawcortex.store.sqlite.connection import SqliteConnection, connect
from clawcortex.store.sqlite.faults import faults


class Readers:
    """Lend read-only connections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connections: Idle[SqliteConnection] = Idle(lambda: connect(path, writes=False), str(path))
        self.close_idle = self._connections.drop
        self.close = self._connections.close

    @contextlib.contextmanager
    def connection(self, *, snapshot: bool = False) -> Iterator[SqliteConnection]:
        """Lend a connection; with `snapshot`, all its statements see one state of the database."""
        with faults(self._path):
            connection = self._connections.take()
            try:
                if snapshot:
                    connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._connections.give_back(connection)
