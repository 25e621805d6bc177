"""Rows as they stand, table by table and page by page: what one store gives, another takes over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clawcortex.store.sql.connection import Connection, Row, Vectors, Words

VECTORS, MEMORIES = "vectors", "memories"


@dataclass(frozen=True, slots=True)
class Table:
    """What of a table is copied, and the columns that order it."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    first: tuple[int | str, ...]
    """Before the first row."""
    numbered: bool = False
    """Whether others read on from its numbers, so that none may be given twice."""


def _numbered(columns: str) -> Table:
    names = tuple(columns.split())
    return Table(names, names[:1], (0,), numbered=True)


def _named(columns: str, keys: int = 1) -> Table:
    names = tuple(columns.split())
    return Table(names, names[:keys], ("",) * keys)


TABLES = {
    "scopes": _numbered("id agent channel account chat sender chat_type"),
    "sessions": _numbered("id name agent channel account chat"),
    "speakers": _numbered("id name"),
    "models": _numbered("id name dimensions complete_to"),
    MEMORIES: _numbered(
        "n schema id turn part key scope session speaker provenance source_ref created_at recorded_at importance"
        " pinned superseded_by duplicate_of valid_to checksum terms stems text"
    ),
    "recalls": Table(("n", "times", "last_at"), ("n",), (0,)),
    "forgotten": _named("key"),
    VECTORS: Table(("model", "n", "v"), ("model", "n"), (0, 0)),
    "changes": _numbered("generation kind first last model at"),
    "records": _named("collection key schema value updated_at", 2),
    "events": _numbered("seq schema kind at payload"),
    "consumers": _named("name seq"),
    "jobs": _named("id schema kind key payload state due attempts error created_at ended_at"),
    "audit": _numbered("seq schema at actor operation subject details digest"),
}
"""In an order in which each row finds the rows that it names."""


def dump(connection: Connection, name: str, after: Sequence[Any], limit: int, vectors: Vectors) -> list[Row]:
    """Return the next rows of a table in the order of its key."""
    if name == VECTORS:
        return list(vectors.dump(connection, after, limit))
    table = TABLES[name]
    keys = ", ".join(table.key)
    marks = ", ".join("?" * len(table.key))
    return connection.execute(
        f"SELECT {', '.join(table.columns)} FROM {name} WHERE ({keys}) > ({marks}) ORDER BY {keys} LIMIT ?",  # noqa: S608 - constants
        (*after, limit),
    ).fetchall()


def load(connection: Connection, name: str, rows: Sequence[Row], vectors: Vectors, words: Words) -> None:
    """Store rows as `dump` gave them, with what is made from them."""
    if name == VECTORS:
        vectors.load(connection, rows)
        return
    columns = TABLES[name].columns
    connection.executemany(
        f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608 - constants
        rows,
    )
    if name == MEMORIES:
        n, stems = columns.index("n"), columns.index("stems")
        words.insert(connection, [(row[n], row[stems]) for row in rows])
