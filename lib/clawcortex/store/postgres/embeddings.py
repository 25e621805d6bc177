"""Vectors as pgvector's halfvec, the same 16 bits as in SQLite: see there what rounding costs."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from clawcortex.store.base import Floats, Ints
from clawcortex.store.postgres.connection import Half
from clawcortex.store.sql import changes, models
from clawcortex.store.sql.connection import Connection, Row

_HEADER = struct.Struct(">HH")
"""Dimensions and an unused word, before the values."""
_SENT = np.dtype(">f2")
_KEPT = np.dtype("<f2")
_HAS = "SELECT 1 FROM vectors v WHERE v.model = ? AND v.n = m.n"
_PUT = """INSERT INTO vectors (model, n, v) VALUES (?, ?, CAST(? AS HALFVEC))
ON CONFLICT (model, n) DO UPDATE SET v = excluded.v"""


def put(connection: Connection, model: str, positions: Sequence[int], vectors: Floats) -> None:
    """Store vectors of memories that still exist."""
    number = models.number(connection, model, vectors.shape[1])
    alive = connection.execute("SELECT n FROM memories WHERE n = ANY(?)", ([*map(int, positions)],))
    living = {n for (n,) in alive}
    header = _HEADER.pack(vectors.shape[1], 0)
    sent = vectors.astype(_SENT)
    connection.executemany(
        _PUT,
        [
            (number, int(n), Half(header + sent[i].tobytes()))
            for i, n in enumerate(positions)
            if int(n) in living
        ],
    )
    models.advance(connection, number, _HAS)
    changes.log(connection, "embedded", living, model=number)


def remove(connection: Connection, positions: Sequence[int]) -> None:
    """Remove the vectors of all models."""
    connection.execute("DELETE FROM vectors WHERE n = ANY(?)", (list(positions),))


def drop(connection: Connection, model: str) -> int:
    """Remove the first vectors of a model, and its name with the last; return how many vectors were removed."""

    def remove_first(number: int, count: int) -> int:
        return connection.execute(
            "DELETE FROM vectors WHERE model = ? AND n = ANY(ARRAY("
            "SELECT n FROM vectors WHERE model = ? ORDER BY n LIMIT ?))",
            (number, number, count),
        ).rowcount

    return models.drop(connection, model, remove_first)


def dump(connection: Connection, after: Sequence[Any], limit: int) -> list[tuple[int, int, bytes]]:
    """Return the next (model, n, 16-bit values) in order, greater than `after`."""
    rows = connection.execute(
        "SELECT model, n, v FROM vectors WHERE (model, n) > (?, ?) ORDER BY model, n LIMIT ?", (*after, limit)
    )
    return [(model, n, _turned(value[_HEADER.size :], _SENT, _KEPT)) for model, n, value in rows]


def load(connection: Connection, rows: Sequence[Row]) -> None:
    """Store what `dump` gave."""
    connection.executemany(
        _PUT,
        [
            (model, n, Half(_HEADER.pack(len(blob) // 2, 0) + _turned(blob, _KEPT, _SENT)))
            for model, n, blob in rows
        ],
    )


def _turned(values: bytes, given: np.dtype[np.float16], wanted: np.dtype[np.float16]) -> bytes:
    return np.frombuffer(values, given).astype(wanted).tobytes()


def unembedded(connection: Connection, model: str, limit: int) -> list[tuple[int, str]]:
    """Return (`n`, text) of memories without a vector of this model, oldest first."""
    return models.unembedded(connection, model, limit, _HAS)


def after(connection: Connection, model: str, start: int, until: int, batch: int) -> tuple[Ints, Floats]:
    """Return the next `n` and vectors, `start` left out, `until` included."""
    return _unpacked(
        connection.execute(
            "SELECT n, v FROM vectors WHERE model = (SELECT id FROM models WHERE name = ?)"
            " AND n > ? AND n <= ? ORDER BY n LIMIT ?",
            (model, start, until, batch),
        ).fetchall()
    )


def at(connection: Connection, model: str, positions: Sequence[int]) -> dict[int, Floats]:
    """Return the vectors of these memories, by `n`."""
    ns, found = _unpacked(
        connection.execute(
            "SELECT n, v FROM vectors WHERE model = (SELECT id FROM models WHERE name = ?) AND n = ANY(?)",
            (model, [*map(int, positions)]),
        ).fetchall()
    )
    return dict(zip(ns.tolist(), found, strict=True))


def _unpacked(rows: list[tuple[int, bytes]]) -> tuple[Ints, Floats]:
    if not rows:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    ns = np.fromiter((n for n, _ in rows), np.int64, len(rows))
    values = np.frombuffer(b"".join([value[_HEADER.size :] for _, value in rows]), _SENT)
    return ns, values.astype(np.float32).reshape(len(rows), -1)
