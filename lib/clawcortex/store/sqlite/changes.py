"""The log of changes: its newest number is the generation, its lines keep the index in step.

Each transaction that touches memories or vectors adds one line a run of consecutive `n`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from clawcortex.store.base import Change
from clawcortex.store.sqlite import times

KEPT = 20_000
"""Lines kept; an index that is further behind is rebuilt."""
_PRUNED_EVERY = 1_000


def generation(connection: sqlite3.Connection) -> int:
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


def log(connection: sqlite3.Connection, kind: str, positions: Iterable[int], *, model: int = 0) -> None:
    """Add the lines for these `n`."""
    at = times.now()
    for first, last in runs(positions):
        cursor = connection.execute(
            "INSERT INTO changes (kind, first, last, model, at) VALUES (?, ?, ?, ?, ?)",
            (kind, first, last, model, at),
        )
        number = int(cursor.lastrowid or 0)
        if number % _PRUNED_EVERY == 0:
            connection.execute("DELETE FROM changes WHERE generation <= ?", (number - KEPT,))


def since(connection: sqlite3.Connection, after: int) -> list[Change] | None:
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
