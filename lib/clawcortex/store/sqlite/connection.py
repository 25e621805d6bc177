"""How a connection to the database is opened, the first time and every time."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.files import locked
from clawcortex.store.sql import times
from clawcortex.store.sqlite import migrations

BUSY_SECONDS = 10.0
"""How long a write waits for another process's write."""

_ALWAYS = """
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
PRAGMA trusted_schema = OFF;
PRAGMA journal_size_limit = 67108864;
PRAGMA wal_autocheckpoint = 0;
"""  # the writer writes the log into the file itself: backups follow the log
# fsync on macOS returns before the disk has written; only this waits.
_MACOS = "PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;"


@lru_cache(maxsize=512)
def _in_sqlite(sql: str) -> str:
    return sql.replace("= ANY(?)", "IN (SELECT value FROM json_each(?))")


class SqliteConnection(sqlite3.Connection):
    """A connection that understands the shared SQL."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run one statement; a list among the values stands for `= ANY(?)`."""
        if "= ANY(?)" in sql:
            sql = _in_sqlite(sql)
            parameters = [json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for v in parameters]
        return super().execute(sql, parameters)

    def take(self, table: str, count: int) -> int:  # noqa: ARG002 - storing the rows is what reserves here
        """Return the last number; the rows that are stored next take those after it."""
        return self.last(table)

    def last(self, table: str, key: str = "") -> int:  # noqa: ARG002 - SQLite numbers whole tables
        """Return the largest number of the table that was ever given; the row that has it may be gone."""
        row = self.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(row[0]) if row else 0

    def follow(self, table: str, key: str, last: int) -> None:  # noqa: ARG002 - SQLite numbers whole tables
        """Let the table's next number be greater than this one."""
        if last > self.last(table):
            self.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
            self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last))

    def now(self) -> int:
        """Return the present: all processes of a file share this machine's clock."""
        return times.now()


def connect(path: Path, *, writes: bool) -> SqliteConnection:
    """Open a connection that any thread may use, one at a time."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        factory=SqliteConnection,
    )
    try:
        connection.executescript(_ALWAYS + (_MACOS if sys.platform == "darwin" else ""))
        connection.execute(f"PRAGMA cache_size = {-16_000 if writes else -6_000}")
        if not writes:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(path: Path) -> SqliteConnection:
    """Make the file if it is missing, private to its owner, in WAL mode, at the newest schema; return its writer.

    The connection stays open: closing the only one would write a killed server's log into the file, and who
    followed that log could not go on.
    """
    if not path.parent.exists():
        paths.private_folder(path.parent)
    _make_private(path)
    connection = connect(path, writes=True)
    try:
        if not _is_ready(connection):
            with locked(path, seconds=BUSY_SECONDS):  # the switch to WAL does not wait by itself
                connection.execute("PRAGMA journal_mode = WAL")
                migrations.migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """Make the file, or see that it is its owner's only; one that is there is never opened here.

    Closing it would drop every lock this process has on it (POSIX), those of an open store, too: another process would
    take itself for the last one and remove the log that this one still writes.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not os.access(path, os.W_OK):
            os.close(os.open(path, os.O_RDWR))  # says why
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


def _is_ready(connection: sqlite3.Connection) -> bool:
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return mode == "wal" and migrations.version(connection) == migrations.NEWEST
