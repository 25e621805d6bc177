"""The doctor on his rounds: what is quick to look at every few minutes, everything once in a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clawcortex.server.resources import Opened
    from clawcortex.upkeep.doctor import Check

QUICK_S, WHOLE_S = 300.0, 6 * 3_600.0


class Watch:
    """The step of a `Loop`: look when it is time, and tell the owner what changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quick = self._whole = clock()
        """When the last looks were; the first comes some minutes after a start."""
        self.found: dict[str, tuple[datetime, list[Check]]] = {}
        """What each look found last, and when, for the status page."""

    def step(self, opened: Opened) -> bool:
        """Make a round when one is due; there is never more to do at once."""
        now = self._clock()
        if now - self._quick < QUICK_S:
            return False
        from clawcortex.upkeep import alerts, doctor

        whole = now - self._whole >= WHOLE_S
        self._quick, self._whole = now, now if whole else self._whole
        alerts.note(opened.resources, self.examine(doctor.LOOKS if whole else doctor.QUICK))
        return False

    def examine(self, looks: Iterable[Callable[[], Iterator[Check]]]) -> list[Check]:
        """Make these looks now, keep what each found, and return all of it."""
        from clawcortex.upkeep import doctor

        every: list[Check] = []
        for look in looks:
            checks = doctor.examine((look,))
            self.found[look.__name__] = datetime.now(UTC), checks
            every += checks
        return every
