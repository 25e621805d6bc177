"""Real server processes: taps on two of them at once, a kill between ask and tap, a storm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from clawcortex import paths
from clawcortex.client import Connection, answer, spool
from clawcortex.launch import environment
from tests.postgres import QUICK, Server, started

ROOT = Path(__file__).resolve().parents[2]
ALREADY = "Decided already"


class Resident:
    """A server process with a state folder of its own."""

    def __init__(self, folder: Path, store_url: str = "") -> None:
        self.folder = folder
        self.env = {
            **environment(),
            "OPENCLAW_STATE_DIR": str(folder),
            "CLAWCORTEX_EMBEDDING_BACKEND": "hash",
            "CLAWCORTEX_STORE_URL": store_url,
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENCLAW_STATE_DIR", str(folder))
            self.socket = paths.socket_path()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return once the store is open."""
        command = [sys.executable, "-m", "clawcortex", "serve"]
        self._process = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, cwd="/")
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())["state"] == "listening"
        self.call("/readyz?wait=120", None)

    def kill(self) -> None:
        """End it as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def call(self, path: str, payload: dict[str, Any] | None) -> dict[str, Any]:
        """Call it as a client on its machine does."""
        with Connection(self.socket, timeout=120) as connection:
            return answer(path, *connection.request(path, payload, keep=False))

    def ask(self, title: str, **given: object) -> str:
        """Ask, and return the question's id."""
        question = {"title": title, "allowed": ["telegram:111", "telegram:222"], **given}
        return str(self.call("/v1/feedback-router/ask", question)["id"])

    def press(self, ask: str, option: str, sender: str = "111") -> str:
        """Press a button, and return what the person is told."""
        return str(
            self.call("/v1/hooks/button_pressed", {"event": pressed(ask, option, sender), "ctx": {}})["reply"]
        )


def pressed(ask: str, option: str, sender: str = "111") -> dict[str, Any]:
    return {
        "channel": "telegram",
        "accountId": "default",
        "chatId": sender,
        "senderId": sender,
        "isGroup": False,
        "isAuthorized": True,
        "value": f"clawcortex:{ask}:{option}",
        "messageId": "1",
    }


@contextmanager
def running(folder: Path, store_url: str = "") -> Iterator[Resident]:
    folder.mkdir()
    resident = Resident(folder, store_url)
    try:
        resident.start()
        yield resident
    finally:
        resident.kill()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """One PostgreSQL for the module."""
    yield from started(QUICK)


def test_taps_on_two_servers_at_once_make_one_decision(postgres: Server, tmp_path: Path) -> None:
    with ExitStack() as held:
        url = held.enter_context(postgres.memory())
        servers = [held.enter_context(running(tmp_path / name, url)) for name in ("one", "other")]
        asks = [servers[0].ask(f"Question {number}?") for number in range(5)]
        for ask in asks:
            together = threading.Barrier(8)

            def press(number: int, ask: str = ask, together: threading.Barrier = together) -> str:
                together.wait()
                option = ("approve", "skip")[number % 2]
                return servers[number % 2].press(ask, option, ("111", "222")[number // 4])

            with ThreadPoolExecutor(8) as threads:
                told = list(threads.map(press, range(8)))
            recorded = [one for one in told if not one.startswith(ALREADY)]
            assert len(recorded) == 1, told
            verdict = recorded[0].partition(":")[0]
            assert all(verdict in one for one in told), "everybody is told the same"
        with postgres.connect("seed") as connection:
            schema = url.rpartition("search_path%3D")[2].partition("%2C")[0]
            rows = connection.execute(
                f"SELECT payload FROM {schema}.events WHERE kind = 'decision.answered'".encode()
            ).fetchall()
        counted = Counter(_object(payload)["ask_id"] for (payload,) in rows)
        assert counted == Counter(asks)


def _object(value: object) -> dict[str, Any]:
    found: dict[str, Any] = value if isinstance(value, dict) else json.loads(str(value))
    return found


def test_a_kill_between_ask_and_tap_loses_nothing_and_a_kept_tap_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path / "state") as server:
        first, second = server.ask("First?"), server.ask("Second?")
        server.kill()
        monkeypatch.setenv("OPENCLAW_STATE_DIR", str(server.folder))
        for option in ("approve", "skip"):
            spool("button_pressed", pressed(first, option), {})  # as index.js leaves it
        server.start()
        assert server.press(first, "reject").startswith(f"{ALREADY}: ✅ Approved")
        assert server.press(second, "skip").startswith("⏭ Skipped")
        server.kill()
        server.start()
        assert server.press(second, "approve").startswith(f"{ALREADY}: ⏭ Skipped")
        report = server.call("/v1/feedback-router/report", {"agent": "main"})
        assert report["all"]["choices"] == {"approve": 1, "skip": 1}
        assert list(paths.spool_dir().rglob("*.json")) == []


def test_a_storm_loses_nothing_and_applies_nothing_twice() -> None:
    command = [
        sys.executable,
        str(ROOT / "bench" / "feedback_storm.py"),
        "--events",
        "300",
        "--kills",
        "2",
        "--json",
    ]
    run = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    figures = json.loads(run.stdout)["figures"]
    assert figures["events"] >= 300
    assert (figures["lost"], figures["applied_twice"], figures["kills"]) == (0, 0, 2)
