"""A resident server in a temporary state folder, sharing the exported model of the installed one."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from clawcortex import paths
from clawcortex.client import Connection, answer, call, start
from clawcortex.errors import UnavailableError


class Resident:
    """Start on entering, end and remove the state on leaving."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="clawcortex-bench-")
        os.environ.setdefault("CLAWCORTEX_MODELS_DIR", str(paths.models_dir()))
        os.environ["OPENCLAW_STATE_DIR"] = self._folder.name
        os.environ["CLAWCORTEX_PYTHON"] = sys.executable
        self.pid = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._folder.cleanup()

    @property
    def state(self) -> Path:
        """Return the state folder."""
        return paths.state_dir()

    def start(self) -> None:
        """Start the server and return once it listens."""
        self.pid = int(start()["pid"])

    def kill(self) -> None:
        """End the server as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)

    def until_ready(self) -> None:
        """Return once recall is semantic and every memory has a vector."""
        while True:
            try:
                status = call("/v1/context-retention/status", {})
            except UnavailableError:
                continue
            if status["model_ready"] and not status["pending"]:
                return


def post(connection: Connection, path: str, payload: dict[str, object]) -> dict[str, object]:
    """Call over a kept-alive connection, as the gateway does."""
    status, body = connection.request(path, payload)
    return answer(path, status, body)
