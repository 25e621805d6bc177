"""Talk to the resident server; standard library only, so that a script starts in milliseconds.

    call("/v1/context-retention/recall", {"query": "Ann's tea"})   ->  the operation's output
    spool("agent_end", event, ctx)                                 ->  a file the server reads when it is back

HTTP/1.1 is written by hand: http.client would double the start of a client process.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from clawcortex import paths
from clawcortex.errors import ClawcortexError, DeadlineError, DeniedError, ServerDownError, from_dict

CONNECT_S = 2.0
DEFAULT_TIMEOUT_S = 60.0
LINES = "application/x-ndjson"
"""Asks for progress while an operation runs: one JSON object a line, the last one its answer or error."""


class Connection:
    """One kept-alive connection to the server; not safe to share between threads."""

    def __init__(self, path: Path | None = None, *, timeout: float = DEFAULT_TIMEOUT_S) -> None:
        self._path = path or paths.socket_path()
        self._timeout = timeout
        self._buffer = b""
        self._owned()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(min(CONNECT_S, timeout))
        try:
            self._socket.connect(os.fspath(self._path))
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError, TimeoutError) as error:
            self._socket.close()
            raise ServerDownError(f"nobody answers on {self._path}") from error
        except OSError as error:
            self._socket.close()
            raise ServerDownError(f"cannot connect to {self._path}: {error.strerror or error}") from error

    def _owned(self) -> None:
        """Refuse a socket that somebody else made: the short fallback folder lies in /tmp."""
        try:
            owner = self._path.stat().st_uid
        except FileNotFoundError as error:
            raise ServerDownError(f"nobody answers on {self._path}") from error
        except OSError as error:
            raise ServerDownError(f"cannot reach {self._path}: {error.strerror or error}") from error
        if owner != os.getuid():
            raise DeniedError(f"{self._path} belongs to another user", hint="Remove it, or ask who made it.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def request(
        self, path: str, payload: Mapping[str, Any] | None = None, *, caller: str = "cli", keep: bool = True
    ) -> tuple[int, bytes]:
        """Send one request (GET without a payload) and return status and body."""
        status, parts = self.stream(path, payload, caller=caller, keep=keep)
        return status, b"".join(parts)

    def stream(
        self,
        path: str,
        payload: Mapping[str, Any] | None = None,
        *,
        caller: str = "cli",
        keep: bool = True,
        accept: str = "application/json",
    ) -> tuple[int, Iterator[bytes]]:
        """Send one request; return its status, and its body in the parts in which the server sends it."""
        body = b"" if payload is None else json.dumps(payload, separators=(",", ":")).encode()
        head = (
            f"{'GET' if payload is None else 'POST'} {path} HTTP/1.1\r\nhost: clawcortex\r\n"
            f"x-clawcortex-caller: {caller}\r\ncontent-type: application/json\r\naccept: {accept}\r\n"
            f"content-length: {len(body)}\r\n{'' if keep else 'connection: close' + chr(13) + chr(10)}\r\n"
        )
        self._socket.settimeout(self._timeout)
        with self._broken(path):
            # a server that refuses a large body answers before it has read all of it
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._socket.sendall(head.encode("latin-1") + body)
            return self._answer(path)

    def _answer(self, path: str = "") -> tuple[int, Iterator[bytes]]:
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        return int(lines[0].split(" ", 2)[1]), self._parts(path, fields)

    @contextlib.contextmanager
    def _broken(self, path: str) -> Iterator[None]:
        """Say what a broken connection means."""
        try:
            yield
        except TimeoutError as error:
            raise DeadlineError(f"{path} did not answer within {self._timeout:g} s") from error
        except OSError as error:
            raise ServerDownError(f"the server went away before it answered {path}") from error

    def _parts(self, path: str, fields: Mapping[str, str]) -> Iterator[bytes]:
        """Yield the body: whole, or chunk by chunk as it comes."""
        with self._broken(path):
            if "chunked" not in fields.get("transfer-encoding", ""):
                yield self._exactly(int(fields.get("content-length", "0")))
                return
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                yield self._exactly(size + 2)[:-2]
            self._exactly(2)

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(end)
        return head

    def _exactly(self, size: int) -> bytes:
        parts, missing = [self._buffer], size - len(self._buffer)
        while missing > 0:
            self._buffer = b""
            self._receive()
            parts.append(self._buffer)
            missing -= len(self._buffer)
        whole = b"".join(parts)
        self._buffer = whole[size:]
        return whole[:size]

    def _receive(self) -> None:
        chunk = self._socket.recv(1 << 18)
        if not chunk:
            raise ConnectionResetError("closed by the server")
        self._buffer += chunk


def call(
    path: str,
    payload: Mapping[str, Any] | None = None,
    timeout: float = DEFAULT_TIMEOUT_S,
    caller: str = "cli",
) -> dict[str, Any]:
    """Call the server once and return its answer; raise the typed error that it sends."""
    with Connection(timeout=timeout) as connection:
        status, body = connection.request(path, payload, caller=caller, keep=False)
    return answer(path, status, body)


def follow(
    path: str,
    payload: Mapping[str, Any],
    tell: Callable[[dict[str, Any]], None],
    timeout: float = DEFAULT_TIMEOUT_S,
    caller: str = "cli",
) -> dict[str, Any]:
    """Call the server once, pass on each line of progress, and return the answer; `timeout` is for each line."""
    with Connection(timeout=timeout) as connection:
        status, parts = connection.stream(path, payload, caller=caller, keep=False, accept=LINES)
        if status != 200:
            return answer(path, status, b"".join(parts))
        rest = b""
        for part in parts:
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                found = json.loads(line)
                if "progress" in found:
                    tell(found["progress"])
                elif "error" in found:
                    raise from_dict(found["error"])
                else:
                    last: dict[str, Any] = found["answer"]
                    return last
    raise ServerDownError(f"the server went away before it answered {path}")


def answer(path: str, status: int, body: bytes) -> dict[str, Any]:
    """Return a 200's JSON object, or raise the typed error that the server sent."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise ClawcortexError(f"{path} answered {status} with something that is not JSON") from error
    if not isinstance(found, dict):
        raise ClawcortexError(f"{path} answered {status} with a {type(found).__name__}, not an object")
    if status != 200:
        raise from_dict(found)
    return found


def spool(hook: str, event: Mapping[str, Any], ctx: Mapping[str, Any]) -> Path:
    """Leave a hook's event for the server to read when it is back; durable when this returns."""
    folder = paths.private_folder(paths.spool_dir())
    name = f"{time.time_ns() // 1_000_000:015d}-{time.monotonic_ns() % 10**9:09d}{os.urandom(4).hex()}.json"
    part = folder / f".{name}.part"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(json.dumps({"hook": hook, "event": event, "ctx": ctx}).encode())
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return folder / name


def start(timeout: float = 30.0) -> dict[str, Any]:
    """Start the resident server unless it runs, and return what it says of itself once it listens."""
    from clawcortex.launch import start as launch

    return launch(timeout)


def main(skill: str, argv: Sequence[str] | None = None) -> int:
    """Run one operation from the command line and return the exit code."""
    from clawcortex.command import main as run

    return run(skill, argv)
