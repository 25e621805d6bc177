"""Memories that end, and the links between them."""

from __future__ import annotations

from datetime import datetime

from clawcortex.errors import NotFoundError
from clawcortex.store.records import REPLAYED, Selection
from clawcortex.store.sql import changes, times
from clawcortex.store.sql.connection import Connection, Vectors, Words
from clawcortex.store.sql.reading import condition


def delete(connection: Connection, selection: Selection, words: Words, vectors: Vectors) -> list[int]:
    """Remove what matches with everything made from it; return its `n`."""
    if selection.empty:
        return []
    where, values = condition(selection)
    chosen = connection.execute(
        f"SELECT m.n, m.id, m.stems FROM memories m WHERE {where} ORDER BY m.n",  # noqa: S608 - clauses are constants
        values,
    ).fetchall()
    if not chosen:
        return []
    positions = [n for n, _, _ in chosen]
    words.remove(connection, [(n, stems) for n, _, stems in chosen])
    vectors.remove(connection, positions)
    connection.execute(
        "INSERT INTO forgotten SELECT key FROM memories WHERE substr(key, 1, ?) = ? AND n = ANY(?)"
        " ON CONFLICT DO NOTHING",
        (len(REPLAYED), REPLAYED, positions),
    )
    connection.execute("DELETE FROM recalls WHERE n = ANY(?)", (positions,))
    connection.execute("DELETE FROM memories WHERE n = ANY(?)", (positions,))
    _unlink(connection, [identity for _, identity, _ in chosen])
    changes.log(connection, "deleted", positions)
    return positions


def _unlink(connection: Connection, gone: list[str]) -> None:
    """End links to what is gone: what it had replaced counts again."""
    freed: list[int] = []
    for column, also in (("superseded_by", ", valid_to = NULL"), ("duplicate_of", "")):
        freed += [
            n
            for (n,) in connection.execute(
                f"UPDATE memories SET {column} = ''{also} WHERE {column} <> ''"  # noqa: S608 - names are constants
                f" AND {column} = ANY(?) RETURNING n",
                (gone,),
            ).fetchall()
        ]
    changes.log(connection, "marked", freed)


def link(
    connection: Connection, n: int, superseded_by: str, valid_to: datetime | None, duplicate_of: str
) -> None:
    """Mark a memory; a link that is not given stays as it is."""
    for target in filter(None, (superseded_by, duplicate_of)):
        if connection.execute("SELECT 1 FROM memories WHERE id = ?", (target,)).fetchone() is None:
            raise NotFoundError(f"there is no memory {target!r} to link to")
    cursor = connection.execute(
        "UPDATE memories SET superseded_by = coalesce(nullif(?, ''), superseded_by),"
        " valid_to = coalesce(?, valid_to),"
        " duplicate_of = coalesce(nullif(?, ''), duplicate_of) WHERE n = ?",
        (superseded_by, None if valid_to is None else times.stamp(valid_to), duplicate_of, n),
    )
    if cursor.rowcount == 0:
        raise NotFoundError(f"there is no memory at {n}")
    changes.log(connection, "marked", [n])
