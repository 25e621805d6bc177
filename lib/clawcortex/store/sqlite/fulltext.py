"""Full text over stems that come normalised; SQLite finds, numpy ranks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from clawcortex.store.base import Ints
from clawcortex.store.sql.connection import Connection
from clawcortex.store.sql.validation import is_stem, spread


def insert(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Index (`n`, stems joined by spaces) and count each stem once a memory."""
    connection.executemany("INSERT INTO words (rowid, stems) VALUES (?, ?)", rows)
    connection.executemany(
        "INSERT INTO vocabulary (stem, memories) VALUES (?, ?)"
        " ON CONFLICT (stem) DO UPDATE SET memories = memories + excluded.memories",
        sorted(spread(stems for _, stems in rows).items()),
    )


def remove(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Take (`n`, stems) out again; the stems must be those that were put in."""
    connection.executemany("INSERT INTO words (words, rowid, stems) VALUES ('delete', ?, ?)", rows)
    counts = spread(stems for _, stems in rows)
    connection.executemany(
        "UPDATE vocabulary SET memories = memories - ? WHERE stem = ?",
        [(count, stem) for stem, count in counts.items()],
    )
    connection.execute(
        "DELETE FROM vocabulary WHERE memories <= 0 AND stem = ANY(?)",
        (list(counts),),
    )


def matching(connection: Connection, terms: Sequence[str], limit: int) -> Ints:
    """Return the `n` of rows with any of the stems, newest first."""
    wanted = [term for term in dict.fromkeys(terms) if is_stem(term)]
    if not wanted or limit < 1:
        return np.empty(0, np.int64)
    query = " OR ".join('"' + term.replace('"', '""') + '"' for term in wanted)
    cursor = connection.execute(
        "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?", (query, limit)
    )
    return np.fromiter(chain.from_iterable(cursor), np.int64)


def frequencies(connection: Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return in how many memories each stem stands, 0 included."""
    found = dict.fromkeys(terms, 0)
    rows = connection.execute("SELECT stem, memories FROM vocabulary WHERE stem = ANY(?)", (list(found),))
    found.update(rows.fetchall())
    return found
