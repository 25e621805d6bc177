"""A connection to a port on loopback that ends when its time is over, however slowly the other side speaks."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPSConnection

LOOPBACK = "127.0.0.1"
CONNECT_S = 5.0


class OverError(Exception):
    """Say that the time is over."""


class Deadline:
    """A moment until which everything must be done."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Return the seconds that are left; raise OverError when there are none."""
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise OverError
        return seconds

    @contextlib.contextmanager
    def over(self, connection: HTTPConnection) -> Iterator[None]:
        """Cut the connection when the time is over, and say so: a timeout of the socket begins anew with each byte."""
        cut = threading.Event()
        wire = connection.sock

        def end() -> None:
            cut.set()
            with contextlib.suppress(OSError):  # it was closed meanwhile
                wire.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self.left, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if cut.is_set():
                raise OverError from error
            raise
        finally:
            timer.cancel()


def connect(port: int, deadline: Deadline, *, tls: bool = False) -> HTTPConnection:
    """Return a connected, single connection to a port of this machine.

    A gateway's certificate is made for its public name, or by itself: on loopback its signature tells who it is.
    """
    seconds = min(CONNECT_S, deadline.left)
    connection = (
        HTTPSConnection(LOOPBACK, port, timeout=seconds, context=_unnamed())
        if tls
        else HTTPConnection(LOOPBACK, port, timeout=seconds)
    )
    connection.auto_open = 0  # who proved himself is who gets the prompt: never a second connection
    connection.connect()
    connection.sock.settimeout(None)
    return connection


def _unnamed() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
