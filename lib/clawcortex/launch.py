"""Start the resident server and wait until it says that it listens; standard library only.

The server's first line on stdout is JSON: {"state": "listening" | "adopted", ...} or {"error": {...}}.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.errors import ServerDownError, from_dict, storage_error

PYTHON = "CLAWCORTEX_PYTHON"
_children: list[subprocess.Popen[bytes]] = []
"""Servers that this process started and that outlive it; kept so that a dead one is reaped."""


def python() -> str:
    """Return the interpreter that has the server's dependencies."""
    named = os.environ.get(PYTHON, "").strip()
    if named:
        return named
    if paths.venv_python().exists():
        return str(paths.venv_python())
    from importlib.util import find_spec

    if find_spec("uvicorn") and find_spec("starlette"):
        return sys.executable
    raise ServerDownError(
        f"the environment of the server is missing: {paths.venv_python()}",
        hint="Run `python3 install.py` once.",
    )


def environment() -> dict[str, str]:
    """Return this process's environment with `lib/` importable."""
    lib = str(paths.repo_root() / "lib")
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part and part != lib]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([lib, *others])}


def start(timeout: float = 30.0) -> dict[str, Any]:
    """Start the server detached, or adopt the one that runs; return its first line."""
    errors = paths.log_path().with_name("start.log")
    try:
        paths.private_folder(errors.parent)
        descriptor = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise storage_error(error, errors) from error
    with os.fdopen(descriptor, "wb") as stderr:
        child = subprocess.Popen(
            [python(), "-m", "clawcortex", "serve"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(),
            cwd="/",
            start_new_session=True,
        )
    assert child.stdout is not None  # noqa: S101 - PIPE was asked for
    with child.stdout as pipe:
        line = _first_line(pipe.fileno(), timeout)
    if not line:
        raise _failed(child, errors, timeout)
    said: dict[str, Any] = json.loads(line)
    if "error" in said:
        child.wait()
        raise from_dict(said["error"])
    if said.get("state") == "adopted":
        child.wait()
    _children[:] = [one for one in (*_children, child) if one.poll() is None]
    return said


def _first_line(descriptor: int, timeout: float) -> bytes:
    """Return what the child says until its newline, or nothing when it ends or stays silent."""
    until, said = time.monotonic() + timeout, b""
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        chunk = os.read(descriptor, 65_536) if ready else b""
        if not chunk:
            return b""
        said += chunk
    return said


def _failed(child: subprocess.Popen[bytes], errors: Path, timeout: float) -> ServerDownError:
    try:
        code = child.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return ServerDownError(f"the server did not listen within {timeout:g} s", hint=f"Read {errors}.")
    last = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] or ["no message"]
    return ServerDownError(f"the server ended with exit code {code}: {last[0]}", hint=f"Read {errors}.")
