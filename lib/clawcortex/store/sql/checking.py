"""What can be wrong with the rows themselves, whichever database keeps them."""

from __future__ import annotations

from collections.abc import Iterator

from clawcortex.store.sql import auditing
from clawcortex.store.sql.connection import Connection
from clawcortex.store.sql.validation import checksum

_BATCH = 5_000
_LINKS = {"superseded_by": "superseded by", "duplicate_of": "linked as duplicates of"}


def faults(connection: Connection) -> Iterator[str]:
    """Yield a sentence for each kind of fault found."""
    for column, meaning in _LINKS.items():
        count = connection.execute(
            f"SELECT count(*) FROM memories a WHERE {column} <> ''"  # noqa: S608 - names are constants
            f" AND NOT EXISTS (SELECT 1 FROM memories b WHERE b.id = a.{column})"
        ).fetchone()[0]
        if count:
            yield f"{count} memories {meaning} one that does not exist"
    damaged = list(_damaged(connection))
    if damaged:
        yield f"{len(damaged)} texts differ from their checksum, the first at n = {damaged[0]}"
    yield from auditing.chain_faults(connection)


def _damaged(connection: Connection) -> Iterator[int]:
    after = 0
    while rows := connection.execute(
        "SELECT n, text, checksum FROM memories WHERE n > ? ORDER BY n LIMIT ?", (after, _BATCH)
    ).fetchall():
        yield from (n for n, text, kept in rows if checksum(text) != kept)
        after = rows[-1][0]
