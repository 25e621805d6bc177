"""Weights are fetched whole, with the checksum that Whisper's own list names, or not at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from clawcortex.errors import EngineError
from clawcortex.paths import models_dir
from clawcortex.speech import weights

whisper = pytest.importorskip("whisper")

CONTENT = bytes(range(256)) * 8_192
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Shelf(BaseHTTPRequestHandler):
    """Give the content under any address; half of it under one that says so."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2 if "half" in self.path else None])

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setattr(weights, "TELL_BYTES", 1_000_000)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_weights_are_fetched_once(shelf: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(whisper._MODELS, "tiny", f"{shelf}/{DIGEST}/tiny.pt")
    told: list[str] = []
    found = weights.fetch("whisper", "tiny", told.append)
    assert found == str(models_dir() / "whisper" / "tiny.pt")
    assert (models_dir() / "whisper" / "tiny.pt").read_bytes() == CONTENT
    assert told[0] == "tiny.pt: 1 of 2 MB"
    assert weights.find_whisper("tiny")[1] == f"tiny@{DIGEST[:12]}"
    monkeypatch.setitem(whisper._MODELS, "tiny", f"http://127.0.0.1:1/{DIGEST}/tiny.pt")
    assert weights.fetch("whisper", "tiny", told.append) == found


@pytest.mark.parametrize("path", ["half/" + DIGEST, "0" * 64])
def test_what_came_is_thrown_away_when_it_is_not_what_was_wanted(
    path: str, shelf: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(whisper._MODELS, "tiny", f"{shelf}/{path}/tiny.pt")
    with pytest.raises(EngineError, match="cannot be fetched") as failed:
        weights.fetch("whisper", "tiny", lambda line: None)
    assert "clawcortex.speech.weights --engine whisper --model tiny" in failed.value.hint
    assert list((models_dir() / "whisper").iterdir()) == []


def test_without_a_network_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(whisper._MODELS, "tiny", f"http://127.0.0.1:1/{DIGEST}/tiny.pt")
    with pytest.raises(EngineError, match="the weights of 'tiny' cannot be fetched"):
        weights.fetch("whisper", "tiny", lambda line: None)
    assert "brings its model" in weights.fetch("pocketsphinx", "base", lambda line: None)
    assert weights.fetch("whisper", "/some/where.pt", lambda line: None) == "/some/where.pt"
