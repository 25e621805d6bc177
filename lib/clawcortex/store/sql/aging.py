"""What decides how long a memory is kept: its size and how often it was recalled; and what the logs let go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clawcortex.store.base import Usage
from clawcortex.store.records import Provenance
from clawcortex.store.sql.columns import BATCH
from clawcortex.store.sql.connection import Connection

_ROW_BYTES = 320
"""What a row costs beside its text, stems and vector: columns, index entries, full-text postings."""
_KINDS = " ".join(f"WHEN '{kind}' THEN {place}" for place, kind in enumerate(Provenance))


def note_recalls(connection: Connection, positions: Sequence[int], at: int) -> None:
    """Count one recall of each of these memories that still exists."""
    connection.execute(
        "INSERT INTO recalls (n, times, last_at)"
        " SELECT n, 1, CAST(? AS BIGINT) FROM memories WHERE n = ANY(?) ORDER BY n"
        " ON CONFLICT (n) DO UPDATE SET times = recalls.times + 1, last_at ="
        " CASE WHEN excluded.last_at > recalls.last_at THEN excluded.last_at ELSE recalls.last_at END",
        (at, [*map(int, positions)]),
    )


def usage(connection: Connection, text_bytes: str) -> Usage:
    """Return size, kind and recalls of every memory; `text_bytes` is how the database measures a text."""
    sql = f"""SELECT m.n, m.n - m.part, CASE m.provenance {_KINDS} END,
    {_ROW_BYTES} + {text_bytes} + length(m.stems) + length(m.terms), coalesce(r.times, 0), coalesce(r.last_at, 0)
    FROM memories m LEFT JOIN recalls r ON r.n = m.n WHERE m.n > ? ORDER BY m.n LIMIT {BATCH}"""  # noqa: S608 - constants
    parts = [np.empty((0, 6), np.int64)]
    after = 0
    while rows := connection.execute(sql, (after,)).fetchall():
        parts.append(np.array(rows, np.int64))
        after = rows[-1][0]
    columns = np.concatenate(parts)
    return Usage(
        n=columns[:, 0].copy(),
        turn=columns[:, 1].copy(),
        provenance=columns[:, 2].astype(np.uint8),
        bytes=columns[:, 3].copy(),
        recalls=columns[:, 4].copy(),
        recalled=columns[:, 5] / 1_000_000,
    )


def prune(connection: Connection, before: int) -> int:
    """Remove ended jobs and events from before a time; return how many rows went."""
    gone = connection.execute(
        "DELETE FROM jobs WHERE state IN ('done', 'failed') AND ended_at < ?", (before,)
    ).rowcount
    return gone + connection.execute("DELETE FROM events WHERE at < ?", (before,)).rowcount
