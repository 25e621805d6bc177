"""The program that OpenClaw runs for a voice note: words on stdout, a reason on stderr, an exit code for the rest."""

from __future__ import annotations

import base64
import importlib.util
import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clawcortex import paths
from clawcortex.errors import BusyError

PROGRAM = Path(__file__).resolve().parents[2] / "skills" / "voice-pipeline" / "hear.py"
SILENT = "(Nothing was heard in this voice note: only silence.)"


class Server(socketserver.ThreadingUnixStreamServer):
    """Answer each request with the same, and keep what was asked."""

    daemon_threads = True
    status = 200

    def __init__(self, path: Path) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: dict[str, Any] = {}
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
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server.asked.append((self.path, body))
        said = json.dumps(server.answer).encode()
        self.send_response(server.status)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


@pytest.fixture
def hear(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the program, which waits for no server."""
    spec = importlib.util.spec_from_file_location("hear", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    return module


@pytest.fixture
def server(state_dir: Path) -> Iterator[Server]:
    """Return a server where the program looks for it."""
    place = paths.socket_path()
    paths.private_folder(place.parent)
    with Server(place) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield found
        found.shutdown()
        thread.join()
    place.unlink()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "a b=c.ogg"
    path.write_bytes(b"a recording")
    return path


@pytest.mark.parametrize(
    ("answer", "code", "out", "error"),
    [
        ({"state": "heard", "say": "call Anna — now"}, 0, "call Anna — now\n", ""),
        ({"state": "heard", "say": SILENT}, 0, f"{SILENT}\n", ""),
        ({"state": "waiting", "reason": "busy, queued as 4", "hint": ""}, 7, "", "busy, queued as 4"),
        (
            {"state": "failed", "reason": "no sound in it", "hint": "Record it again."},
            1,
            "",
            "Record it again.",
        ),
    ],
)
def test_the_words_or_the_reason(
    hear: ModuleType, server: Server, clip: Path, capfd: pytest.CaptureFixture[str],
    answer: dict[str, Any], code: int, out: str, error: str,
) -> None:  # fmt: skip
    server.answer = answer
    given = {
        "channel": "telegram",
        "chat": "telegram:111",
        "sender": "",
        "chat-type": "direct",
        "forwarded": "",
    }
    assert hear.main([f"--path={clip}", *(f"--{name}={value}" for name, value in given.items())]) == code
    said = capfd.readouterr()
    assert said.out == out
    assert error in said.err
    ((route, body),) = server.asked
    assert route == "/v1/voice-pipeline/transcribe"
    assert base64.b64decode(body.pop("audio")) == b"a recording"
    assert body.pop("wait_s") > 60
    assert body == {
        "channel": "telegram", "chat": "telegram:111", "sender": "", "chat_type": "direct", "account": "",
        "thread": "", "agent": "", "forwarded": False, "name": "a b=c.ogg",
    }  # fmt: skip


def test_what_is_large_is_named_and_not_sent(hear: ModuleType, tmp_path: Path) -> None:
    large = tmp_path / "long.wav"
    with large.open("wb") as file:
        file.truncate(hear.BYTES + 1)
    asked = hear.payload({"path": str(large), "forwarded": "Bob"})
    assert asked["path"] == str(large)
    assert "audio" not in asked
    assert asked["forwarded"] is True


def test_a_refusal_and_a_server_that_is_down_are_clear_exits(
    hear: ModuleType, server: Server, clip: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.status, server.answer = 429, BusyError("1,000 voice notes wait already").as_dict()
    assert hear.main([f"--path={clip}"]) == 7
    assert "1,000 voice notes wait" in capfd.readouterr().err
    assert hear.main([f"--path={tmp_path / 'gone.ogg'}"]) == 2
    assert hear.main([]) == 2
    capfd.readouterr()
    paths.socket_path().rename(tmp_path / "elsewhere")
    assert hear.main([f"--path={clip}"]) == 7
    said = capfd.readouterr()
    assert said.out == ""
    assert "nobody answers" in said.err
    (tmp_path / "elsewhere").rename(paths.socket_path())


def test_it_starts_with_the_standard_library_alone(server: Server, clip: Path) -> None:
    server.answer = {"state": "heard", "say": "words"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), f"--path={clip}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "words\n", "")
