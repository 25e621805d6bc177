"""Idle connections, kept for the next one: as many are open as work at once, whatever the number of threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from clawcortex.errors import StorageError

KEPT = 8
"""Idle connections kept open."""


class _Closes(Protocol):
    def close(self) -> None:
        """End it."""


C = TypeVar("C", bound=_Closes)


class Idle(Generic[C]):
    """Hand out an idle connection, or a new one; keep a few of those that come back."""

    def __init__(self, connect: Callable[[], C], name: str) -> None:
        self._connect = connect
        self._name = name
        self._idle: deque[C] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def take(self) -> C:
        """Return a connection that nobody else has."""
        with self._lock:
            if self._closed:
                raise StorageError(f"{self._name} is closed", hint="Open the store again.")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def give_back(self, connection: C) -> None:
        """Keep a sound connection for the next, or close it."""
        with self._lock:
            if not self._closed and len(self._idle) < KEPT:
                self._idle.append(connection)
                return
        connection.close()

    def drop(self) -> None:
        """Close what nobody works with."""
        with self._lock:
            idle, self._idle = list(self._idle), deque()
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close what is idle now, and what is lent as it comes back."""
        with self._lock:
            self._closed = True
        self.drop()
