"""Moving a memory to another store: every row with its numbers and links, resumed where it stopped, verified.

Each page is stored in one transaction with a mark that says how far this is: after a kill, the next run goes
on behind the last page that is there. The mark goes when both stores gave the same counts and checksums.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from clawcortex.errors import ConflictError, CorruptedError, InputError
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.store.sql.connection import Row
from clawcortex.store.sql.copying import TABLES
from clawcortex.store.sql.store import SqlStore

PAGE = 1_000
_MARK = ("migration", "progress")
_FINISHED: list[int | str] = ["finished"]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What one table holds, the same on both sides."""

    table: str
    rows: int
    checksum: str


def migrate(source_url: str, target_url: str, tell: Tell) -> list[Moved]:
    """Copy everything, or go on with it; return what was verified, table by table."""
    with ExitStack() as opened:
        source = opened.enter_context(closing(open_store(Settings(store_url=source_url))))
        target = opened.enter_context(closing(open_store(Settings(store_url=target_url))))
        if source.name == target.name:
            raise InputError(f"{source.name} is both where to read and where to write")
        done = _done_so_far(source, target)
        for table in TABLES:
            if done.get(table) != _FINISHED:
                _copy(table, source, target, done, tell)
        moved = [_compared(table, source, target) for table in TABLES]
        target.take_record(*_MARK)
        return moved


def _done_so_far(source: SqlStore, target: SqlStore) -> dict[str, list[int | str]]:
    """Return behind which row each table goes on; refuse a store that has memories of its own."""
    mark = target.get_record(*_MARK)
    if mark is None:
        filled = [table for table in TABLES if target.dump(table, TABLES[table].first, 1)]
        if filled:
            raise ConflictError(
                f"{target.name} is not empty: it has {', '.join(filled)}",
                hint="Give an empty store. Nothing was written.",
            )
        return {}
    if mark["source"] != source.name:
        raise ConflictError(
            f"{target.name} holds a part of {mark['source']}, not of {source.name}",
            hint="Finish that migration first, or give an empty store.",
        )
    done: dict[str, list[int | str]] = json.loads(str(mark["done"]))
    return done


def _copy(
    table: str, source: SqlStore, target: SqlStore, done: dict[str, list[int | str]], tell: Tell
) -> None:
    keys = [TABLES[table].columns.index(name) for name in TABLES[table].key]
    last, copied = source.last(table), 0
    while True:
        after = done.get(table, list(TABLES[table].first))
        found = source.dump(table, after, PAGE)
        rows = [row for row in found if not _is_mark(table, row)]
        ended = len(found) < PAGE
        done[table] = _FINISHED if ended else [found[-1][key] for key in keys]
        target.load(table, rows, last, (*_MARK, {"source": source.name, "done": json.dumps(done)}))
        copied += len(rows)
        if ended:
            tell(f"{table}: {copied} rows copied")
            return


def _is_mark(table: str, row: Row) -> bool:
    return table == "records" and row[:2] == _MARK


def _compared(table: str, source: SqlStore, target: SqlStore) -> Moved:
    ours, theirs = (_summed(table, store) for store in (source, target))
    if ours != theirs:
        raise CorruptedError(
            f"{table} differs: {ours.rows} rows in {source.name}, {theirs.rows} in {target.name}",
            hint="If something wrote to the source meanwhile, stop it; then empty the target and migrate again.",
        )
    return ours


def _summed(table: str, store: SqlStore) -> Moved:
    keys = [TABLES[table].columns.index(name) for name in TABLES[table].key]
    digest, count = hashlib.blake2b(digest_size=8), 0
    after: Sequence[int | str] = TABLES[table].first
    while rows := store.dump(table, after, PAGE):
        for row in rows:
            if not _is_mark(table, row):
                digest.update(repr(tuple(row)).encode())
                count += 1
        after = [rows[-1][key] for key in keys]
    return Moved(table, count, digest.hexdigest())
