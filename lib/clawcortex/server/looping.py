"""A thread that works as long as there is something to do, and listens for more until it is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from clawcortex.errors import ClawcortexError

if TYPE_CHECKING:
    from clawcortex.server.resources import Opened, Residence

log = logging.getLogger(__name__)

LISTEN_S = 1.0
"""What no bell tells of (a job whose time comes, another process on SQLite) is seen this late; the rest at once."""
PAUSE_S = 5.0
"""A store that does not answer is asked again after this."""


class Loop:
    """Take step after step in the background; `step` returns whether it got on."""

    def __init__(
        self, name: str, residence: Residence, step: Callable[[Opened], bool], *, failed: Callable[[], None]
    ) -> None:
        self._residence = residence
        self._step = step
        self._failed = failed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first look waits until the store is open."""
        self._thread.start()

    def begin_stopping(self) -> None:
        """Take no further step."""
        self._stopping.set()

    def stop(self, seconds: float) -> bool:
        """Ask to stop between steps; return whether the thread ended in time."""
        self.begin_stopping()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                opened = self._residence.opened()
                while not self._stopping.is_set() and self._step(opened):
                    pass
                if not self._stopping.is_set():
                    opened.resources.store.listen(LISTEN_S)
            except Exception as error:  # the thread outlives every fault: logged, counted, retried
                self._failed()
                typed = isinstance(error, ClawcortexError)
                name = self._thread.name
                log.warning("%s: %s; next try in %g s", name, error, PAUSE_S, exc_info=not typed)
                self._stopping.wait(PAUSE_S)
