"""Jobs: leased for a time, due again when the lease runs out, one a key until it failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ulid import ULID

from clawcortex.errors import ConflictError, InputError
from clawcortex.store.records import Job
from clawcortex.store.sql import times
from clawcortex.store.sql.connection import Connection
from clawcortex.store.sql.documents import decode

# Queued or leased alike: `due` is when a queued job may start and when a lease has run out.
_DUE = """SELECT id FROM jobs WHERE state IN ('queued', 'leased') AND due <= ?
AND kind = ANY(?) ORDER BY due, id LIMIT 1"""
_HELD = "id = ? AND state = 'leased' AND attempts = ?"
"""Each lease has its own number of tries: who lost the job to another lease does not end it for that one."""


def enqueue(connection: Connection, kind: str, payload: str, key: str, run_at: datetime | None) -> bool:
    """Queue a job; a key that failed may be queued again, any other known key is left alone."""
    if not key:
        raise InputError("a job needs a key", hint="Name what the job does once, as `summary:2026-11-20T14`.")
    now = connection.now()
    cursor = connection.execute(
        "INSERT INTO jobs (id, kind, key, payload, due, created_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET id = excluded.id, kind = excluded.kind, payload = excluded.payload,"
        " state = 'queued', due = excluded.due, attempts = 0, error = '', created_at = excluded.created_at,"
        " ended_at = NULL WHERE jobs.state = 'failed'",
        (str(ULID()), kind, key, payload, now if run_at is None else times.stamp(run_at), now),
    )
    return cursor.rowcount == 1


def is_due(connection: Connection, kinds: Sequence[str]) -> bool:
    """Return whether there is something to lease, without writing."""
    return connection.execute(_DUE, (connection.now(), list(kinds))).fetchone() is not None


def lease(connection: Connection, kinds: Mapping[str, float], *, passing: str = "") -> Job | None:
    """Take the next due job for its kind's seconds; `passing` is the database's word for rows that another holds."""
    now = connection.now()
    row = connection.execute(
        f"UPDATE jobs SET state = 'leased', attempts = attempts + 1 WHERE id = ({_DUE}{passing})"  # noqa: S608 - constants
        " RETURNING id, kind, payload, attempts",
        (now, list(kinds)),
    ).fetchone()
    if row is None:
        return None
    job = Job(row[0], row[1], decode(row[2]), row[3])
    ends = now + round(kinds[job.kind] * 1_000_000)
    connection.execute("UPDATE jobs SET due = ? WHERE id = ?", (ends, job.id))
    return job


def finish(connection: Connection, job: Job, error: str, retry_at: datetime | None) -> None:
    """End a job, or put it back in the queue for another try at its time."""
    if retry_at is None:
        cursor = connection.execute(
            f"UPDATE jobs SET state = ?, error = ?, ended_at = ? WHERE {_HELD}",  # noqa: S608 - a constant
            ("failed" if error else "done", error, times.now(), job.id, job.attempts),
        )
    else:
        cursor = connection.execute(
            f"UPDATE jobs SET state = 'queued', error = ?, due = ? WHERE {_HELD}",  # noqa: S608 - a constant
            (error, times.stamp(retry_at), job.id, job.attempts),
        )
    _check_held(job, cursor.rowcount)


def extend(connection: Connection, job: Job, seconds: float) -> None:
    """Let a lease run out only after so many seconds from now."""
    ends = connection.now() + round(seconds * 1_000_000)
    cursor = connection.execute(f"UPDATE jobs SET due = ? WHERE {_HELD}", (ends, job.id, job.attempts))  # noqa: S608 - a constant
    _check_held(job, cursor.rowcount)


def _check_held(job: Job, found: int) -> None:
    if found == 0:
        raise ConflictError(
            f"job {job.id}, try {job.attempts}, is not held any more",
            hint="Its lease ran out and another server took it; give its kind a longer lease.",
        )
