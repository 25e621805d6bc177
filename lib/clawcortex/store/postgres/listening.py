"""Hearing of events and jobs of every process, by LISTEN on a connection of its own."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable

from clawcortex.store.bell import Bell
from clawcortex.store.postgres.connection import PostgresConnection
from clawcortex.store.postgres.faults import faults

CHANNEL = "clawcortex"


class Listener:
    """Wait for rings. It begins to hear with the first wait; of the threads that wait, one reads for all."""

    def __init__(self, connect: Callable[[], PostgresConnection], name: str) -> None:
        self._connect = connect
        self._name = name
        self._bell = Bell()
        self._reading = threading.Lock()
        self._connection: PostgresConnection | None = None
        self._missed = False
        self._closed = False
        self._near, self._far = socket.socketpair()

    def wait(self, seconds: float) -> bool:
        """Wait for a ring; return False when the time ran out. After a lost connection the first counts as one."""
        until = time.monotonic() + seconds
        while not self._bell.wait(until - time.monotonic(), unless=self._is_unread):
            if self._closed:
                return False
            if self._reading.acquire(blocking=False):
                try:
                    if self._read(until):
                        self._bell.ring()
                finally:
                    self._reading.release()
                    self._bell.nudge()  # another may have to read on
            if time.monotonic() >= until:
                return self._bell.wait(0)
        return True

    def _is_unread(self) -> bool:
        return self._closed or not self._reading.locked()

    def _read(self, until: float) -> bool:
        if self._closed:
            return False
        with faults(self._name):
            try:
                connection = self._connection or self._begin()
                if self._missed:
                    self._missed = False
                    return True
                return self._heard(connection) or self._wait(connection, until)
            except BaseException:
                self._drop()
                raise

    def _wait(self, connection: PostgresConnection, until: float) -> bool:
        server, near = connection.raw.fileno(), self._near.fileno()
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([server, near], [], [], left)
            if near in ready:
                return False
            if server in ready and self._heard(connection):  # else it said something else, as that it ends
                return True
        return False

    def _begin(self) -> PostgresConnection:
        self._connection = self._connect()
        self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    @staticmethod
    def _heard(connection: PostgresConnection) -> bool:
        return bool(list(connection.raw.notifies(timeout=0)))  # all of them: one wait hears all rings so far

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection, self._missed = None, True

    def close(self) -> None:
        """Wake who waits, and end."""
        self._closed = True
        self._far.close()
        self._bell.nudge()
        with self._reading:
            self._drop()
            self._near.close()
