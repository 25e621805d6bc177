"""The whole server on broken ground: what was acknowledged stays, what is refused says why, reads go on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clawcortex import client, paths
from clawcortex.errors import ClawcortexError, CorruptedError, DiskFullError
from clawcortex.server.lifecycle import Lock

CAPTURE, RECALL, STATUS = (f"/v1/context-retention/{name}" for name in ("capture", "recall", "status"))
LONG = "the tulips of the garden need water every second morning in summer " * 12


@pytest.fixture(autouse=True)
def lexical(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do without a model: these tests are about files."""
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    monkeypatch.setenv("CLAWCORTEX_PYTHON", sys.executable)


def ended() -> None:
    lock = Lock("server")
    assert lock.wait(60)
    lock.release()


@pytest.fixture
def start() -> Iterator[Callable[[], int]]:
    """Start the resident server; it is ended after the test."""
    pids: list[int] = []

    def begin() -> int:
        pids.append(int(client.start()["pid"]))
        return pids[-1]

    yield begin
    if pids:
        try:
            os.kill(pids[-1], signal.SIGKILL)
        except ProcessLookupError:
            return
        ended()


def capture(number: int) -> None:
    client.call(CAPTURE, {"text": f"{LONG} number {number}", "source_ref": f"n{number}"})


def test_a_full_disk_refuses_and_keeps_what_it_acknowledged(
    mount: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, start: Callable[[], int]
) -> None:
    disk = mount("size=3m")
    monkeypatch.setenv("CLAWCORTEX_LEAST_FREE_MB", "0")
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(disk))
    start()
    acknowledged = 0

    def until_refused() -> None:
        nonlocal acknowledged
        while acknowledged < 20_000:
            capture(acknowledged)
            acknowledged += 1

    with pytest.raises(DiskFullError) as refused:
        until_refused()
    assert "space" in refused.value.hint
    assert acknowledged > 0
    # The refused one may stand there already, its audit line refused: sent again it is stored once.
    assert acknowledged <= client.call(STATUS, {})["memories"] <= acknowledged + 1
    assert client.call(RECALL, {"query": "tulips in the garden"})["hits"]
    subprocess.run(["mount", "-o", "remount,size=30m", str(disk)], check=True)
    capture(acknowledged)
    assert client.call(STATUS, {})["memories"] == acknowledged + 1


def test_a_disk_that_is_nearly_full_refuses_and_goes_on_when_there_is_room(
    mount: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, start: Callable[[], int]
) -> None:
    disk = mount("size=90m")
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(disk))
    start()
    with pytest.raises(DiskFullError, match="100 MB stay free"):
        capture(1)
    assert client.call(RECALL, {"query": "tulips"})["hits"] == []
    subprocess.run(["mount", "-o", "remount,size=300m", str(disk)], check=True)
    capture(1)
    assert client.call(STATUS, {})["memories"] == 1


def test_a_read_only_disk_is_named_and_keeps_what_was_there(
    mount: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Callable[[], int]
) -> None:
    disk = mount("size=30m")
    monkeypatch.setenv("CLAWCORTEX_LEAST_FREE_MB", "0")
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(disk))
    pid = start()
    capture(1)
    os.kill(pid, signal.SIGKILL)
    ended()
    locked = tmp_path / "locked"
    locked.mkdir()
    subprocess.run(["mount", "--bind", str(disk), str(locked)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(locked)], check=True)
        monkeypatch.setenv("OPENCLAW_STATE_DIR", str(locked))
        with pytest.raises(ClawcortexError, match=r"[Rr]ead-only") as refused:
            client.start()
        assert refused.value.hint
    finally:
        subprocess.run(["umount", "-l", str(locked)], check=True)
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(disk))
    start()
    assert client.call(STATUS, {})["memories"] == 1


def test_a_corrupt_database_is_named_and_prompts_go_on(start: Callable[[], int]) -> None:
    pid = start()
    capture(1)
    os.kill(pid, signal.SIGKILL)
    ended()
    for path in paths.state_dir().glob("memory.sqlite*"):
        path.write_bytes(b"\x00garbage" * 4_000)
    start()
    with pytest.raises(CorruptedError) as refused:
        capture(2)
    assert refused.value.hint
    answer = client.call(
        "/v1/hooks/before_prompt_build", {"event": {"prompt": "hi"}, "ctx": {"trigger": "user"}}
    )
    assert answer == {}


def corrupt(path: Path) -> None:
    path.write_bytes(b"junk" * 100)


def test_a_corrupt_or_missing_index_is_made_again(start: Callable[[], int]) -> None:
    pid = start()
    capture(1)
    client.call("/v1/context-retention/rebuild_index", {})
    for spoil in (corrupt, Path.unlink):
        os.kill(pid, signal.SIGKILL)
        ended()
        for path in (paths.cache_dir() / "index").iterdir():
            spoil(path)
        pid = start()
        client.call("/readyz?wait=60")
        assert client.call(RECALL, {"query": "tulips in the garden"})["hits"]


def test_a_turn_spooled_while_the_server_was_down_is_captured_once(start: Callable[[], int]) -> None:
    message = {
        "role": "user",
        "content": "The spare key is with Lena",
        "idempotencyKey": "k1",
        "timestamp": 1,
    }
    ctx = {
        "agentId": "main",
        "sessionKey": "agent:main:main",
        "channel": "telegram",
        "chatId": "1",
        "senderId": "1",
    }
    for _ in range(2):
        client.spool("agent_end", {"messages": [message], "success": True}, ctx)
    start()
    client.call(
        "/v1/context-retention/forget", {"since": "1999-01-01T00:00:00Z", "dry_run": True, "wait": True}
    )
    client.call("/v1/hooks/session_end", {"event": {}, "ctx": {}})  # answered after the spool has been read
    assert client.call(STATUS, {})["memories"] == 1
    assert list(paths.spool_dir().glob("*.json")) == []


def test_a_bad_settings_file_stops_the_start_with_its_reason() -> None:
    paths.private_folder(paths.state_dir())
    paths.settings_path().write_text("hook_deadline_ms = [", encoding="utf-8")
    with pytest.raises(ClawcortexError, match=r"settings\.toml"):
        client.start()
    shutil.rmtree(paths.state_dir())
