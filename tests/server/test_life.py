"""One server at a time: real processes, killed, replaced, adopted and drained."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawcortex import client, paths
from clawcortex.errors import DeniedError, ServerDownError
from clawcortex.server.lifecycle import Lock

Spawn = Callable[..., subprocess.Popen[bytes]]
Hear = Callable[[subprocess.Popen[bytes]], dict[str, Any]]
Ended = Callable[[], None]


def test_it_listens_before_the_store_is_open_and_answers_once_it_is(spawn: Spawn, hear: Hear) -> None:
    line = hear(spawn())
    assert line["state"] == "listening"
    assert line["socket"] == str(paths.socket_path())
    assert client.call("/healthz")["pid"] == line["pid"]
    assert client.call("/v1/probe/turns", {})["count"] == 0


def test_of_many_starts_at_once_one_serves_and_the_others_adopt_it(spawn: Spawn, hear: Hear) -> None:
    processes = [spawn() for _ in range(4)]
    lines = [hear(process) for process in processes]
    assert sorted(line["state"] for line in lines) == ["adopted", "adopted", "adopted", "listening"]
    assert len({line["pid"] for line in lines}) == 1
    adopters = [process for process, line in zip(processes, lines, strict=True) if line["state"] == "adopted"]
    assert [process.wait(30) for process in adopters] == [0, 0, 0]


def test_the_client_adopts_a_running_server(server: int) -> None:
    line = client.start()
    assert (line["state"], line["pid"]) == ("adopted", server)


def test_a_stale_socket_is_replaced(house: Path, spawn: Spawn, hear: Hear) -> None:
    paths.private_folder(paths.socket_path().parent)
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(paths.socket_path()))
    left.close()
    with pytest.raises(ServerDownError):
        client.call("/healthz")
    assert hear(spawn())["state"] == "listening"
    assert client.call("/healthz")["alive"] is True


def test_after_sigkill_the_next_server_takes_over_and_nothing_acknowledged_is_lost(
    spawn: Spawn, hear: Hear
) -> None:
    first = spawn()
    hear(first)
    for number in range(5):
        event = {"messages": [{"role": "user", "content": f"turn {number}", "timestamp": 1_000 + number}]}
        client.call("/v1/hooks/agent_end", {"event": event, "ctx": {}})
    first.kill()
    first.wait()
    assert hear(spawn())["state"] == "listening"
    assert client.call("/v1/probe/turns", {})["texts"] == [f"turn {number}" for number in range(5)]


def test_a_server_spawned_by_a_parent_ends_when_its_stdin_does(
    spawn: Spawn, hear: Hear, until_ended: Ended
) -> None:
    process = spawn("--parent", "stdin", stdin=subprocess.PIPE)
    hear(process)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0
    assert not paths.socket_path().exists()
    until_ended()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_finish(spawn: Spawn, hear: Hear, fifo: Path, number: signal.Signals) -> None:
    process = spawn()
    hear(process)
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(
        target=lambda: answers.append(client.call("/v1/probe/hold", {"path": str(fifo)}, timeout=60))
    )
    asking.start()
    with fifo.open("wb") as pipe:  # opens once the operation reads: it runs now
        process.send_signal(number)
        while not client_refused():
            pass
        pipe.write(b"go on")
    asking.join(60)
    assert answers == [{"count": 1, "texts": []}]
    assert process.wait(60) == 0
    assert not paths.socket_path().exists()


def client_refused() -> bool:
    """Return whether the server takes no new connection, as when it drains."""
    try:
        client.call("/healthz", timeout=5)
    except ServerDownError:
        return True
    return False


def test_another_version_is_drained_and_replaced(spawn: Spawn, hear: Hear) -> None:
    old = spawn(version="0.0.1")
    assert hear(old)["version"] == "0.0.1"
    new = spawn()
    line = hear(new)
    assert (line["state"], line["pid"]) == ("listening", new.pid)
    assert old.wait(60) == 0
    assert client.call("/healthz")["version"] == line["version"] != "0.0.1"


def test_a_start_while_the_old_server_drains_waits_for_it(spawn: Spawn, hear: Hear, fifo: Path) -> None:
    old = spawn()
    hear(old)
    asking = threading.Thread(target=lambda: client.call("/v1/probe/hold", {"path": str(fifo)}, timeout=60))
    asking.start()
    with fifo.open("wb"):
        client.call("/v1/shutdown", {})
        new = spawn()
    asking.join(60)
    line = hear(new)
    assert (line["state"], line["pid"]) == ("listening", new.pid)
    assert old.wait(60) == 0


def test_a_state_path_that_is_too_long_gets_a_short_socket(
    tmp_path: Path, house: Path, monkeypatch: pytest.MonkeyPatch, spawn: Spawn, hear: Hear
) -> None:
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(tmp_path / ("deep" * 10) / ("er" * 30)))
    assert len(os.fsencode(paths.socket_path())) <= paths.SOCKET_LIMIT
    assert not paths.socket_path().is_relative_to(tmp_path)
    process = spawn()
    assert hear(process)["state"] == "listening"
    assert client.call("/v1/probe/echo", {"text": "short"})["text"] == "short"
    process.terminate()
    assert process.wait(60) == 0
    paths.socket_path().parent.rmdir()


def test_a_bad_settings_file_is_told_to_who_starts_the_server(house: Path) -> None:
    paths.private_folder(paths.state_dir())
    paths.settings_path().write_text("recall_tokens = 'many'\n")
    with pytest.raises(Exception, match="recall_tokens") as refused:
        client.start()
    assert getattr(refused.value, "code", "") == "bad_settings"


def test_a_server_that_cannot_start_is_told_with_its_last_words(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWCORTEX_PYTHON", "/bin/false")
    with pytest.raises(ServerDownError, match="exit code 1"):
        client.start()


def test_a_store_that_cannot_be_opened_is_told_to_every_caller(house: Path, spawn: Spawn, hear: Hear) -> None:
    paths.private_folder(paths.state_dir())
    paths.database_path().write_bytes(b"this is not a database, " * 400)
    hear(spawn())
    with pytest.raises(Exception, match=r"memory\.sqlite") as told:
        client.call("/v1/probe/turns", {})
    assert getattr(told.value, "hint", "")
    assert client.call("/v1/hooks/before_prompt_build", {"event": {"prompt": "hello"}, "ctx": {}}) == {}
    with pytest.raises(Exception, match=r"memory\.sqlite"):
        client.call("/readyz?wait=60")


def test_a_socket_of_another_user_is_refused(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = paths.socket_path()
    paths.private_folder(place.parent)
    place.touch()
    owner = place.stat().st_uid
    monkeypatch.setattr(paths, "socket_path", lambda: place)  # a long path has the user's number in it
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(DeniedError, match="another user"):
        client.call("/healthz")


def test_a_lock_is_free_again_when_its_holder_is_killed(spawn: Spawn, hear: Hear) -> None:
    process = spawn()
    hear(process)
    lock = Lock("server")
    assert not lock.take()
    assert lock.read() == str(process.pid)
    process.kill()
    assert lock.wait(30)
    lock.release()
