"""Threads for what blocks, with a bound on how much may wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from clawcortex.errors import BusyError

T = TypeVar("T")


class Pool:
    """Run functions in a few threads; refuse with BusyError when too many wait."""

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._name = name
        self._limit = threads + waiting
        self._inside = 0
        self._idle = threading.Condition()

    @property
    def inside(self) -> int:
        """Return how many calls run or wait."""
        return self._inside

    def submit(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Start a function in a thread; a cancelled waiter leaves it running to its end."""
        with self._idle:
            if self._inside >= self._limit:
                raise BusyError(f"{self._inside} {self._name} calls are waiting")
            self._inside += 1

        def run() -> T:
            try:
                return function()
            finally:
                with self._idle:
                    self._inside -= 1
                    self._idle.notify_all()

        return asyncio.get_running_loop().run_in_executor(self._executor, run)

    def close(self, seconds: float) -> bool:
        """Take nothing more and wait for what runs; return whether all of it ended in time."""
        with self._idle:
            ended = self._idle.wait_for(lambda: self._inside == 0, seconds)
        self._executor.shutdown(wait=ended)
        return ended


class Pools:
    """One pool for each kind of call: an export never holds up a prompt, nor what takes minutes an export."""

    def __init__(self) -> None:
        self.prompts = Pool("prompt", threads=4, waiting=32)
        self.events = Pool("event", threads=4, waiting=256)
        self.operations = Pool("operation", threads=8, waiting=256)
        self.long = Pool("long", threads=8, waiting=32)

    def sizes(self) -> dict[str, int]:
        """Return how many calls of each kind run or wait."""
        return {
            "prompts": self.prompts.inside,
            "events": self.events.inside,
            "operations": self.operations.inside,
            "long": self.long.inside,
        }

    def close(self, seconds: float) -> bool:
        """Close all of them; return whether everything ended in time."""
        every = (self.prompts, self.events, self.operations, self.long)
        return sum(pool.close(seconds) for pool in every) == len(every)
