"""JSON in columns, and the records that skills keep: one document a key, one collection a kind."""

from __future__ import annotations

import json
from collections.abc import Mapping

from clawcortex.errors import InputError
from clawcortex.store.sql import times
from clawcortex.store.sql.connection import Connection


def encode(value: Mapping[str, object]) -> str:
    """Return a document as JSON text."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"a document cannot be stored: {error}", hint="Use what JSON can say, finite numbers only."
        ) from error


def decode(text: str) -> dict[str, object]:
    """Return the document of a JSON text."""
    value: dict[str, object] = json.loads(text)
    return value


def put(connection: Connection, collection: str, key: str, value: str) -> None:
    """Store a document in place of what stood there."""
    connection.execute(
        "INSERT INTO records (collection, key, value, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (collection, key)"
        " DO UPDATE SET value = excluded.value, schema = excluded.schema, updated_at = excluded.updated_at",
        (collection, key, value, times.now()),
    )


def get(connection: Connection, collection: str, key: str) -> dict[str, object] | None:
    """Return a document or None."""
    row = connection.execute(
        "SELECT value FROM records WHERE collection = ? AND key = ?", (collection, key)
    ).fetchone()
    return decode(row[0]) if row else None


def take(connection: Connection, collection: str, key: str) -> dict[str, object] | None:
    """Return a document and remove it."""
    row = connection.execute(
        "DELETE FROM records WHERE collection = ? AND key = ? RETURNING value", (collection, key)
    ).fetchone()
    return decode(row[0]) if row else None


def between(
    connection: Connection, collection: str, after: str, until: str, limit: int | None
) -> dict[str, dict[str, object]]:
    """Return a collection's documents by key, of after < key < until, in the order of the keys' bytes."""
    sql, values = "SELECT key, value FROM records WHERE collection = ?", [collection]
    for sign, bound in ((">", after), ("<", until)):
        if bound:
            sql += f" AND key {sign} ?"
            values.append(bound)
    sql += " ORDER BY key" if limit is None else f" ORDER BY key LIMIT {max(int(limit), 0)}"
    return {key: decode(value) for key, value in connection.execute(sql, values)}


def count(connection: Connection, collection: str) -> int:
    """Return how many documents a collection has."""
    return int(
        connection.execute("SELECT count(*) FROM records WHERE collection = ?", (collection,)).fetchone()[0]
    )
