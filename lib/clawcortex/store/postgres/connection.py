"""A connection to PostgreSQL that understands the shared SQL, and how one is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Format, TransactionStatus

from clawcortex.errors import SettingsError
from clawcortex.store.sql.connection import Cursor

LOCK_MS = 10_000
"""How long a write waits for another process's write."""
_DEFAULTS = {
    "application_name": "clawcortex",
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""A server that vanished is noticed within half a minute; the URL may say otherwise."""

# What is acknowledged must be on disk, whatever the server's default; the rest keeps plans as they are measured.
_SETTINGS = f"""SELECT set_config('lock_timeout', '{LOCK_MS}', false), set_config('jit', 'off', false),
set_config('plan_cache_mode', 'force_custom_plan', false),
set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END,
    false)"""


class Half(bytes):
    """A halfvec as PostgreSQL's binary protocol carries it."""


class _HalfDumper(Dumper):
    """Send the bytes as they are; the cast around the placeholder says what they are."""

    format = Format.BINARY

    def dump(self, obj: Any) -> Buffer:
        return bytes(obj)


@lru_cache(maxsize=512)
def _in_postgres(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()


class PostgresConnection:
    """One connection. Used by one thread at a time; every statement stands alone unless a transaction began."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw
        raw.adapters.register_dumper(Half, _HalfDumper)
        raw.execute(_SETTINGS)

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement."""
        return self.raw.execute(_in_postgres(sql), parameters, binary=True)

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]], /) -> None:
        """Run one statement for each row of values, without waiting for each."""
        with self.raw.cursor() as cursor:
            cursor.executemany(_in_postgres(sql), parameters)

    def take(self, table: str, count: int) -> int:
        """Reserve so many numbers; the row stays locked until this transaction ends."""
        row = self.execute(
            "UPDATE counters SET value = value + ? WHERE name = ? RETURNING value", (count, table)
        ).fetchone()
        return int(row[0]) - count

    def last(self, table: str, key: str) -> int:
        """Return the largest number of the table that was ever given, or that is there."""
        counted = self.execute("SELECT value FROM counters WHERE name = ?", (table,)).fetchone()
        found = counted or self.execute(f"SELECT coalesce(max({key}), 0) FROM {table}").fetchone()  # noqa: S608 - names are constants
        return int(found[0])

    def follow(self, table: str, key: str, last: int) -> None:
        """Let the table's next number be greater than this one."""
        if key in {"id", "seq"} and table not in {"events", "audit"}:
            self.execute("SELECT setval(pg_get_serial_sequence(?, ?), ?)", (table, key, max(last, 1)))
        else:
            self.execute("UPDATE counters SET value = greatest(value, ?) WHERE name = ?", (last, table))

    def now(self) -> int:
        """Return the server's present: the hosts' own clocks may differ."""
        return int(
            self.execute("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)").fetchone()[
                0
            ]
        )

    @property
    def lost(self) -> bool:
        """Return whether the server is gone from the other end."""
        return self.raw.closed or self.raw.pgconn.transaction_status == TransactionStatus.UNKNOWN

    def close(self) -> None:
        """Leave."""
        self.raw.close()


def connect(conninfo: str) -> PostgresConnection:
    """Open a connection that any thread may use, one at a time."""
    raw = psycopg.connect(conninfo, autocommit=True)
    try:
        return PostgresConnection(raw)
    except BaseException:
        raw.close()
        raise


def parsed(url: str) -> tuple[str, str]:
    """Return what libpq connects with, and the name for people: never the user, never the password."""
    user, at, host = url.partition("://")[2].partition("@")
    if (
        at and "/" in user
    ) or "@" in host:  # libpq would take the rest of the password for the host or database
        raise _invalid()
    try:
        given = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        # libpq repeats what it could not read, which may be a part of the password.
        raise _invalid() from None
    host = given.get("host") or given.get("hostaddr") or "local"
    port = f":{given['port']}" if "port" in given else ""
    name = f"postgresql://{host}{port}/{given.get('dbname') or given.get('user', '')}"
    return make_conninfo(**{**_DEFAULTS, **given, "client_encoding": "utf8"}), name


def _invalid() -> SettingsError:
    return SettingsError(
        "store_url is no valid PostgreSQL URL",
        hint="Write postgresql://user:password@host:5432/database; quote / : @ % in a password as %2F and so on.",
    )


def lock_number(name: str) -> int:
    """Return the number that PostgreSQL's advisory locks know a name by."""
    digest = hashlib.blake2b(f"clawcortex:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
