"""Bring a restored database forward: the pages of each log, in their order, put where they belong.

SQLite itself could only read a log that fits the file exactly. The copy in a backup is of a moment while the log was
being followed: it holds some of these pages already, and is whole again once all of them are in their place.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from clawcortex.errors import CorruptedError
from clawcortex.store.sql import times
from clawcortex.store.sqlite import wal
from clawcortex.store.sqlite.wal import FRAME_BYTES, HEADER_BYTES, Header, Sums
from clawcortex.upkeep.backup.segments import EARLIER, Kind, Piece

_HEAD = struct.Struct(">2I")


@dataclass(frozen=True, slots=True)
class Replayed:
    """How far a database was brought."""

    pieces: int
    reached: datetime | None
    """When the last of it was shipped; None when nothing was to be added."""


def replay(database: Path, pieces: Iterable[Piece], until: datetime | None = None) -> Replayed:
    """Apply what was shipped up to a time; the database must be nobody else's."""
    last = times.stamp(until) if until else None
    transaction: list[Piece] = []
    log = Log()
    count, reached = 0, None
    with database.open("r+b") as file:
        for piece in pieces:
            if last is not None and piece.at > last:
                break
            if piece.kind in (Kind.SEALED, Kind.BASE):
                continue
            if piece.offset == 0:
                transaction, log = [], Log()
            transaction.append(piece)
            if piece.kind is Kind.FRAMES:
                for one in transaction:
                    log.apply(one.body, file)
                transaction = []
                count, reached = count + 1, times.moment(piece.at)
        file.flush()
        os.fsync(file.fileno())
    return Replayed(count, reached)


class Log:
    """One write-ahead log, read piece by piece; every frame must follow from the one before."""

    def __init__(self) -> None:
        self._header: Header | None = None
        self._sums: Sums = (0, 0)

    def apply(self, body: bytes, database: IO[bytes]) -> None:
        """Put the pages of these frames into the database; CorruptedError when they do not follow."""
        if self._header is None:
            self._header = wal.read_header(body[:HEADER_BYTES])
            if self._header is None:
                raise self._damaged()
            self._sums, body = self._header.sums, body[HEADER_BYTES:]
        seen = wal.scan(self._header, self._sums, body)
        if seen.valid != len(body):
            raise self._damaged()
        self._sums, size = seen.sums, self._header.page_size
        for at in range(0, len(body), self._header.frame):
            page, pages = _HEAD.unpack_from(body, at)
            database.seek((page - 1) * size)
            database.write(body[at + FRAME_BYTES : at + self._header.frame])
            if pages:
                database.truncate(pages * size)

    @staticmethod
    def _damaged() -> CorruptedError:
        return CorruptedError(
            "what was written since the backup does not follow from what stands before it",
            hint=EARLIER,
        )
