"""The audit trail checked and given out: every line against its seal, and the end against what was witnessed.

The seals stand in the database. So that lines cut off at the end cannot take their own trace along, the
server notes the newest seal in a file beside it, `audit.head`. Whoever can rewrite both can rewrite history: keep
the head that `audit verify` prints somewhere else, and give it with --head.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from clawcortex import paths
from clawcortex.errors import CorruptedError, InputError
from clawcortex.files import write_atomic
from clawcortex.store.base import Store
from clawcortex.store.sql import auditing, times
from clawcortex.store.sql.copying import TABLES
from clawcortex.store.sql.store import SqlStore

PAGE = 5_000
_DIGEST = 64
"""Hexadecimal digits of SHA-256."""


class Head(NamedTuple):
    """The newest line at some time: its number and its seal."""

    seq: int
    digest: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Verified:
    """How many lines there are, the newest, and what is wrong with them; sound when nothing is."""

    lines: int
    head: str
    faults: list[str]


def parse_head(text: str) -> Head:
    """Return a head as `audit verify` printed it; InputError for anything else."""
    number, _, digest = text.strip().partition(":")
    if not number.isascii() or not number.isdigit() or len(digest) != _DIGEST:
        raise InputError(
            f"{text[:80]!r} is no head of an audit", hint="Give it as `audit verify` printed it: 17:9f86d0…"
        )
    return Head(int(number), digest)


def verify(store: SqlStore, *known: Head) -> Verified:
    """Read the whole trail; say which lines are not as they were written, and which known heads are not in it."""
    wanted = {head.seq: head.digest for head in known}
    seen: dict[int, str] = {}
    counted = 0
    newest = Head(0, "")

    def watched() -> Iterator[tuple[Any, ...]]:
        nonlocal counted, newest
        for row in _rows(store):
            counted, newest = counted + 1, Head(row[0], row[-1])
            if row[0] in wanted:
                seen[row[0]] = row[-1]
            yield row

    faults = list(auditing.faults(watched(), store.last("audit")))
    for seq, digest in wanted.items():
        if seen.get(seq) != digest:
            gone = "is gone" if seq not in seen else "is another than it was"
            faults.append(f"the audit line {seq}, seen before with its seal, {gone}")
    return Verified(counted, str(newest) if counted else "", faults)


def note_head(store: Store) -> None:
    """Write down the newest line, in a file of this host, when it is newer than the one noted."""
    newest = store.audited(limit=1)
    noted = noted_head()
    if newest and newest[0].digest and (noted is None or noted.seq < newest[0].seq):
        write_atomic(_place(), f"{Head(newest[0].seq, newest[0].digest)}\n".encode())


def noted_head() -> Head | None:
    """Return the line that was written down last, None before the first; CorruptedError when it cannot be read."""
    try:
        text = _place().read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CorruptedError(f"{_place()} cannot be read: {error}") from error
    try:
        return parse_head(text)
    except InputError as error:
        raise CorruptedError(f"{_place()}: {error.message}", hint="Somebody wrote into it.") from error


def export(store: SqlStore) -> Iterator[str]:
    """Yield every line as JSON, with its seal."""
    names = TABLES["audit"].columns
    for row in _rows(store):
        line = dict(zip(names, row, strict=True))
        shown = {**line, "at": times.moment(line["at"]).isoformat(), "details": json.loads(line["details"])}
        yield json.dumps(shown, ensure_ascii=False)


def _rows(store: SqlStore) -> Iterator[tuple[Any, ...]]:
    after = auditing.BEFORE_ALL
    while rows := store.dump("audit", (after,), PAGE):
        yield from rows
        after = rows[-1][0]


def _place() -> Path:
    return paths.state_dir() / "audit.head"
