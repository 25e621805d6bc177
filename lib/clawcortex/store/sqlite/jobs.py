"""Jobs: leased for a time, due again when the lease runs out, one a key until it failed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from ulid import ULID

from clawcortex.errors import InputError, NotFoundError
from clawcortex.store.records import Job
from clawcortex.store.sqlite import times
from clawcortex.store.sqlite.documents import decode

# Queued or leased alike: `due` is when a queued job may start and when a lease has run out.
_DUE = """SELECT id FROM jobs WHERE state IN ('queued', 'leased') AND due <= :now
AND (:any OR kind IN (SELECT value FROM json_each(:kinds))) ORDER BY due, id LIMIT 1"""


def enqueue(
    connection: sqlite3.Connection, kind: str, payload: str, key: str, run_at: datetime | None
) -> bool:
    """Queue a job; a key that failed may be queued again, any other known key is left alone."""
    if not key:
        raise InputError("a job needs a key", hint="Name what the job does once, as `summary:2026-11-20T14`.")
    now = times.now()
    cursor = connection.execute(
        "INSERT INTO jobs (id, kind, key, payload, due, created_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET id = excluded.id, kind = excluded.kind, payload = excluded.payload,"
        " state = 'queued', due = excluded.due, attempts = 0, error = '', created_at = excluded.created_at,"
        " ended_at = NULL WHERE state = 'failed'",
        (str(ULID()), kind, key, payload, now if run_at is None else times.stamp(run_at), now),
    )
    return cursor.rowcount == 1


def is_due(connection: sqlite3.Connection, kinds: Sequence[str]) -> bool:
    """Return whether there is something to lease, without writing."""
    return connection.execute(_DUE, _asked(kinds)).fetchone() is not None


def lease(connection: sqlite3.Connection, kinds: Sequence[str], seconds: float) -> Job | None:
    """Take the next due job for this long."""
    until = times.now() + round(seconds * 1_000_000)
    row = connection.execute(
        f"UPDATE jobs SET state = 'leased', due = :until, attempts = attempts + 1 WHERE id = ({_DUE})"  # noqa: S608 - constant
        " RETURNING id, kind, payload, attempts",
        {**_asked(kinds), "until": until},
    ).fetchone()
    return Job(row[0], row[1], decode(row[2]), row[3]) if row else None


def finish(connection: sqlite3.Connection, job: str, error: str) -> None:
    """End a job, well or with the error that ended it."""
    cursor = connection.execute(
        "UPDATE jobs SET state = ?, error = ?, ended_at = ? WHERE id = ?",
        ("failed" if error else "done", error, times.now(), job),
    )
    if cursor.rowcount == 0:
        raise NotFoundError(
            f"there is no job {job!r}", hint="It may have failed and been queued again under a new id."
        )


def _asked(kinds: Sequence[str]) -> dict[str, int | str]:
    return {"now": times.now(), "any": int(not kinds), "kinds": json.dumps(list(kinds))}
