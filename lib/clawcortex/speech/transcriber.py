"""The one seam to speech recognition: `get_transcriber`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from clawcortex.errors import ClawcortexError, InputError, UnavailableError
from clawcortex.settings import Settings
from clawcortex.speech.process import Bounds, Process
from clawcortex.speech.protocol import Order
from clawcortex.speech.records import ENGINES, Transcript

_transcribers: dict[Settings, Transcriber] = {}
_lock = threading.Lock()


def get_transcriber(settings: Settings) -> Transcriber:
    """Return this process's one transcriber; nothing is started yet."""
    with _lock:
        found = _transcribers.get(settings)
        if found is None or found.closed:
            found = _transcribers[settings] = Transcriber(settings)
        return found


class Transcriber:
    """Turn recordings into transcripts in a child process: one at a time, its model loaded once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bounds = Bounds(settings.speech_memory_mb, settings.speech_stall_s)
        self._working = threading.Lock()
        self._starting = threading.Lock()
        self._child: Process | None = None
        self._rest: threading.Timer | None = None
        self.closed = False

    def transcribe(
        self,
        path: Path,
        *,
        language: str = "",
        engine: str = "",
        progress: Callable[[float, float], None] | None = None,
    ) -> Transcript:
        """Return what a recording says; wait while another one is heard.

        `progress` is called with the seconds that are done and those of the whole (0 when its header does not say).
        Raise AudioError, NotFoundError or DeniedError for a file that will never do; EngineError, TranscriberError,
        DeadlineError for what may go well later.
        """
        order = self._order(path, language, engine)
        with self._working:
            child = self._ready()
            sound = False
            try:
                found = child.ask(order, progress)
                sound = True
            except ClawcortexError as error:
                sound = child.answered
                if self.closed:
                    raise _is_closed() from error
                raise
            else:
                return found
            finally:
                self._settle(child, sound=sound)

    def running(self) -> int:
        """Return the process id of the child, 0 when there is none."""
        child = self._child
        return child.pid if child is not None and child.alive() else 0

    def close(self) -> None:
        """End the child; whoever waits for a transcript is told, and so is whoever calls later."""
        with self._starting:
            self.closed = True
            child = self._child  # whoever uses it may let it go at this moment
            if child is not None:
                child.stop()
        with self._working:
            self._drop()

    def _order(self, path: Path, language: str, engine: str) -> Order:
        chosen = engine or self._settings.speech_engine
        for name in ENGINES:
            if name == chosen:
                return Order(
                    path=os.path.abspath(path),  # noqa: PTH100 - a link stays a link, to be refused
                    engine=name,
                    model=self._settings.speech_model,
                    language=_language(language or self._settings.speech_language),
                    max_bytes=self._settings.speech_max_mb * 1_000_000,
                    max_s=self._settings.speech_max_s,
                )
        raise InputError(f"there is no speech engine {chosen!r}", hint=f"Name one of: {', '.join(ENGINES)}.")

    def _ready(self) -> Process:
        if self._rest is not None:
            self._rest.cancel()
        if self._child is not None and not self._child.alive():
            self._drop()
        with self._starting:
            if self.closed:
                raise _is_closed()
            if self._child is None:
                self._child = Process(self._bounds)
            return self._child

    def _settle(self, child: Process, *, sound: bool) -> None:
        """Keep a child that answered, for a while; end any other."""
        if not sound or self.closed:
            child.kill()
            self._child = None
            return
        self._rest = threading.Timer(self._settings.speech_idle_s, self._end_idle, (child,))
        self._rest.name, self._rest.daemon = "transcriber-idle", True
        self._rest.start()

    def _end_idle(self, child: Process) -> None:
        if self._working.acquire(blocking=False):  # held: there is work again
            try:
                if self._child is child and self._rest is threading.current_thread():
                    self._drop()
            finally:
                self._working.release()

    def _drop(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        child, self._child = self._child, None
        if child is not None:
            child.end()


def _is_closed() -> UnavailableError:
    return UnavailableError("the transcriber is closed", hint="Call again when the server is up.")


def _language(code: str) -> str:
    plain = code.strip().casefold().partition("-")[0].partition("_")[0]
    if plain and not (plain.isascii() and plain.isalpha() and len(plain) in (2, 3)):
        raise InputError(f"{code!r} is no language", hint="Name it by its code, as en or de.")
    return plain
