"""A bell between threads: whoever waits hears every ring since it last listened."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Bell:
    """Wake those who wait; a ring that came before a thread's wait is heard by it at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rings = 0
        self._heard = threading.local()

    def ring(self) -> None:
        """Wake all who wait, and each other thread when it next does."""
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def nudge(self) -> None:
        """Let those who wait look at their `unless` again."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """Wait for a ring; return False when the time ran out or `unless` holds."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_new() or unless(), seconds)
            rung = self._is_new()
            self._heard.rings = self._rings
        return rung

    def _is_new(self) -> bool:
        return bool(self._rings != getattr(self._heard, "rings", 0))
