"""The durable event log, and how far each consumer is; the audit trail beside it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from clawcortex.store.records import Audit, Event
from clawcortex.store.sqlite import times
from clawcortex.store.sqlite.documents import decode


def append(connection: sqlite3.Connection, kind: str, payload: str) -> int:
    """Add an event and return its number."""
    cursor = connection.execute(
        "INSERT INTO events (kind, at, payload) VALUES (?, ?, ?)", (kind, times.now(), payload)
    )
    return int(cursor.lastrowid or 0)


def pending(connection: sqlite3.Connection, consumer: str, kinds: Sequence[str], limit: int) -> list[Event]:
    """Return what the consumer has not acknowledged, in order."""
    rows = connection.execute(
        "SELECT seq, kind, at, payload FROM events"
        " WHERE seq > coalesce((SELECT seq FROM consumers WHERE name = ?), 0)"
        " AND (? OR kind IN (SELECT value FROM json_each(?))) ORDER BY seq LIMIT ?",
        (consumer, not kinds, json.dumps(list(kinds)), limit),
    )
    return [Event(seq, kind, times.moment(at), decode(payload)) for seq, kind, at, payload in rows]


def acknowledge(connection: sqlite3.Connection, consumer: str, seq: int) -> None:
    """Move the consumer forward, never back."""
    connection.execute(
        "INSERT INTO consumers (name, seq) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET seq = max(seq, excluded.seq)",
        (consumer, seq),
    )


def record_audit(
    connection: sqlite3.Connection, actor: str, operation: str, subject: str, details: str
) -> None:
    """Add one line of who changed what."""
    connection.execute(
        "INSERT INTO audit (at, actor, operation, subject, details) VALUES (?, ?, ?, ?, ?)",
        (times.now(), actor, operation, subject, details),
    )


def audited(connection: sqlite3.Connection, limit: int) -> list[Audit]:
    """Return the newest audit rows, oldest of them first."""
    rows = connection.execute(
        "SELECT at, actor, operation, subject, details FROM audit ORDER BY seq DESC LIMIT ?", (limit,)
    ).fetchall()
    return [
        Audit(times.moment(at), actor, operation, subject, decode(details))
        for at, actor, operation, subject, details in reversed(rows)
    ]
