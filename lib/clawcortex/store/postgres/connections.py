"""Connections lent for one piece of work, and what is done when one is lost in the middle of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import psycopg

from clawcortex.errors import BusyError, UnavailableError
from clawcortex.store.idle import Idle
from clawcortex.store.postgres.connection import PostgresConnection, connect
from clawcortex.store.postgres.faults import faults

T = TypeVar("T")
Work = Callable[[PostgresConnection], T]

MOST = 16
"""Open at once in one process, listeners and locks apart: a server allows 100 in all by default."""
WAIT_S = 10.0
"""How long to wait for one of them."""
RECOVERY_S = 5.0
"""How long to wait for a server that restarts, to learn whether it had committed."""
PAUSE_S = 0.1


class Connections:
    """Run work on connections; what a lost one left undone is done again, what it had committed is not."""

    def __init__(self, conninfo: str, name: str) -> None:
        self._name = name
        self._free = threading.BoundedSemaphore(MOST)
        self._idle: Idle[PostgresConnection] = Idle(lambda: connect(conninfo), name)
        self._closing = threading.Event()

    def read(self, work: Work[T], *, snapshot: bool = False) -> T:
        """Run what only reads."""

        def once(connection: PostgresConnection) -> T:
            if not snapshot:
                return work(connection)
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return work(connection)  # the end of a look needs no commit: giving it back rolls back

        with faults(self._name):
            try:
                return self._lent(once)
            except psycopg.Error as error:
                if not _undone(error):
                    raise
                return self._lent(once)

    def write(self, work: Work[T]) -> T:
        """Run the work in a transaction; it is durable when this returns."""
        with faults(self._name):
            try:
                return self._transacted(work)
            except psycopg.Error as error:
                if not _undone(error):
                    raise
                return self._transacted(work)

    def alone(self, work: Work[T]) -> T:
        """Run the work outside any transaction, for what PostgreSQL refuses inside one."""
        with faults(self._name):
            return self._lent(work)

    def close(self) -> None:
        """Close what is idle now, and what is lent as it comes back."""
        self._closing.set()
        self._idle.close()

    def _lent(self, work: Work[T]) -> T:
        if not self._free.acquire(timeout=WAIT_S):
            raise BusyError(f"{self._name}: {MOST} connections are in use and none came free")
        try:
            connection = self._idle.take()
            try:
                result = work(connection)
            except BaseException:
                self._end(connection)
                raise
            self._end(connection)
            return result
        finally:
            self._free.release()

    def _end(self, connection: PostgresConnection) -> None:
        if not connection.lost:
            try:
                connection.raw.rollback()
            except psycopg.OperationalError:
                connection.close()  # lost just now; it had nothing left to do
        if connection.lost:
            connection.close()
            self._idle.drop()  # one server serves all: the others are lost, too
        else:
            self._idle.give_back(connection)

    def _transacted(self, work: Work[T]) -> T:
        def once(connection: PostgresConnection) -> T | _Open[T]:
            connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            number = str(connection.execute("SELECT CAST(pg_current_xact_id() AS TEXT)").fetchone()[0])
            result = work(connection)
            try:
                connection.execute("COMMIT")
            except psycopg.OperationalError as error:
                if not connection.lost:
                    raise
                return _Open(number, result, error)
            return result

        outcome = self._lent(once)
        if not isinstance(outcome, _Open):
            return outcome
        if self._committed(outcome.number):
            return outcome.result
        raise outcome.error

    def _committed(self, number: str) -> bool:
        """Ask the server, once it is back, what became of a transaction whose commit got no answer."""
        until = time.monotonic() + RECOVERY_S
        while True:
            try:
                status = self._lent(
                    lambda c: c.execute("SELECT pg_xact_status(CAST(? AS XID8))", (number,)).fetchone()[0]
                )
            except psycopg.OperationalError:
                status = None
            except (
                psycopg.errors.InvalidParameterValue
            ):  # not given yet: it went with the log that a crash lost
                status = "aborted"
            if status in {"committed", "aborted"}:
                return bool(status == "committed")
            if time.monotonic() > until or self._closing.wait(PAUSE_S):
                raise UnavailableError(
                    f"{self._name}: the connection was lost while committing; the write may or may not stand",
                    hint="Start PostgreSQL and repeat: what has a key is stored once.",
                )


@dataclass(frozen=True, slots=True)
class _Open(Generic[T]):
    """A commit whose outcome is open: what it was and would have given."""

    number: str
    result: T
    error: Exception


def _undone(error: psycopg.Error) -> bool:
    """Return whether the server undid the work through no fault of it: then it is tried once more.

    A foreign key fails when what the work had found was deleted before it was named; the next try does not find it.
    """
    lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not error.sqlstate
    return (
        lost
        or (error.sqlstate or "")[:2] in {"08", "40"}
        or (error.sqlstate or "").startswith(("57P", "23503"))
    )
