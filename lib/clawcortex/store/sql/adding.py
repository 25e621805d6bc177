"""Storing memories: the row, its stems, its names and its line in the log, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from ulid import ULID

from clawcortex.store.records import Added, NewMemory
from clawcortex.store.sql import changes, times
from clawcortex.store.sql.connection import Connection, Words
from clawcortex.store.sql.numbering import Numbers
from clawcortex.store.sql.validation import checksum, packed

_INSERT = """INSERT INTO memories (n, id, turn, part, key, scope, session, speaker, provenance, source_ref,
created_at, recorded_at, importance, pinned, checksum, terms, stems, text)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def add(connection: Connection, memories: Sequence[NewMemory], words: Words) -> list[Added]:
    """Store what is new; answer for every memory, in the order given."""
    known = _known(connection, [memory.key for memory in memories])
    numbers = Numbers(connection)
    recorded = times.now()
    fresh = {memory.key for memory in memories} - known.keys()
    n = connection.take("memories", len(fresh)) if fresh else 0
    rows: list[tuple[object, ...]] = []
    stems: list[tuple[int, str]] = []
    added: list[Added] = []
    for memory in memories:
        if (before := known.get(memory.key)) is not None:
            added.append(Added(before[0], before[1], fresh=False))
            continue
        n += 1
        turn = memory.turn or str(ULID())
        identity = f"{turn}.{memory.part}" if memory.part else turn
        joined = " ".join(memory.terms)
        rows.append(
            (
                n,
                identity,
                turn,
                memory.part,
                memory.key,
                numbers.scope(memory.scope),
                numbers.session(memory),
                numbers.speaker(memory.speaker),
                memory.provenance.value,
                memory.source_ref,
                times.stamp(memory.created_at),
                recorded,
                memory.importance,
                int(memory.pinned),
                checksum(memory.text),
                packed(memory.terms),
                joined,
                memory.text,
            )
        )
        stems.append((n, joined))
        known[memory.key] = (identity, n)
        added.append(Added(identity, n, fresh=True))
    if rows:
        connection.executemany(_INSERT, rows)
        words.insert(connection, stems)
        changes.log(connection, "added", [number for number, _ in stems])
    return added


def _known(connection: Connection, keys: list[str]) -> dict[str, tuple[str, int]]:
    """Return id and `n` of the keys that are stored; ("", 0) of those that were forgotten."""
    stored = connection.execute("SELECT key, id, n FROM memories WHERE key = ANY(?)", (keys,))
    forgotten = connection.execute("SELECT key, '', 0 FROM forgotten WHERE key = ANY(?)", (keys,))
    return {key: (identity, n) for key, identity, n in (*forgotten, *stored)}
