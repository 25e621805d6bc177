"""Decide on each call of an agent: whether it may, and whether it calls too often.

The owner at the machine may everything. An agent may call only what an operation exposes to agents, less what
`agent_rights` takes away, and as often as `agent_calls_per_minute` says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clawcortex.errors import BusyError, DeniedError
from clawcortex.rights import parse_rules, right
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller
from clawcortex.skills.operation import Operation

MOST_CALLERS = 10_000
"""So many callers are remembered by their rate; the one that was quiet for longest goes first."""


class Rights:
    """Decide on each call of an agent."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = parse_rules(settings.agent_rights)
        self._per_minute = settings.agent_calls_per_minute
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def check(self, caller: Caller, tool: str, operation: Operation[Any, Any]) -> None:
        """Raise DeniedError for what the caller may not, BusyError for too much in too short a time."""
        if caller.trusted or caller.origin not in ("tool", "mcp", "command"):
            return
        agent = caller.scope.agent
        may = right(self._rules, agent, tool)
        if may == "none" or (may == "read" and operation.effect != "read"):
            raise DeniedError(
                f"the agent {agent!r} may not call {tool}",
                hint="Its owner decides: `agent_rights` in settings.toml.",
            )
        if self._per_minute and not self._take(f"{caller.origin}:{caller.actor}"):
            raise BusyError(
                f"{caller.actor} calls more than {self._per_minute} times a minute",
                hint="Wait some seconds, and call once for several things.",
            )

    def _take(self, caller: str) -> bool:
        now = self._clock()
        with self._lock:
            bucket = self._buckets.pop(caller, None) or _Bucket(float(self._per_minute), now)
            self._buckets[caller] = bucket  # the newest stands last
            if len(self._buckets) > MOST_CALLERS:
                del self._buckets[next(iter(self._buckets))]
            return bucket.take(now, self._per_minute)


@dataclass(slots=True)
class _Bucket:
    """A minute's calls, refilled as time goes by."""

    left: float
    seen: float

    def take(self, now: float, per_minute: int) -> bool:
        self.left = min(float(per_minute), self.left + (now - self.seen) * per_minute / 60)
        self.seen = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
