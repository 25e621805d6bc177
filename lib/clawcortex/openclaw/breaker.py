"""A circuit breaker: what failed several times in a row is left alone for a while, then tried by one caller."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clawcortex.errors import HostError

FAILURES, REST_S = 5, 20.0


@dataclass(slots=True)
class _State:
    failures: int = 0
    until: float = 0.0
    why: str = ""
    hint: str = ""


class Breaker:
    """Refuse calls that would fail; safe to use from many threads."""

    def __init__(
        self, failures: int = FAILURES, rest_s: float = REST_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._rest, self._clock = failures, rest_s, clock
        self._states: dict[str, _State] = {}
        self._lock = threading.Lock()

    @contextmanager
    def guarding(self, what: str) -> Iterator[None]:
        """Run a call that reaches `what`; HostError, with `retry_after_s`, while that is left alone.

        A HostError that is lasting tells nothing of its health: it is not counted.
        """
        self._admit(what)
        try:
            yield
        except HostError as error:
            if not error.lasting:
                self._count(what, error)
            raise
        with self._lock:
            self._states.pop(what, None)

    def _admit(self, what: str) -> None:
        with self._lock:
            state, now = self._states.get(what), self._clock()
            if state is None or state.failures < self._most:
                return
            left = state.until - now
            if left <= 0:
                state.until = now + self._rest  # this caller tries; the others go on waiting
                return
        raise HostError(
            f"{what} failed {state.failures} times in a row and is left alone for {left:.0f} s: {state.why}",
            hint=state.hint,
            retry_after_s=left,
        )

    def _count(self, what: str, error: HostError) -> None:
        with self._lock:
            state = self._states.setdefault(what, _State())
            state.failures += 1
            state.why, state.hint = error.message, error.hint
            state.until = self._clock() + self._rest
