"""The models whose vectors are stored: their numbers, and how far each has come.

`has` is the database's own test for "memory m has a vector of the model whose number is the value".
"""

from __future__ import annotations

from collections.abc import Callable

from clawcortex.errors import ConflictError
from clawcortex.store.sql.connection import Connection

DROPPED = 10_000
"""Most vectors removed in one transaction."""


def number(connection: Connection, model: str, dimensions: int) -> int:
    """Return the model's number, given now if it has none; refuse other dimensions than it has."""
    row = connection.execute("SELECT id, dimensions FROM models WHERE name = ?", (model,)).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO models (name, dimensions) VALUES (?, ?) RETURNING id, dimensions",
            (model, dimensions),
        ).fetchone()
    if row[1] != dimensions:
        raise ConflictError(
            f"vectors of {model!r} have {row[1]} dimensions here, not {dimensions}",
            hint="Two models bear one name: `clawcortex context-retention reembed` makes all vectors again.",
        )
    return int(row[0])


def dimensions(connection: Connection) -> dict[str, int]:
    """Return the dimensions of each model by its name."""
    return dict(connection.execute("SELECT name, dimensions FROM models ORDER BY id").fetchall())


def drop(connection: Connection, model: str, remove_first: Callable[[int, int], int]) -> int:
    """Remove the first vectors of a model, and its name with the last; return how many vectors were removed.

    In pieces, so that a turn that is captured meanwhile need not wait for a million rows.
    """
    row = connection.execute(
        "UPDATE models SET complete_to = 0 WHERE name = ? RETURNING id", (model,)
    ).fetchone()
    if row is None:
        return 0
    gone = remove_first(row[0], DROPPED)
    if gone < DROPPED:
        connection.execute("DELETE FROM models WHERE id = ?", row)
    return gone


def advance(connection: Connection, model: int, has: str) -> None:
    """Move the mark below which nothing lacks a vector, so that `unembedded` need not look there."""
    connection.execute(
        "UPDATE models SET complete_to = coalesce("  # noqa: S608 - constants
        f"(SELECT m.n - 1 FROM memories m WHERE m.n > complete_to AND NOT EXISTS ({has})"
        " ORDER BY m.n LIMIT 1), (SELECT max(n) FROM memories), complete_to) WHERE id = ?",
        (model, model),
    )


def unembedded(connection: Connection, model: str, limit: int, has: str) -> list[tuple[int, str]]:
    """Return (`n`, text) of memories without a vector of this model, oldest first."""
    row = connection.execute("SELECT id, complete_to FROM models WHERE name = ?", (model,)).fetchone()
    known, complete = row or (0, 0)
    return connection.execute(
        f"SELECT n, text FROM memories m WHERE n > ? AND NOT EXISTS ({has}) ORDER BY n LIMIT ?",  # noqa: S608 - constants
        (complete, known, limit),
    ).fetchall()
