"""What went into prompts lately and why, for the status page; in memory only, and never a text."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from clawcortex.server.composer import Block

KEPT = 50
"""So many blocks are remembered; the server's restart forgets them."""


@dataclass(frozen=True, slots=True)
class Injected:
    """One block that reached a prompt."""

    at: datetime
    agent: str
    session: str
    block: Block
    """Without its text."""


class Lately:
    """Remember the newest blocks; safe from any thread."""

    def __init__(self) -> None:
        self._blocks: deque[Injected] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def note(self, agent: str, session: str, block: Block) -> None:
        """Remember a block by the ids, scores and tokens of its items."""
        told = Block("", block.tokens, block.kept, block.dropped, block.notes)
        with self._lock:
            self._blocks.appendleft(Injected(datetime.now(UTC), agent, session, told))

    def newest(self) -> tuple[Injected, ...]:
        """Return the blocks, the newest first."""
        with self._lock:
            return tuple(self._blocks)
