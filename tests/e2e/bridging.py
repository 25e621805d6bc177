"""What test_bridge, test_schedules and test_completions share: index.js on Node alone, and a server of our own."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from clawcortex import paths

from .house import node_path

CONFIG = {
    "gateway": {"tls": {"enabled": True}},
    "agents": {
        "entries": {"main": {}, "Work": {}},
        "defaults": {"systemAgent": {"agentId": "Work"}, "userTimezone": "Asia/Tokyo"},
    },
}


class Server(socketserver.ThreadingUnixStreamServer):
    """Answer every request on the socket with `status` and `body`, and keep it."""

    daemon_threads = True
    status, body = 200, "{}"

    def __init__(self, path: Path) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.silent = threading.Event()
        super().__init__(str(path), Answer)


class Answer(BaseHTTPRequestHandler):
    """One request."""

    def log_message(self, *_: object) -> None:
        return

    def address_string(self) -> str:
        return "socket"

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        raw = self.rfile.read(int(self.headers["content-length"]))
        server.requests.append((self.path, json.loads(raw)))
        if server.silent.is_set():
            self.rfile.read(1)  # until the other side gives up
            return
        self.send_response(server.status)
        self.end_headers()
        self.wfile.write(server.body.encode())


Bridge = Callable[..., dict[str, Any]]


@contextmanager
def registered(openclaw: Path, state: Path, plugin: Path) -> Iterator[Bridge]:
    """Yield a call into the plugin in this folder, registered as OpenClaw would."""
    config = {"promptTimeoutMs": 300, "captureTimeoutMs": 300, "toolTimeoutMs": 300}
    driver = Path(__file__).parent / "bridge.mjs"
    process = subprocess.Popen(
        ["node", str(driver), str(plugin / "index.js"), str(state), json.dumps(config)],
        env={**os.environ, "PATH": node_path(openclaw)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def call(**what: Any) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()
        found: dict[str, Any] = json.loads(process.stdout.readline())
        return found

    yield call
    process.stdin.close()
    process.stdout.close()
    process.wait(30)


def spooled() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(paths.spool_dir().glob("*"))]
