"""Nothing is left of what was deleted: neither in the file nor in its write-ahead log."""

from __future__ import annotations

from clawcortex.errors import LockedError
from clawcortex.store.sql import numbering
from clawcortex.store.sql.connection import Connection


def wasted(connection: Connection) -> float:
    """Return the share of the file's pages that hold nothing."""
    free, pages = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("freelist_count", "page_count")
    )
    return free / max(pages, 1)


def compact_words(connection: Connection) -> None:
    """Merge the full-text segments: only then are deleted stems gone from them."""
    numbering.forget_unused(connection)
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")


def rewrite(connection: Connection) -> None:
    """Write the file anew without its free pages; the old ones go when the log is emptied."""
    connection.execute("VACUUM")


def still_read() -> LockedError:
    """Return the error for a log that cannot be emptied."""
    return LockedError(
        "deleted text may still stand in the write-ahead log: another process is reading the database",
        hint="Stop the other clawcortex process and scrub again.",
    )
