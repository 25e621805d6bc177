"""Every memory's columns as arrays: what the index holds in RAM."""

from __future__ import annotations

from typing import Any

import numpy as np

from clawcortex.store.base import FLAG_DUPLICATE, FLAG_PINNED, FLAG_SUPERSEDED, FLAG_UNTRUSTED, Columns
from clawcortex.store.sql.connection import Connection

BATCH = 20_000
"""Rows turned into arrays at a time: a million rows as Python objects would be 400 MB."""

_SELECT = f"""SELECT n, scope, coalesce(session, 0), coalesce(speaker, 0), created_at, importance,
pinned * {FLAG_PINNED} + CASE provenance WHEN 'untrusted' THEN {FLAG_UNTRUSTED} ELSE 0 END
+ CASE superseded_by WHEN '' THEN 0 ELSE {FLAG_SUPERSEDED} END
+ CASE duplicate_of WHEN '' THEN 0 ELSE {FLAG_DUPLICATE} END, terms
FROM memories WHERE n > ? AND n <= ? ORDER BY n LIMIT {BATCH}"""  # noqa: S608 - constants only


def read(connection: Connection, after: int, until: int) -> Columns:
    """Return the columns of the memories after one `n` up to another."""
    parts = []
    while rows := connection.execute(_SELECT, (after, until)).fetchall():
        parts.append(_columns(rows))
        after = rows[-1][0]
    return joined(parts)


def _columns(rows: list[tuple[Any, ...]]) -> Columns:
    n, scope, session, speaker, created, importance, flags, terms = zip(*rows, strict=True)
    return Columns(
        n=np.array(n, np.int64),
        scope=np.array(scope, np.int32),
        session=np.array(session, np.int32),
        speaker=np.array(speaker, np.int32),
        created=np.array(created, np.float64) / 1_000_000,
        importance=np.array(importance, np.float32),
        flags=np.array(flags, np.uint8),
        term_counts=np.fromiter((len(blob) // 4 for blob in terms), np.int32, len(terms)),
        terms=np.frombuffer(b"".join(terms), "<u4").astype(np.uint32, copy=False),
    )


def joined(parts: list[Columns]) -> Columns:
    """Return columns one after the other as one."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Columns(
            n=np.empty(0, np.int64),
            scope=np.empty(0, np.int32),
            session=np.empty(0, np.int32),
            speaker=np.empty(0, np.int32),
            created=np.empty(0, np.float64),
            importance=np.empty(0, np.float32),
            flags=np.empty(0, np.uint8),
            term_counts=np.empty(0, np.int32),
            terms=np.empty(0, np.uint32),
        )
    return Columns(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Columns.__slots__}
    )
