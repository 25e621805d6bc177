"""Documents changed together, provided that each still is as it was seen, and the events that tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from clawcortex.errors import InputError
from clawcortex.store.records import Write
from clawcortex.store.sql import documents, events, times
from clawcortex.store.sql.connection import Connection


class ChangedError(Exception):
    """A document is not as it was seen: the transaction that found it so is undone."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A `Write` made ready: what is stored is compared with `before` by value."""

    collection: str
    key: str
    before: dict[str, object] | None
    after: str | None


def prepared(writes: Sequence[Write]) -> list[Ready]:
    """Return the writes as JSON has them, in the order in which every transaction locks their rows."""
    ready = [
        Ready(
            write.collection,
            write.key,
            None if write.before is None else documents.decode(documents.encode(write.before)),
            None if write.after is None else documents.encode(write.after),
        )
        for write in sorted(writes, key=lambda write: (write.collection, write.key))
    ]
    for one, other in pairwise(ready):
        if (one.collection, one.key) == (other.collection, other.key):
            raise InputError(
                f"{one.collection}/{one.key} is written twice in one transaction",
                hint="Give one write a document.",
            )
    return ready


def amend(
    connection: Connection, ready: Sequence[Ready], new: Sequence[tuple[str, str]], *, holding: str = ""
) -> None:
    """Change the documents and add (kind, payload); ChangedError at the first that is not as it was seen.

    `holding` is the database's word that keeps what was read from changing until the transaction ends.
    """
    for one in ready:
        if one.before is None:
            _begin(connection, one)
        else:
            _replace(connection, one, one.before, holding)
    for kind, payload in new:  # last: in PostgreSQL, all who add events wait for one row
        events.append(connection, kind, payload)


def _begin(connection: Connection, one: Ready) -> None:
    # Inserted even where nothing shall stand: only a row keeps others from putting theirs there meanwhile.
    cursor = connection.execute(
        "INSERT INTO records (collection, key, value, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (collection, key) DO NOTHING",
        (one.collection, one.key, one.after or "{}", times.now()),
    )
    if cursor.rowcount == 0:
        raise ChangedError
    if one.after is None:
        documents.take(connection, one.collection, one.key)


def _replace(connection: Connection, one: Ready, before: dict[str, object], holding: str) -> None:
    row = connection.execute(
        f"SELECT value FROM records WHERE collection = ? AND key = ?{holding}",  # noqa: S608 - a constant
        (one.collection, one.key),
    ).fetchone()
    if row is None or documents.decode(row[0]) != before:
        raise ChangedError
    if one.after is None:
        documents.take(connection, one.collection, one.key)
    elif one.after != row[0]:
        documents.put(connection, one.collection, one.key, one.after)
