"""The schema, step by step: `NNNN_name.sql`, each run once, all in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from clawcortex.errors import SchemaTooNewError, StorageError
from clawcortex.store.sql.steps import steps


def _steps() -> dict[int, Path]:
    return steps(Path(__file__).parent)


NEWEST = max(_steps())
"""The schema version this code reads and writes."""


def version(connection: sqlite3.Connection) -> int:
    """Return the database's schema version; 0 is an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def statements(script: str) -> Iterator[str]:
    """Yield a script's statements one by one: `executescript` would end the transaction."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise StorageError(f"a migration ends inside a statement: {pending.strip()[:60]!r}")


def migrate(connection: sqlite3.Connection, path: Path, *, newest: int = NEWEST) -> int:
    """Bring the database to this schema under SQLite's exclusive lock; return how many steps ran."""
    if (found := version(connection)) > newest:
        raise SchemaTooNewError(f"{path} has schema {found}; this clawcortex knows up to {newest}")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        done = version(connection)  # again: another process may have migrated while this one waited
        missing = [(number, file) for number, file in _steps().items() if done < number <= newest]
        for _, file in missing:
            for statement in statements(file.read_text(encoding="utf-8")):
                connection.execute(statement)
        if missing:
            connection.execute(f"PRAGMA user_version = {missing[-1][0]}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(missing)
