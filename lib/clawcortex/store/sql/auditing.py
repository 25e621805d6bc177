"""The audit trail: who changed what, each line sealed together with the one before it.

A line's digest is SHA-256 over its own columns and the digest of the line before (a hash chain, as in RFC 6962's
simplest relative), so an edit, a line taken out or put in, and a changed order all show at the first line concerned.
Lines hold ids, counts and names of operations, never what somebody said: they outlive what is forgotten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from clawcortex.store.records import Audit
from clawcortex.store.sql import times
from clawcortex.store.sql.connection import Connection
from clawcortex.store.sql.documents import decode, encode

_COLUMNS = "seq, schema, at, actor, operation, subject, details"
_SCHEMA = 1
_PAGE = 5_000
GENESIS = ""
"""What the first line is sealed with."""
COVERING = ("clawcortex", "seal")
"""Who covers the lines of a store that is older than seals, and how."""
BEFORE_ALL = -(1 << 62)
"""Before any number a line can be given, by whomever."""


def record(connection: Connection, actor: str, operation: str, subject: str, details: str) -> None:
    """Add one line of who changed what, sealed with the line before."""
    seq = connection.take("audit", 1) + 1  # first of all: others wait here until this line is there to follow
    before = _newest_digest(connection)
    if before is None:  # the store is older than seals: a line of its own covers what stands there
        count, before = _covered(connection)
        before = _append(connection, seq, before, (*COVERING, "audit", encode({"lines": count})))
        seq = connection.take("audit", 1) + 1
    _append(connection, seq, before, (actor, operation, subject, details))


def _append(connection: Connection, seq: int, before: str, said: tuple[str, str, str, str]) -> str:
    line = (seq, _SCHEMA, times.now(), *said)
    digest = seal(before, line)
    connection.execute(
        f"INSERT INTO audit ({_COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        (*line, digest),
    )
    return digest


def seal(before: str, line: Sequence[Any]) -> str:
    """Return the digest of a line (its columns from seq to details) that follows one of this digest."""
    text = json.dumps([before, *line], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def faults(rows: Iterable[Sequence[Any]], last: int) -> Iterator[str]:
    """Yield a sentence for each line that is not as it was written; rows of `copying.TABLES`, in order.

    `last` is the largest number ever given: lines missing at the end show by it.
    """
    before, previous, unsealed = GENESIS, 0, 0
    sealed = False
    for *line, digest in rows:
        expected = seal(before, line)
        if not sealed and not digest:
            unsealed += 1
        elif expected != digest:
            yield f"the audit line {line[0]} is not as it was written, or what stood before it is gone"
        elif not sealed and unsealed and line[3:7] != [*COVERING, "audit", encode({"lines": unsealed})]:
            yield f"{unsealed} audit lines before line {line[0]} have no seal"
        sealed = sealed or bool(digest)
        before, previous = digest or expected, line[0]
    if previous < last:
        yield f"the audit ends at line {previous}, and {last} were written"


def chain_faults(connection: Connection) -> Iterator[str]:
    """Yield a sentence for each line of the whole trail that is not as it was written."""
    yield from faults(_rows(connection), connection.last("audit", "seq"))


def audited(connection: Connection, limit: int) -> list[Audit]:
    """Return the newest audit rows, oldest of them first."""
    rows = connection.execute(
        "SELECT at, actor, operation, subject, details, seq, digest FROM audit ORDER BY seq DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return [
        Audit(times.moment(at), actor, operation, subject, decode(details), seq, digest)
        for at, actor, operation, subject, details, seq, digest in reversed(rows)
    ]


def _newest_digest(connection: Connection) -> str | None:
    """Return what the next line is sealed with; None when no line has a seal yet, and there are lines."""
    row = connection.execute("SELECT digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return (row[0] or None) if row else GENESIS


def _covered(connection: Connection) -> tuple[int, str]:
    """Return how many lines there are, and what they would be sealed with."""
    before, count = GENESIS, 0
    for *line, _ in _rows(connection):
        before, count = seal(before, line), count + 1
    return count, before


def _rows(connection: Connection) -> Iterator[Sequence[Any]]:
    after = BEFORE_ALL
    while rows := connection.execute(
        f"SELECT {_COLUMNS}, digest FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - a constant
        (after, _PAGE),
    ).fetchall():
        yield from rows
        after = rows[-1][0]
