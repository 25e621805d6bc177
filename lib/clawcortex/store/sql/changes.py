"""The log of changes: its newest number is the generation, its lines keep the index in step.

Each transaction that touches memories or vectors adds one line a run of consecutive `n`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clawcortex.store.base import Change
from clawcortex.store.sql import times
from clawcortex.store.sql.connection import Connection

KEPT = 20_000
"""Lines kept; an index that is further behind is rebuilt."""
PRUNED_EVERY = 1_000


def generation(connection: Connection) -> int:
    """Return the newest generation."""
    return int(connection.execute("SELECT coalesce(max(generation), 0) FROM changes").fetchone()[0])


def runs(positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of each run of consecutive numbers."""
    first = last = None
    for n in sorted(set(positions)):
        if last is None or n != last + 1:
            if first is not None and last is not None:
                yield first, last
            first = n
        last = n
    if first is not None and last is not None:
        yield first, last


def log(connection: Connection, kind: str, positions: Iterable[int], *, model: int = 0) -> None:
    """Add the lines for these `n`."""
    steps = list(runs(positions))
    if not steps:
        return
    at = times.now()
    before = connection.take("changes", len(steps))
    newest = before + len(steps)
    connection.executemany(
        "INSERT INTO changes (generation, kind, first, last, model, at) VALUES (?, ?, ?, ?, ?, ?)",
        [(before + i, kind, first, last, model, at) for i, (first, last) in enumerate(steps, start=1)],
    )
    if newest // PRUNED_EVERY > before // PRUNED_EVERY:
        connection.execute("DELETE FROM changes WHERE generation <= ?", (newest - KEPT,))


def since(connection: Connection, after: int) -> list[Change] | None:
    """Return the lines after a generation; None when they are not all there."""
    oldest, newest = connection.execute("SELECT min(generation), max(generation) FROM changes").fetchone()
    if after > (newest or 0) or (oldest is not None and after < oldest - 1):
        return None
    rows = connection.execute(
        "SELECT generation, kind, first, last, at, coalesce(models.name, '') FROM changes"
        " LEFT JOIN models ON models.id = changes.model WHERE generation > ? ORDER BY generation",
        (after,),
    )
    return [Change(*row) for row in rows]
