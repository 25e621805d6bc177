"""Full text over stems that come normalised: a tsvector without positions; PostgreSQL finds, numpy ranks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from clawcortex.store.base import Ints
from clawcortex.store.sql.connection import Connection
from clawcortex.store.sql.validation import is_stem, spread


def insert(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Index (`n`, stems joined by spaces) and count each stem once a memory."""
    connection.executemany(
        "INSERT INTO words (n, stems) VALUES (?, array_to_tsvector(string_to_array(?, ' ')))", rows
    )
    connection.execute(
        "INSERT INTO vocabulary (stem, memories)"
        " SELECT * FROM unnest(CAST(? AS TEXT[]), CAST(? AS BIGINT[])) WHERE true"
        " ON CONFLICT (stem) DO UPDATE SET memories = vocabulary.memories + excluded.memories",
        _counted(rows),
    )


def remove(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Take (`n`, stems) out again; the stems must be those that were put in."""
    connection.execute("DELETE FROM words WHERE n = ANY(?)", ([n for n, _ in rows],))
    stems, counts = _counted(rows)
    connection.execute(
        "UPDATE vocabulary v SET memories = v.memories - gone.memories"
        " FROM unnest(CAST(? AS TEXT[]), CAST(? AS BIGINT[])) AS gone (stem, memories) WHERE v.stem = gone.stem",
        (stems, counts),
    )
    connection.execute("DELETE FROM vocabulary WHERE memories <= 0 AND stem = ANY(?)", (stems,))


def _counted(rows: Sequence[tuple[int, str]]) -> tuple[list[str], list[int]]:
    counts = spread(stems for _, stems in rows)
    return list(counts), list(counts.values())


def matching(connection: Connection, terms: Sequence[str], limit: int) -> Ints:
    """Return the `n` of rows with any of the stems, newest first."""
    wanted = [term for term in dict.fromkeys(terms) if is_stem(term)]
    if not wanted or limit < 1:
        return np.empty(0, np.int64)
    quoted = ("'" + term.replace("\\", "\\\\").replace("'", "''") + "'" for term in wanted)
    cursor = connection.execute(
        "SELECT n FROM words WHERE stems @@ CAST(? AS TSQUERY) ORDER BY n DESC LIMIT ?",
        (" | ".join(quoted), limit),
    )
    return np.fromiter(chain.from_iterable(cursor.fetchall()), np.int64)


def frequencies(connection: Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return in how many memories each stem stands, 0 included."""
    found = dict.fromkeys(terms, 0)
    asked = [term for term in found if is_stem(term)]
    found.update(connection.execute("SELECT stem, memories FROM vocabulary WHERE stem = ANY(?)", (asked,)))
    return found
