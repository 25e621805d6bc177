"""The transcriber's process: orders come in on stdin, what is said goes out on stdout, one JSON object a line.

It ends when stdin ends, also in the middle of its work: its server closed it, or died. Whatever a library prints
goes to stderr, never between the answers. Run by `process.Process`: python -m clawcortex.speech.child
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
from pathlib import Path
from typing import IO, Literal

from clawcortex.errors import ClawcortexError, TranscriberError
from clawcortex.speech.engines import load_engine
from clawcortex.speech.engines.base import Engine
from clawcortex.speech.gate import Gate
from clawcortex.speech.hearing import transcribe
from clawcortex.speech.protocol import Order, Said

log = logging.getLogger(__name__)

NICENESS = 5
"""Answers to prompts go first."""


class Ear:
    """The engine that is loaded, and where answers go."""

    def __init__(self, answers: IO[str]) -> None:
        self._answers = answers
        self._gate: Gate | None = None
        self._held: tuple[tuple[str, str], Engine] | None = None

    def answer(self, order: Order) -> None:
        """Transcribe one recording and say how that went."""
        try:
            self._say(Said(kind="loading"))
            engine = self._engine(order)
            self._gate = self._gate or Gate()
            self._say(Said(kind="done", transcript=transcribe(order, engine, self._gate, self._tell)))
        except ClawcortexError as error:
            self._say(Said(kind="failed", error=error.as_dict()))
        except Exception as error:  # a library's fault on one recording must not cost the next one its engine
            log.exception("%s", order.path)
            reason = f"{order.path}: the transcriber failed on it ({type(error).__name__}: {error})"
            self._say(Said(kind="failed", error=TranscriberError(reason).as_dict()))

    def _engine(self, order: Order) -> Engine:
        wanted = order.engine, order.model
        if self._held is None or self._held[0] != wanted:
            self._held = None  # two models may be more than the memory that is allowed
            self._held = wanted, load_engine(*wanted)
        return self._held[1]

    def _tell(self, kind: Literal["reading", "hearing"], done_s: float, total_s: float) -> None:
        self._say(Said(kind=kind, done_s=round(done_s, 2), total_s=round(total_s, 2)))

    def _say(self, said: Said) -> None:
        self._answers.write(said.model_dump_json(exclude_defaults=True) + "\n")
        self._answers.flush()


def main() -> None:
    """Answer orders until stdin ends."""
    orders, answers = _pipes()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    logging.captureWarnings(capture=True)
    _step_back()
    waiting: queue.SimpleQueue[Order] = queue.SimpleQueue()

    def read() -> None:
        for line in orders:
            waiting.put(Order.model_validate_json(line))
        os._exit(0)

    threading.Thread(target=read, name="orders", daemon=True).start()
    ear = Ear(answers)
    with contextlib.suppress(BrokenPipeError):  # nobody is left to be answered
        while True:
            ear.answer(waiting.get())


def _pipes() -> tuple[IO[str], IO[str]]:
    """Keep stdin and stdout for orders and answers; libraries see an empty stdin, and stderr as stdout."""
    orders = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return orders, answers


def _step_back() -> None:
    """Leave the processor, and on Linux the memory, to others when there is too little."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


if __name__ == "__main__":
    main()
