"""Storing memories: the row, its stems, its names and its line in the log, all in one transaction."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import zlib
from array import array
from collections.abc import Sequence

from ulid import ULID

from clawcortex.errors import InputError
from clawcortex.store.records import Added, NewMemory
from clawcortex.store.sqlite import changes, fulltext, times
from clawcortex.store.sqlite.numbering import Numbers

_INSERT = """INSERT INTO memories (n, id, turn, part, key, scope, session, speaker, provenance, source_ref,
created_at, recorded_at, importance, pinned, checksum, terms, stems, text)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def checksum(text: str) -> bytes:
    """Return what `check` compares a text with."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def packed(stems: Sequence[str]) -> bytes:
    """Return the crc32 of every stem as little-endian uint32."""
    hashes = array("I", [zlib.crc32(stem.encode()) for stem in stems])
    if hashes.itemsize != 4 or _BIG_ENDIAN:
        return b"".join(value.to_bytes(4, "little") for value in hashes)
    return hashes.tobytes()


_BIG_ENDIAN = array("H", [1]).tobytes() == b"\x00\x01"


def validated(memories: Sequence[NewMemory]) -> None:
    """Refuse what cannot be stored, before anything waits for the writer."""
    for memory in memories:
        if not memory.text.strip():
            raise InputError("a memory has no text", hint="Give the text that is to be remembered.")
        if not memory.key:
            raise InputError(
                "a memory has no key", hint="Give a key that is the same when the same text comes again."
            )
        if not math.isfinite(memory.importance):
            raise InputError(f"importance {memory.importance} is not a finite number", hint="Give 0 to 1.")
        if not all(map(fulltext.is_stem, memory.terms)):
            raise InputError(
                "a stem is empty or holds a space", hint="Give stems as clawcortex.text.terms makes them."
            )
        times.stamp(memory.created_at)
        _encodable(memory)


def _encodable(memory: NewMemory) -> None:
    try:
        "\n".join(
            (memory.text, memory.key, memory.session, memory.speaker, memory.source_ref, *memory.terms)
        ).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"the memory with key {memory.key!a} is not valid Unicode: {error.reason}",
            hint="Pass text through clawcortex.text.clean first.",
        ) from error


def add(connection: sqlite3.Connection, memories: Sequence[NewMemory]) -> list[Added]:
    """Store what is new; answer for every memory, in the order given."""
    known = _known(connection, [memory.key for memory in memories])
    numbers = Numbers(connection)
    recorded = times.now()
    n = _last(connection)
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
        fulltext.insert(connection, stems)
        changes.log(connection, "added", [number for number, _ in stems])
    return added


def _known(connection: sqlite3.Connection, keys: list[str]) -> dict[str, tuple[str, int]]:
    """Return id and `n` of the keys that are stored; ("", 0) of those that were forgotten."""
    asked = json.dumps(keys)
    stored = connection.execute(
        "SELECT key, id, n FROM memories WHERE key IN (SELECT value FROM json_each(?))", (asked,)
    )
    forgotten = connection.execute(
        "SELECT key, '', 0 FROM forgotten WHERE key IN (SELECT value FROM json_each(?))", (asked,)
    )
    return {key: (identity, n) for key, identity, n in (*forgotten, *stored)}


def _last(connection: sqlite3.Connection) -> int:
    """Return the largest `n` ever given: AUTOINCREMENT remembers it when the row is gone."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'memories'").fetchone()
    return int(row[0]) if row else 0
