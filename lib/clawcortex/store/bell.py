"""A bell between threads: who waits hears every ring since it last listened."""

from __future__ import annotations

import threading


class Bell:
    """Wake those who wait; a ring that came before the wait is heard at once. One listener at a time."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Wake whoever waits, or the next who does."""
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Wait for a ring; return False when the time ran out."""
        if not self._rung.wait(seconds):
            return False
        self._rung.clear()  # what rings from here on is heard by the next wait
        return True
