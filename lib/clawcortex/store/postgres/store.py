"""The PostgreSQL store: several processes, on several hosts, share one memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar

import psycopg

from clawcortex.store.postgres import checking, embeddings, fulltext, migrations, scrubbing
from clawcortex.store.postgres.connection import connect, lock_number, parsed
from clawcortex.store.postgres.connections import Connections
from clawcortex.store.postgres.faults import faults
from clawcortex.store.postgres.listening import CHANNEL, Listener
from clawcortex.store.sql import numbering
from clawcortex.store.sql.connection import Connection, Vectors, Words
from clawcortex.store.sql.store import SqlStore

T = TypeVar("T")


class PostgresStore(SqlStore):
    """Keep rows and vectors in one database of a PostgreSQL server with pgvector. Implements `Store`."""

    _words: ClassVar[Words] = fulltext
    _vectors: ClassVar[Vectors] = embeddings
    _text_bytes = "octet_length(m.text)"
    _passing = " FOR UPDATE SKIP LOCKED"
    _holding = " FOR UPDATE"

    def __init__(self, url: str) -> None:
        self._conninfo, self.name = parsed(url)
        with faults(self.name):
            connection = connect(self._conninfo)
            try:
                migrations.prepare(connection, self.name)
            finally:
                connection.close()
        self._connections = Connections(self._conninfo, self.name)
        self._listener = Listener(lambda: connect(self._conninfo), self.name)

    def _read(self, work: Callable[[Connection], T], *, snapshot: bool = False) -> T:
        return self._connections.read(work, snapshot=snapshot)

    def _write(self, work: Callable[[Connection], T]) -> T:
        return self._connections.write(work)

    def _change(self, work: Callable[[Connection], T]) -> T:
        def changing(connection: Connection) -> T:
            # The row stays locked until the commit: generations and `n` become visible in their order.
            connection.execute("SELECT value FROM counters WHERE name = 'memories' FOR UPDATE")
            return work(connection)

        return self._connections.write(changing)

    def _announce(self, work: Callable[[Connection], T]) -> T:
        def announced(connection: Connection) -> T:
            connection.execute(f"NOTIFY {CHANNEL}")  # sent by the commit
            return work(connection)

        return self._connections.write(announced)

    def wasted(self) -> float:
        """Return the share of the tables' files, in [0, 1], that `scrub` would give back to the disk."""
        return self._read(scrubbing.wasted)

    def scrub(self) -> None:
        """Leave no byte of deleted rows in the tables' files; every process waits while a table is rewritten.

        The server's write-ahead log, its replicas and its backups keep them as long as they are set to, and a
        transaction that another program holds open keeps rows that were deleted since it began.
        """
        self._change(numbering.forget_unused)
        self._connections.alone(scrubbing.rewrite)

    def listen(self, seconds: float) -> bool:
        """Wait until any process added an event or a job; return False when the time ran out."""
        return self._listener.wait(seconds)

    @contextmanager
    def exclusive(self, name: str) -> Iterator[bool]:
        """Hold the advisory lock of this name over all hosts; yields False when another holds it.

        It ends with its connection: when the server goes, nobody holds it.
        """
        number = (lock_number(name),)
        with faults(self.name):
            connection = connect(self._conninfo)
        try:
            with faults(self.name):
                held = bool(connection.execute("SELECT pg_try_advisory_lock(?)", number).fetchone()[0])
            try:
                yield held
            finally:  # the server ends a closed connection some time later: who asks next must find it free
                if held:
                    with contextlib.suppress(psycopg.Error):
                        connection.execute("SELECT pg_advisory_unlock(?)", number)
        finally:
            connection.close()

    def _faults(self) -> list[str]:
        return self._read(lambda c: list(checking.faults(c)), snapshot=True)

    def close(self) -> None:
        """Wake who listens and close."""
        self._listener.close()
        self._connections.close()
