"""The server is killed while it hears, by a real engine: the note is kept, and heard by the next server."""

from __future__ import annotations

import base64
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from clawcortex import client, paths
from clawcortex.errors import ClawcortexError
from clawcortex.server.lifecycle import Lock

pytest.importorskip("pocketsphinx")
speaking = pytest.importorskip("tests.speech.speaking")


def until(met: Callable[[], Any]) -> Any:
    """Ask again and again until the answer is true; for what another process does."""
    pause = threading.Event()
    while not (found := met()):
        pause.wait(0.05)
    return found


def children(server: int) -> list[psutil.Process]:
    return [one for one in psutil.Process(server).children() if "clawcortex.speech.child" in one.cmdline()]


def test_a_note_that_is_being_heard_outlives_its_server(
    state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = tmp_path / "ws"
    workspace.mkdir()
    for name, value in {
        "PYTHON": sys.executable,
        "EMBEDDING_BACKEND": "hash",
        "SPEECH_ENGINE": "pocketsphinx",
        "SHARED_WORKSPACE": str(workspace),
    }.items():
        monkeypatch.setenv(f"CLAWCORTEX_{name}", value)
    clip = speaking.spoken("Peter has to pay the rent by Friday.")
    given = {"audio": base64.b64encode(clip.read_bytes()).decode(), "wait_s": 0}
    first = int(client.start()["pid"])
    try:
        assert client.call("/v1/voice-pipeline/transcribe", given)["state"] == "waiting"
        (child,) = until(lambda: children(first))
        os.kill(first, signal.SIGKILL)
        child.wait(60)  # it ends with its server
        gone = Lock("server")
        assert gone.wait(60)
        gone.release()
        with sqlite3.connect(paths.database_path()) as database:  # as a minute does that goes by
            changed = database.execute("UPDATE jobs SET due = 0 WHERE state = 'leased'").rowcount
        assert changed == 1
    finally:
        second = int(client.start()["pid"])
    try:
        file = until(lambda: [*workspace.glob("voice/transcripts/*.json")])[0]
        assert "peter has to pay the rent by friday" in file.read_text()
        until((workspace / "PRIORITIES.md").exists)
        assert "Pay the rent" in (workspace / "PRIORITIES.md").read_text()
        assert client.call("/v1/voice-pipeline/pending", {})["notes"] == []
    finally:
        with suppress(ClawcortexError):
            client.call("/v1/shutdown", {})
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            psutil.Process(second).wait(60)
