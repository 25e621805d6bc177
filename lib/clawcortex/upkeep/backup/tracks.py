"""One backup's stream being written: where it stands in the database's write-ahead log, and what comes next."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from clawcortex import paths
from clawcortex.errors import ClawcortexError
from clawcortex.store.sqlite import wal
from clawcortex.store.sqlite.wal import HEADER_BYTES, Header, Sums
from clawcortex.upkeep.backup import segments
from clawcortex.upkeep.backup.keys import Key
from clawcortex.upkeep.backup.segments import Kind, Piece, Segment

STEP = 4 << 20
"""Most bytes read and shipped at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """How much of the current log is shipped; nothing of it at the start."""

    offset: int = 0
    sums: Sums = (0, 0)
    salts: tuple[int, int] | None = None


def identity(database: Path) -> bytes:
    """Return what tells whether anybody wrote the database's file, which only happens when a log is written into it."""
    seen = database.stat()
    return json.dumps([seen.st_ino, seen.st_size, seen.st_mtime_ns]).encode()


class Track:
    """Append what is new in the log; each call that returns has it on the disk."""

    def __init__(self, stream: Path, key: Key | None, place: Place | None = None) -> None:
        self.stream = stream
        self.place = place or Place()
        self.sealed = self.place.offset == 0
        self._key = key
        self._segment: Segment | None = None
        paths.private_folder(stream.parent)
        paths.private_folder(stream)

    def begin_log(self) -> None:
        """Go on with another log, from its beginning, in another file."""
        self.place, self.sealed = Place(), False
        self.close()

    def follow(self, log: IO[bytes], header: Header) -> None:
        """Ship every transaction that is whole by now."""
        start = max(self.place.offset, HEADER_BYTES)
        sums = self.place.sums if self.place.offset else header.sums
        end = _end(log, header, start, sums)
        while end > self.place.offset:
            log.seek(self.place.offset)
            body = log.read(min(end - self.place.offset, _whole(header, self.place.offset)))
            reached = self.place.offset + len(body)
            kind = Kind.FRAMES if reached == end else Kind.PART
            self._opened().append(kind, self.place.offset, body)
            self.place = Place(reached, wal.last_sums(header, body), header.salts)
            self.sealed = False

    def seal(self, length: int, seen: bytes) -> bool:
        """Say that the log is complete and in the database; False when this is not what was shipped."""
        if self.place.offset != length:
            return False
        if not self.sealed or not length:
            self._opened().append(Kind.SEALED, length, seen)
            self.sealed = True
        return True

    def found(self) -> None:
        """Say that the backup is whole, and that all that its copy of the database can hold is shipped."""
        self._opened().append(Kind.BASE, self.place.offset, b"")

    def close(self) -> None:
        """Close the file that is open."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _opened(self) -> Segment:
        if self._segment is None:
            self._segment = Segment(segments.next_path(self.stream), self._key)
        return self._segment


def resumed(stream: Path, key: Key | None, database: Path) -> Track | None:
    """Return the track that goes on where its process ended; None when anything happened to the database since."""
    try:
        last = _last(stream, key)
        if last is None or segments.base(stream, key) is None:
            return None
    except ClawcortexError:
        return None
    if last.kind is Kind.SEALED:
        return Track(stream, key) if last.body == identity(database) else None
    place = _place(database.with_name(f"{database.name}-wal"), last)
    return Track(stream, key, place) if place else None


def _last(stream: Path, key: Key | None) -> Piece | None:
    for path in reversed(segments.files(stream)):
        last = None
        for piece in segments.pieces(path, key):
            last = piece if piece.kind is not Kind.BASE else last
        if last is not None:
            return last
    return None


def _place(log: Path, last: Piece) -> Place | None:
    """Return the place behind a shipped piece, when the log on the disk is the one it came from."""
    try:
        with log.open("rb") as file:
            header = wal.read_header(file.read(HEADER_BYTES))
            if header is None:
                return None
            file.seek(last.offset + len(last.body) - header.frame)
            there = file.read(header.frame)
    except OSError:
        return None
    if len(last.body) < header.frame or there != last.body[-header.frame :]:
        return None
    return Place(last.offset + len(last.body), wal.last_sums(header, there), header.salts)


def _whole(header: Header, offset: int) -> int:
    """Return so many bytes that a piece from this offset ends with a whole frame."""
    frames = (STEP // header.frame) * header.frame
    return frames if offset else frames + HEADER_BYTES


def _end(log: IO[bytes], header: Header, start: int, sums: Sums) -> int:
    """Return where the last whole transaction ends; 0 when there is none from `start` on."""
    log.seek(start)
    at, end = start, 0
    while raw := log.read(_whole(header, start)):
        seen = wal.scan(header, sums, raw)
        if seen.committed:
            end = at + seen.committed
        at, sums = at + seen.valid, seen.sums
        if seen.valid < len(raw):
            break
    return end
