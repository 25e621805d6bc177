"""The schema, step by step: each run once, all in one transaction, by one process at a time."""

from __future__ import annotations

from pathlib import Path

import psycopg

from clawcortex.errors import SchemaTooNewError, SettingsError, StorageError
from clawcortex.store.postgres.connection import PostgresConnection, lock_number
from clawcortex.store.sql.steps import steps

OLDEST_SERVER = 140_000
OLDEST_PGVECTOR = (0, 7)
"""The first with halfvec."""
_STEPS = steps(Path(__file__).parent)
_THERE = "SELECT 1 FROM pg_class WHERE relname = 'clawcortex' AND pg_table_is_visible(oid)"
NEWEST = max(_STEPS)
"""The schema version this code reads and writes."""


def version(connection: PostgresConnection) -> int:
    """Return the database's schema version; 0 is an empty database."""
    # Not to_regclass(): a session remembers that a name was free, and waiting for an advisory lock does not tell it
    # that another session took the name meanwhile. Reading pg_class does.
    if connection.execute(_THERE).fetchone() is None:
        return 0
    return int(connection.execute("SELECT schema FROM clawcortex").fetchone()[0])


def prepare(connection: PostgresConnection, name: str) -> None:
    """Bring the database to the newest schema; refuse a server or database that cannot keep it."""
    _suits(connection, name)
    found = version(connection)
    if found > NEWEST:
        raise SchemaTooNewError(f"{name} has schema {found}; this clawcortex knows up to {NEWEST}")
    if found == NEWEST:
        return
    with connection.raw.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(?)", (lock_number("migrations"),))
        done = version(connection)  # again: another process may have migrated while this one waited
        if done == 0:
            _add_pgvector(connection, name)
        _run(connection, name, done)


def _suits(connection: PostgresConnection, name: str) -> None:
    if (server := connection.raw.info.server_version) < OLDEST_SERVER:
        raise SettingsError(
            f"{name} runs PostgreSQL {server // 10_000}", hint="Use PostgreSQL 14 or newer with pgvector."
        )
    encoding = connection.raw.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise SettingsError(
            f"{name} is encoded in {encoding}",
            hint="Make another database: createdb --encoding=UTF8 --template=template0 DATABASE",
        )


def _add_pgvector(connection: PostgresConnection, name: str) -> None:
    have = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    if have is None:
        try:
            connection.execute("CREATE EXTENSION vector")
        except psycopg.errors.InsufficientPrivilege as error:
            raise StorageError(
                f"{name} has no pgvector, and the user of store_url may not add it",
                hint="As an administrator of the server: psql -d DATABASE -c 'CREATE EXTENSION vector'",
            ) from error
        have = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    if tuple(map(int, have[0].split(".")[:2])) < OLDEST_PGVECTOR:
        raise StorageError(
            f"{name} has pgvector {have[0]}, which knows no halfvec",
            hint="Install pgvector 0.7 or newer, then: psql -d DATABASE -c 'ALTER EXTENSION vector UPDATE'",
        )


def _run(connection: PostgresConnection, name: str, done: int) -> None:
    try:
        for number, file in _STEPS.items():
            if number > done:
                connection.raw.execute(file.read_bytes())
        connection.execute("UPDATE clawcortex SET schema = ?", (NEWEST,))
    except psycopg.errors.DuplicateTable as error:
        raise SettingsError(
            f"{name} holds tables of something else", hint="Give clawcortex a database of its own."
        ) from error
