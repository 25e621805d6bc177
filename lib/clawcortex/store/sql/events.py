"""The durable event log, and how far each consumer is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from clawcortex.store.records import Event
from clawcortex.store.sql import times
from clawcortex.store.sql.connection import Connection
from clawcortex.store.sql.documents import decode


def append(connection: Connection, kind: str, payload: str) -> int:
    """Add an event and return its number."""
    seq = connection.take("events", 1) + 1
    connection.execute(
        "INSERT INTO events (seq, kind, at, payload) VALUES (?, ?, ?, ?)", (seq, kind, times.now(), payload)
    )
    return seq


def pending(connection: Connection, consumer: str, kinds: Sequence[str], limit: int) -> list[Event]:
    """Return what the consumer has not acknowledged, in order."""
    rows = connection.execute(
        "SELECT seq, kind, at, payload FROM events"
        " WHERE seq > coalesce((SELECT seq FROM consumers WHERE name = ?), 0)"
        " AND (? OR kind = ANY(?)) ORDER BY seq LIMIT ?",
        (consumer, not kinds, list(kinds), limit),
    )
    return _events(rows)


def between(connection: Connection, since: int, until: int, kinds: Sequence[str]) -> list[Event]:
    """Return the events of a span of time, in order."""
    rows = connection.execute(
        "SELECT seq, kind, at, payload FROM events WHERE at >= ? AND at < ?"
        " AND (? OR kind = ANY(?)) ORDER BY seq",
        (since, until, not kinds, list(kinds)),
    )
    return _events(rows)


def _events(rows: Iterable[tuple[Any, ...]]) -> list[Event]:
    return [Event(seq, kind, times.moment(at), decode(payload)) for seq, kind, at, payload in rows]


def acknowledge(connection: Connection, consumer: str, seq: int) -> None:
    """Move the consumer forward, never back."""
    connection.execute(
        "INSERT INTO consumers (name, seq) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > consumers.seq",
        (consumer, seq),
    )
