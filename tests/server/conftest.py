"""Real server processes over a probing skill in a skills folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from clawcortex import client
from clawcortex.errors import ClawcortexError
from clawcortex.launch import environment
from clawcortex.server.lifecycle import Lock
from clawcortex.skills.registry import load
from clawcortex.skills.rendering import generate

PROBE = Path(__file__).parent / "probe.py"
Spawn = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="session")
def skills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a skills folder that holds one skill, `probe`, with its generated manifest."""
    root = tmp_path_factory.mktemp("checkout")
    package = root / "skills" / "probe" / "probe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_bytes(PROBE.read_bytes())
    registry = load(root / "skills")
    assert not registry.broken
    generate(root, check=False, registry=registry)
    return root / "skills"


def live_in(folder: Path, skills: Path, patch: pytest.MonkeyPatch) -> None:
    """Let this process and its children use a state folder, without a model."""
    folder.mkdir(exist_ok=True)
    patch.setenv("OPENCLAW_STATE_DIR", str(folder))
    patch.setenv("CLAWCORTEX_SKILLS", str(skills))
    patch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    patch.setenv("CLAWCORTEX_PYTHON", sys.executable)


@pytest.fixture
def house(tmp_path: Path, skills: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test its own state folder."""
    live_in(tmp_path / "state", skills, monkeypatch)
    return tmp_path / "state"


@pytest.fixture
def spawn(house: Path) -> Iterator[Spawn]:
    """Start `clawcortex serve` processes and end them all after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*flags: str, version: str = "", stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        command = ["-m", "clawcortex", "serve", *flags]
        if version:  # the same code under another version number
            code = f"import clawcortex, sys; clawcortex.__version__ = {version!r}; "
            command = ["-c", code + f"from clawcortex.cli import main; sys.exit(main({command[2:]!r}))"]
        process = subprocess.Popen(
            [sys.executable, *command], stdin=stdin, stdout=subprocess.PIPE, env=environment(), cwd="/"
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return the first line of a server."""
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(process.stdout.readline())
    return line


def ended() -> None:
    """Return once no server holds the state folder."""
    lock = Lock("server")
    assert lock.wait(60)
    lock.release()


@pytest.fixture
def hear() -> Callable[[subprocess.Popen[bytes]], dict[str, Any]]:
    return said


@pytest.fixture
def until_ended() -> Callable[[], None]:
    return ended


@contextmanager
def running() -> Iterator[int]:
    """Start a server as clients do, wait until it is ready, and end it."""
    pid = int(client.start()["pid"])
    client.call("/readyz?wait=60")
    yield pid
    try:
        client.call("/v1/shutdown", {})
    except ClawcortexError:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    ended()


@pytest.fixture
def server(house: Path) -> Iterator[int]:
    """Return the pid of a server of this test alone."""
    with running() as pid:
        yield pid


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory, skills: Path) -> Iterator[Path]:
    """Return the state folder of a server that a whole module shares."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        live_in(folder, skills, patch)
        with running():
            yield folder


@pytest.fixture
def shared(shared_house: Path, skills: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the test use the module's server."""
    live_in(shared_house, skills, monkeypatch)
    return shared_house


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """Return a named pipe: who reads it waits until the test opens it for writing."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path
