"""What can be wrong with a database, and whether it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from clawcortex.store.sqlite.adding import checksum

_COUNTS = [
    (
        "SELECT count(*) FROM vectors WHERE (slot & 0xFFFFFFFFFF) NOT IN (SELECT n FROM memories)",
        "vectors without a memory",
    ),
    (
        """SELECT count(*) FROM memories a WHERE superseded_by <> ''
        AND NOT EXISTS (SELECT 1 FROM memories b WHERE b.id = a.superseded_by)""",
        "memories superseded by one that does not exist",
    ),
    (
        """SELECT count(*) FROM memories a WHERE duplicate_of <> ''
        AND NOT EXISTS (SELECT 1 FROM memories b WHERE b.id = a.duplicate_of)""",
        "memories linked as duplicates of one that does not exist",
    ),
]


def faults(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield a sentence for each kind of fault found."""
    for (line,) in connection.execute("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield f"SQLite's integrity check: {line}"
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} names a row of {parent} that does not exist"
    for sql, meaning in _COUNTS:
        if count := connection.execute(sql).fetchone()[0]:
            yield f"{count} {meaning}"
    damaged = [
        n
        for n, text, kept in connection.execute("SELECT n, text, checksum FROM memories")
        if checksum(text) != kept
    ]
    if damaged:
        yield f"{len(damaged)} texts differ from their checksum, the first at n = {damaged[0]}"


def words_fault(connection: sqlite3.Connection) -> str:
    """Return what is wrong with the full-text table; it is compared with the rows it was made from."""
    try:
        connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        return f"the full-text table does not fit the rows: {error}"
    return ""
