"""One child process as its parent sees it: started, asked, watched, ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from clawcortex import launch, paths
from clawcortex.errors import (
    AudioTooLargeError,
    DeadlineError,
    EngineError,
    TranscriberError,
    from_dict,
    storage_error,
)
from clawcortex.speech.protocol import Order, Said
from clawcortex.speech.records import Transcript

_STATM = "/proc/{}/statm"
_HAS_PROC = Path(_STATM.format("self")).exists()
LOOK_S = 0.2 if _HAS_PROC else 2.0
"""How often its memory is looked at; without /proc it takes a process to ask."""
END_S = 3.0
"""How long a child that is told to end may take."""
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",  # it never fetches anything
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait spin on processors that others need: four times slower when busy
    "PYTHONUNBUFFERED": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child may take."""

    memory_mb: int
    stall_s: float


class Process:
    """A running transcriber. After any error but one that it answered itself, it is of no more use: `kill` it."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._log = paths.log_path().with_name("transcriber.log")
        self._said = b""
        self.answered = False
        """True when the last order was answered, be it with an error."""
        try:
            paths.private_folder(self._log.parent)
            descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        except OSError as error:
            raise storage_error(error, self._log) from error
        with os.fdopen(descriptor, "wb") as errors:
            try:
                self._child = subprocess.Popen(
                    [sys.executable, "-m", "clawcortex.speech.child"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env={**launch.environment(), **ENVIRONMENT},
                    cwd="/",
                    start_new_session=True,  # Ctrl-C is the server's to answer
                )
            except OSError as error:
                raise TranscriberError(f"the transcriber cannot be started ({error.strerror})") from error

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._child.pid

    def alive(self) -> bool:
        """Return whether it still runs."""
        return self._child.poll() is None

    def ask(self, order: Order, tell: Callable[[float, float], None] | None) -> Transcript:
        """Return the transcript. Raise what it answered, else TranscriberError, DeadlineError, AudioTooLargeError."""
        assert self._child.stdin is not None  # noqa: S101 - PIPE was asked for
        self.answered = False
        try:
            self._child.stdin.write(order.model_dump_json().encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            raise self._died() from None
        for said in self._answers(order):
            self.answered = said.kind in ("done", "failed")
            if said.error is not None:
                raise from_dict(said.error)
            if said.transcript is not None:
                return said.transcript
            if tell is not None and said.kind == "reading":
                tell(said.done_s, said.total_s)
        raise self._died()

    def end(self) -> None:
        """Let it end by itself, and see to it."""
        with contextlib.suppress(OSError):
            if self._child.stdin is not None:
                self._child.stdin.close()
        try:
            self._child.wait(END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self._reap()

    def kill(self) -> None:
        """End it now."""
        self._child.kill()
        self._reap()

    def stop(self) -> None:
        """End it from another thread: whoever asks it is told that it died."""
        self._child.kill()

    def _reap(self) -> None:
        self._child.wait()
        with contextlib.suppress(OSError):
            if self._child.stdin is not None:
                self._child.stdin.close()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _answers(self, order: Order) -> Iterator[Said]:
        """Yield what it says until it ends; watch its memory and that it goes on."""
        assert self._child.stdout is not None  # noqa: S101 - PIPE was asked for
        phase, heard_at = "loading", time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            while True:
                ready = selector.select(LOOK_S)
                if self._too_big():
                    raise self._too_much(order, phase)
                if ready:
                    chunk = os.read(self._child.stdout.fileno(), 65_536)
                    if not chunk:
                        return
                    heard_at = time.monotonic()
                    *lines, self._said = (self._said + chunk).split(b"\n")
                    for line in lines:
                        said = _read(line)
                        phase = said.kind
                        yield said
                elif time.monotonic() - heard_at > self._bounds.stall_s:
                    raise DeadlineError(
                        f"{order.path}: the transcriber made no progress for {self._bounds.stall_s:g} s",
                        hint="Set a smaller speech_model, or raise speech_stall_s in settings.toml.",
                    )

    def _too_big(self) -> bool:
        return resident_mb(self._child.pid) > self._bounds.memory_mb

    def _too_much(self, order: Order, phase: str) -> AudioTooLargeError | EngineError | TranscriberError:
        limit = f"more than the {self._bounds.memory_mb} MB of speech_memory_mb"
        if phase == "reading":  # the recording's fault, so again and again
            return AudioTooLargeError(f"{order.path}: takes {limit} to unpack")
        hint = "Set a smaller speech_model, or raise speech_memory_mb in settings.toml."
        if phase == "loading":
            return EngineError(f"the speech model {order.model!r} takes {limit}", hint=hint)
        return TranscriberError(f"{order.path}: hearing it took {limit}", hint=hint)

    def _died(self) -> TranscriberError:
        self._child.kill()
        code = self._child.wait()
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        except OSError:
            lines = []
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return TranscriberError(f"the transcriber ended {how}{''.join(f': {line[:200]}' for line in lines)}")


def _read(line: bytes) -> Said:
    try:
        return Said.model_validate_json(line)
    except ValidationError as error:
        raise TranscriberError(f"the transcriber said what is no answer: {line[:80]!r}") from error


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, in megabytes; 0 for one that is gone."""
    if not _HAS_PROC:
        return asked_mb(pid)
    try:
        with open(_STATM.format(pid), encoding="ascii") as file:  # noqa: PTH123 - read five times a second
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0


def asked_mb(pid: int) -> float:
    """Return the same where there is no /proc, as on macOS."""
    try:
        asked = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return int(asked.stdout) * 1_024 / 1e6
    except (OSError, ValueError):
        return 0.0
