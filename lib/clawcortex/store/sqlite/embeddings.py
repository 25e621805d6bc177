"""Vectors as fp16 blobs under (model, n).

fp16 halves the file (82 MB against 205 at 100k x 384) and moves a cosine by at most 6e-5, measured over
20 million pairs; retrieval does not see it. Vectors come L2-normalised and are not normalised again here:
a cosine is an inner product everywhere. Storing rounds their length by up to 1e-4.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np

from clawcortex.errors import ConflictError, InputError
from clawcortex.store.base import Floats, Ints
from clawcortex.store.sqlite import changes

_SHIFT = 40
_MASK = (1 << _SHIFT) - 1
_LENGTH_SLACK = 1e-2
_STORED = np.dtype("<f2")


def validated(positions: Sequence[int], vectors: Floats) -> Floats:
    """Return the vectors as float32; refuse what is not one finite unit vector a position."""
    given = np.ascontiguousarray(vectors, dtype=np.float32)
    if given.ndim != 2 or given.shape[0] != len(positions) or given.shape[1] == 0:
        raise InputError(f"vectors of shape {given.shape} do not fit {len(positions)} positions")
    if not np.isfinite(given).all():
        raise InputError("a vector holds NaN or infinity")
    lengths = np.linalg.norm(given, axis=1)
    if (np.abs(lengths - 1.0) > _LENGTH_SLACK).any():
        raise InputError(
            "a vector is not L2-normalised", hint="Divide each vector by its length before storing it."
        )
    return given


def put(connection: sqlite3.Connection, model: str, positions: Sequence[int], vectors: Floats) -> None:
    """Store vectors of memories that still exist."""
    number = _number(connection, model, vectors.shape[1])
    living = {
        n
        for (n,) in connection.execute(
            "SELECT n FROM memories WHERE n IN (SELECT value FROM json_each(?))",
            (json.dumps([*map(int, positions)]),),
        )
    }
    blobs = vectors.astype(_STORED)
    base = number << _SHIFT
    connection.executemany(
        "INSERT OR REPLACE INTO vectors (slot, v) VALUES (?, ?)",
        [(base | int(n), blobs[i].tobytes()) for i, n in enumerate(positions) if int(n) in living],
    )
    _advance(connection, number)
    changes.log(connection, "embedded", living, model=number)


def _number(connection: sqlite3.Connection, model: str, dimensions: int) -> int:
    row = connection.execute("SELECT id, dimensions FROM models WHERE name = ?", (model,)).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO models (name, dimensions) VALUES (?, ?) RETURNING id, dimensions",
            (model, dimensions),
        ).fetchone()
    if row[1] != dimensions:
        raise ConflictError(
            f"vectors of {model!r} have {row[1]} dimensions here, not {dimensions}",
            hint="Two models bear one name: give the new one its own, so that all is embedded again.",
        )
    return int(row[0])


def _advance(connection: sqlite3.Connection, number: int) -> None:
    """Move the mark below which nothing lacks a vector, so that `unembedded` need not look there."""
    connection.execute(
        "UPDATE models SET complete_to = coalesce("
        "(SELECT m.n - 1 FROM memories m WHERE m.n > complete_to AND NOT EXISTS"
        " (SELECT 1 FROM vectors WHERE slot = (:model << 40 | m.n)) ORDER BY m.n LIMIT 1),"
        " (SELECT max(n) FROM memories), complete_to) WHERE id = :model",
        {"model": number},
    )


def remove(connection: sqlite3.Connection, positions: Sequence[int]) -> None:
    """Remove the vectors of all models."""
    for (number,) in connection.execute("SELECT id FROM models").fetchall():
        connection.execute(
            "DELETE FROM vectors WHERE slot IN (SELECT ? << 40 | value FROM json_each(?))",
            (number, json.dumps(list(positions))),
        )


def unembedded(connection: sqlite3.Connection, model: str, limit: int) -> list[tuple[int, str]]:
    """Return (`n`, text) of memories without a vector of this model, oldest first."""
    row = connection.execute("SELECT id, complete_to FROM models WHERE name = ?", (model,)).fetchone()
    number, complete = row or (0, 0)
    return connection.execute(
        "SELECT n, text FROM memories m WHERE n > ? AND NOT EXISTS"
        " (SELECT 1 FROM vectors WHERE slot = (? << 40 | m.n)) ORDER BY n LIMIT ?",
        (complete, number, limit),
    ).fetchall()


def after(
    connection: sqlite3.Connection, model: str, start: int, until: int, batch: int
) -> tuple[Ints, Floats]:
    """Return the next `n` and vectors, `start` left out, `until` included."""
    rows = connection.execute(
        "SELECT slot, v FROM vectors, models WHERE name = ?"
        " AND slot > (id << 40 | ?) AND slot <= (id << 40 | ?) ORDER BY slot LIMIT ?",
        (model, start, min(until, _MASK), batch),
    ).fetchall()
    return _unpacked(rows)


def at(connection: sqlite3.Connection, model: str, positions: Sequence[int]) -> dict[int, Floats]:
    """Return the vectors of these memories, by `n`."""
    rows = connection.execute(
        "SELECT slot, v FROM models, vectors WHERE name = ?"
        " AND slot IN (SELECT models.id << 40 | value FROM json_each(?))",
        (model, json.dumps([*map(int, positions)])),
    ).fetchall()
    ns, found = _unpacked(rows)
    return dict(zip(ns.tolist(), found, strict=True))


def _unpacked(rows: list[tuple[int, bytes]]) -> tuple[Ints, Floats]:
    if not rows:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    ns = np.fromiter((slot & _MASK for slot, _ in rows), np.int64, len(rows))
    blobs = np.frombuffer(b"".join([blob for _, blob in rows]), _STORED)
    return ns, blobs.astype(np.float32).reshape(len(rows), -1)
