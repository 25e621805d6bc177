"""A port of ours that speaks the protocol of index.js's routes, well and badly."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from clawcortex.openclaw.payloads import GatewayStart, parse
from clawcortex.openclaw.signed import key_path, prove, remember, sign

GOOD = {
    "text": "Tea.",
    "model": "m-1",
    "provider": "p",
    "usage": {"inputTokens": 7, "outputTokens": 2, "costUsd": 0.1},
    "stopReason": "stop",
}


class Port(socketserver.ThreadingTCPServer):
    """Prove the key, then answer each POST with `status` and `body`, or do what `act` says."""

    daemon_threads = True
    status = 200
    body: bytes = json.dumps(GOOD).encode()

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.acts: list[Callable[[Exchange], None]] = []
        self.key: bytes | None = None
        self.listens = 0
        super().__init__(("127.0.0.1", 0), Exchange)

    @property
    def number(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Stay silent: tests break connections on purpose."""


class Exchange(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Port

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        key = self.server.key or key_path().read_bytes()
        proof = prove(key, str(self.headers["x-clawcortex-nonce"]), self.server.listens or self.server.number)
        self.reply(200, json.dumps({"proof": proof}).encode())

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        assert self.headers["x-clawcortex-signature"] == sign(
            key_path().read_bytes(), f"server {self.path.rpartition('/')[2]}", raw
        )
        self.server.posted.append(json.loads(raw))
        if self.server.acts:
            self.server.acts.pop(0)(self)
        else:
            self.reply(self.server.status, self.server.body)

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        """Break the connection without an answer, as a process that is killed does."""
        self.close_connection = True


def tell(port: int, agents: tuple[tuple[str, str], ...] = ()) -> None:
    """Let a gateway on this port say that it started."""
    told = [{"id": name, "workspace": place} for name, place in agents]
    started = parse("gateway_start", {"event": {"port": port, "agents": told}, "ctx": {}})
    assert isinstance(started, GatewayStart)
    remember(started)
