"""What can be wrong with the file, and with what is made from the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from clawcortex.store.sql import checking
from clawcortex.store.sql.connection import Connection


def faults(connection: Connection) -> Iterator[str]:
    """Yield a sentence for each kind of fault found."""
    for (line,) in connection.execute("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield f"SQLite's integrity check: {line}"
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} names a row of {parent} that does not exist"
    lost = "SELECT count(*) FROM vectors WHERE (slot & 0xFFFFFFFFFF) NOT IN (SELECT n FROM memories)"
    if count := connection.execute(lost).fetchone()[0]:
        yield f"{count} vectors without a memory"
    yield from checking.faults(connection)


def words_fault(connection: Connection) -> str:
    """Return what is wrong with the full-text table; it is compared with the rows it was made from."""
    try:
        connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        return f"the full-text table does not fit the rows: {error}"
    return ""
