"""What can be wrong with what is made from the rows; the pages themselves are PostgreSQL's to check."""

from __future__ import annotations

from collections.abc import Iterator

from clawcortex.store.sql import checking
from clawcortex.store.sql.connection import Connection

_COUNTS = {
    "vectors without a memory": "SELECT count(*) FROM vectors v WHERE NOT EXISTS"
    " (SELECT 1 FROM memories m WHERE m.n = v.n)",
    "memories whose full-text entry does not fit them": "SELECT count(*) FROM memories m LEFT JOIN words w"
    " ON w.n = m.n WHERE w.stems IS DISTINCT FROM array_to_tsvector(string_to_array(m.stems, ' '))",
    "stems that are counted wrongly": "SELECT count(*) FROM vocabulary v FULL JOIN (SELECT lexeme, count(*) AS found"
    " FROM words, unnest(stems) GROUP BY lexeme) w ON v.stem = w.lexeme WHERE v.memories IS DISTINCT FROM w.found",
}


def faults(connection: Connection) -> Iterator[str]:
    """Yield a sentence for each kind of fault found."""
    for meaning, sql in _COUNTS.items():
        if count := connection.execute(sql).fetchone()[0]:
            yield f"{count} {meaning}"
    yield from checking.faults(connection)
