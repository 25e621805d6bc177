"""A threaded HTTP server on a free loopback port, and waiting for what it sees."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self


class LateError(AssertionError):
    """Say what did not happen in time."""


def until(met: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Ask again and again until the answer is true, and return it; for what another process does."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not (found := met()):
        if time.monotonic() > end:
            raise LateError(f"{what}: not within {seconds:g} s")
        pause.wait(0.05)
    return found


class Exchange(BaseHTTPRequestHandler):
    """One connection; the fake that owns the server answers."""

    protocol_version = "HTTP/1.1"
    owner: ClassVar[Loopback]

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        self.owner.get(self)

    def do_POST(self) -> None:
        self.owner.post(self, self.body())

    def body(self) -> dict[str, Any]:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        is_json = "json" in (self.headers.get("content-type") or "")
        found = json.loads(raw) if raw and is_json else {}
        return found if isinstance(found, dict) else {}

    def reply(self, found: object, status: int = 200) -> None:
        self.send(json.dumps(found).encode(), status, "application/json")

    def send(self, raw: bytes, status: int = 200, kind: str = "application/octet-stream") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(raw)))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a gateway that ends polls no more
            self.end_headers()
            self.wfile.write(raw)


class Loopback:
    """The base of both fakes: a server thread and one condition that every change notifies."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Exchange,), {"owner": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def close(self) -> None:
        """Let go of whoever waits."""

    def get(self, exchange: Exchange) -> None:
        exchange.reply({"error": "not found"}, 404)

    def post(self, exchange: Exchange, body: dict[str, Any]) -> None:
        exchange.reply({"error": "not found"}, 404)

    def wait(self, met: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
        """Wait for a change after which the answer is true, and return it."""
        with self.changed:
            if not self.changed.wait_for(met, timeout=seconds):
                raise LateError(f"{what}: not within {seconds:g} s")
            return met()
