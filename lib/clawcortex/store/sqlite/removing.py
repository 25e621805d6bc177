"""Memories that end, and the links between them."""

from __future__ import annotations

import json
import sqlite3

from clawcortex.errors import LockedError, NotFoundError
from clawcortex.store.records import REPLAYED, Selection
from clawcortex.store.sqlite import changes, embeddings, fulltext, numbering
from clawcortex.store.sqlite.reading import condition


def delete(connection: sqlite3.Connection, selection: Selection) -> list[int]:
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
    fulltext.remove(connection, [(n, stems) for n, _, stems in chosen])
    embeddings.remove(connection, positions)
    connection.execute(
        "INSERT OR IGNORE INTO forgotten SELECT key FROM memories WHERE key GLOB ? || '*'"
        " AND n IN (SELECT value FROM json_each(?))",
        (REPLAYED, json.dumps(positions)),
    )
    connection.execute(
        "DELETE FROM memories WHERE n IN (SELECT value FROM json_each(?))", (json.dumps(positions),)
    )
    _unlink(connection, json.dumps([identity for _, identity, _ in chosen]))
    changes.log(connection, "deleted", positions)
    return positions


def _unlink(connection: sqlite3.Connection, gone: str) -> None:
    """End links to what is gone: what it had replaced counts again."""
    freed: list[int] = []
    for column in ("superseded_by", "duplicate_of"):
        freed += [
            n
            for (n,) in connection.execute(
                f"UPDATE memories SET {column} = '' WHERE {column} <> ''"  # noqa: S608 - names are constants
                f" AND {column} IN (SELECT value FROM json_each(?)) RETURNING n",
                (gone,),
            ).fetchall()
        ]
    changes.log(connection, "marked", freed)


def link(connection: sqlite3.Connection, n: int, superseded_by: str, duplicate_of: str) -> None:
    """Mark a memory; a link that is not given stays as it is."""
    for target in filter(None, (superseded_by, duplicate_of)):
        if connection.execute("SELECT 1 FROM memories WHERE id = ?", (target,)).fetchone() is None:
            raise NotFoundError(f"there is no memory {target!r} to link to")
    cursor = connection.execute(
        "UPDATE memories SET superseded_by = coalesce(nullif(?, ''), superseded_by),"
        " duplicate_of = coalesce(nullif(?, ''), duplicate_of) WHERE n = ?",
        (superseded_by, duplicate_of, n),
    )
    if cursor.rowcount == 0:
        raise NotFoundError(f"there is no memory at {n}")
    changes.log(connection, "marked", [n])


def compact_words(connection: sqlite3.Connection) -> None:
    """Merge the full-text segments: only then are deleted stems gone from them."""
    numbering.forget_unused(connection)
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")


def rewrite(connection: sqlite3.Connection) -> None:
    """Write the file anew without its free pages, and empty the log of pages."""
    connection.execute("VACUUM")
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise LockedError(
            "deleted text may still stand in the write-ahead log: another process is reading the database",
            hint="Stop the other clawcortex process and scrub again.",
        )
