"""One server at a time: liveness is an OS lock, a stale socket is replaced, ends are announced by events.

Two locks in run/: `server.lock` is held for life; `starting.lock` from before that until the socket answers.
Whoever holds `starting` and finds `server` taken therefore knows that the other one listens or is ending.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import portalocker

import clawcortex
from clawcortex import client, paths
from clawcortex.errors import ClawcortexError, ConflictError, DeniedError, storage_error

START_S = 30.0
"""How long one start waits for another one, and for a server that ends."""
ASK_S = 3.0
BACKLOG = 512


class Lock:
    """An OS lock on a file of run/; the system releases it however the process ends."""

    def __init__(self, name: str) -> None:
        self.path = paths.lock_path(name)
        try:
            paths.private_folder(self.path.parent)
            self._file: IO[bytes] = os.fdopen(
                os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b"
            )
        except OSError as error:
            raise storage_error(error, self.path) from error

    def take(self) -> bool:
        """Take the lock if it is free and return whether it is ours."""
        try:
            portalocker.lock(self._file, portalocker.LOCK_EX | portalocker.LOCK_NB)
        except portalocker.LockException:
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """Block until the lock is ours or the time is over."""
        if self.take():
            return True
        taken = threading.Event()

        def block() -> None:
            portalocker.lock(self._file, portalocker.LOCK_EX)
            taken.set()

        threading.Thread(target=block, name="lock", daemon=True).start()
        return taken.wait(seconds)

    def write(self, text: str) -> None:
        """Leave a note for whoever finds the lock taken."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text.encode())
        self._file.flush()

    def read(self) -> str:
        """Return the holder's note."""
        return self.path.read_text(encoding="utf-8", errors="replace").strip()

    def release(self) -> None:
        """Give the lock back."""
        self._file.close()


def identity() -> dict[str, Any]:
    """Return what tells one server from another."""
    return {"version": clawcortex.__version__, "root": str(paths.repo_root()), "pid": os.getpid()}


def say(line: Mapping[str, Any]) -> None:
    """Tell whoever started us, in one line on stdout; it may have gone away."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def begin_start() -> Lock:
    """Take the lock of starting, so that starts happen one after another."""
    starting = Lock("starting")
    if not starting.wait(START_S):
        raise ConflictError(
            f"another start has held {starting.path} for {START_S:g} s",
            hint="End that process, then start again.",
        )
    return starting


def become_the_server(server: Lock) -> dict[str, Any] | None:
    """Take the server's lock, or return what the running server of the same version says of itself."""
    if server.take():
        return None
    other = ask()
    if other is not None and not other.get("draining"):
        mine = identity()
        if all(other.get(name) == mine[name] for name in ("version", "root")):
            return other
        client.call("/v1/shutdown", {}, ASK_S)
    if server.wait(START_S):
        return None
    raise ConflictError(
        f"another server holds {server.path} and does not end (pid {server.read() or 'unknown'})",
        hint="End that process, then start again.",
    )


def ask() -> dict[str, Any] | None:
    """Return what the running server says of itself, or None when none answers."""
    try:
        return client.call("/healthz", None, ASK_S)
    except ClawcortexError:
        return None


def listen() -> socket.socket:
    """Bind the socket, 0600 in a 0700 folder; replace what a dead server left. Needs the server's lock."""
    path = paths.socket_path()
    _own_folder(path.parent)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        bound.bind(os.fspath(path))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise storage_error(error, path) from error
    finally:
        os.umask(mask)
    return bound


def _own_folder(folder: Path) -> None:
    try:
        paths.private_folder(folder)
        found = folder.lstat()
    except OSError as error:
        raise storage_error(error, folder) from error
    if found.st_uid != os.getuid() or folder.is_symlink():
        raise DeniedError(
            f"{folder} was made by somebody else", hint="Remove it, or set TMPDIR to a folder of yours."
        )


def when_stdin_ends(stop: Callable[[], None]) -> None:
    """Call `stop` when the process that spawned us closes our stdin, as its death does."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        stop()

    threading.Thread(target=watch, name="stdin", daemon=True).start()
