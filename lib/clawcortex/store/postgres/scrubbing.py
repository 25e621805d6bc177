"""Nothing is left of what was deleted in the tables' files."""

from __future__ import annotations

from clawcortex.store.sql.connection import Connection

_LARGE = ("memories", "words", "vectors")
TABLES = (
    *_LARGE,
    *("scopes", "sessions", "speakers", "recalls", "vocabulary", "models", "changes"),
    *("records", "events", "jobs", "audit"),
)


def wasted(connection: Connection) -> float:
    """Return the share of the large tables' pages that hold no row."""
    held = pages = 0
    for table in _LARGE:
        row = connection.execute(
            "SELECT count(DISTINCT (CAST(CAST(ctid AS TEXT) AS POINT))[0]),"  # noqa: S608 - names are constants
            f" pg_relation_size('{table}') / current_setting('block_size')::bigint FROM {table}"
        ).fetchone()
        held, pages = held + row[0], pages + row[1]
    return 1 - held / max(pages, 1) if pages else 0.0


def rewrite(connection: Connection) -> None:
    """Write each table anew without its dead rows; others wait meanwhile."""
    for table in TABLES:
        connection.execute(f"VACUUM (FULL, ANALYZE) {table}")
