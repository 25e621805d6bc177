"""What was written since a backup: bytes of SQLite's write-ahead log, record after record, each with its time.

A file begins with its head, then records follow; a new file begins with each log and with each process.

    CXWAL1 and 2 NULs | encrypted? 1 | salt 16 | check 16      (both zero without a key)
    kind 1 | microseconds 8 | offset 8 | length 4 | crc of these 4 | body | blake2b of all 16

The body of FRAMES is a piece of the log that begins at `offset`, compressed and, with a key, encrypted; it ends with a
commit, that of PART does not: the rest of a large transaction follows. SEALED says that the log is complete and all of
it in the database: its body is what the database's file was then. BASE follows when the backup itself is whole: before
it, the copy of the database may be newer than what was shipped, and the two do not fit together. A record cut off at a
file's end was never finished; any other fault is damage.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import zstandard
from cryptography.exceptions import InvalidTag

from clawcortex.errors import CorruptedError, storage_error
from clawcortex.files import sync_folder
from clawcortex.store.sql import times
from clawcortex.upkeep.backup.keys import CHECK, SALT, Cipher, Key, needed

MAGIC = b"CXWAL1\0\0"
NAME = re.compile(r"\d{6}\.wal")
_HEAD = len(MAGIC) + 1 + SALT + CHECK
_RECORD = struct.Struct(">BQQI")
_CRC, _DIGEST = 4, 16
_LEVEL = 1
EARLIER = "Restore with --at an earlier time."


class Kind(IntEnum):
    """What a record holds."""

    FRAMES = 1
    PART = 2
    SEALED = 3
    BASE = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """One record, read or to be written."""

    kind: Kind
    at: int
    """Microseconds since the epoch: when it was shipped, so that all in it was committed before."""
    offset: int
    body: bytes


class Segment:
    """A file that is being appended to."""

    def __init__(self, path: Path, key: Key | None) -> None:
        self.path = path
        self._cipher: Cipher | None = key.fresh() if key else None
        self._count = 0
        head = self._cipher.head if self._cipher else bytes(SALT + CHECK)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._append(MAGIC + bytes([self._cipher is not None]) + head)
        sync_folder(path.parent)

    def append(self, kind: Kind, offset: int, body: bytes) -> None:
        """Add a record and wait until the disk has it."""
        stored = zstandard.compress(body, _LEVEL)
        length = len(stored) + (16 if self._cipher else 0)
        head = _RECORD.pack(kind, times.now(), offset, length)
        if self._cipher:
            stored = self._cipher.seal(self._count, stored, head)
        self._count += 1
        whole = head + zlib.crc32(head).to_bytes(_CRC) + stored
        self._append(whole + hashlib.blake2b(whole, digest_size=_DIGEST).digest())

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _append(self, raw: bytes) -> None:
        left = memoryview(raw)
        while left:
            left = left[os.write(self._descriptor, left) :]
        os.fsync(self._descriptor)


def files(stream: Path) -> list[Path]:
    """Return a stream's files in order."""
    return sorted(path for path in stream.iterdir() if NAME.fullmatch(path.name)) if stream.is_dir() else []


def next_path(stream: Path) -> Path:
    """Return the name of a stream's next file."""
    there = files(stream)
    return stream / f"{int(there[-1].stem) + 1 if there else 1:06}.wal"


def pieces(path: Path, key: Key | None) -> Iterator[Piece]:
    """Yield a file's records up to one that was never finished; CorruptedError for damage."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise storage_error(error, path) from error
    if len(raw) < _HEAD and MAGIC.startswith(raw[: len(MAGIC)]):
        return  # its process was killed before the first record
    cipher = _cipher(path, raw, key)
    at, number = _HEAD, 0
    while at + _RECORD.size + _CRC <= len(raw):
        head, start = raw[at : at + _RECORD.size], at + _RECORD.size + _CRC
        if zlib.crc32(head).to_bytes(_CRC) != raw[start - _CRC : start]:
            raise CorruptedError(f"{path} is damaged at byte {at}")
        kind, moment, offset, length = _RECORD.unpack(head)
        end = start + length
        if end + _DIGEST > len(raw):
            return
        digest = hashlib.blake2b(raw[at:end], digest_size=_DIGEST).digest()
        try:
            if digest != raw[end : end + _DIGEST]:
                raise ValueError("its checksum is another")  # noqa: TRY301 - told as every other damage
            body = cipher.open(number, raw[start:end], head) if cipher else raw[start:end]
            yield Piece(Kind(kind), moment, offset, zstandard.decompress(body))
        except (InvalidTag, zstandard.ZstdError, ValueError) as error:
            raise CorruptedError(f"{path} is damaged between byte {at} and {end}: {error}") from error
        at, number = end + _DIGEST, number + 1


def _cipher(path: Path, raw: bytes, key: Key | None) -> Cipher | None:
    sealed, head = raw[len(MAGIC)], raw[len(MAGIC) + 1 : _HEAD]
    if raw[: len(MAGIC)] != MAGIC or sealed > 1 or (not sealed and any(head)):
        raise CorruptedError(f"{path} is damaged at its beginning")
    return needed(key, str(path)).of(head, str(path)) if sealed else None


def base(stream: Path, key: Key | None) -> Piece | None:
    """Return the record from which on a stream can be used; None when its backup was never whole."""
    found = (piece for path in files(stream) for piece in pieces(path, key) if piece.kind is Kind.BASE)
    return next(found, None)


def every(stream: Path, key: Key | None) -> Iterator[Piece]:
    """Yield all records of a stream in order; CorruptedError where one is missing."""
    reached, sealed = 0, True
    for number, path in enumerate(files(stream), 1):
        if int(path.stem) != number:
            raise CorruptedError(f"{stream / f'{number:06}.wal'} is missing", hint=EARLIER)
        for piece in pieces(path, key):
            if piece.kind is Kind.BASE:
                whole = True
            elif piece.kind is Kind.SEALED:
                whole = piece.offset == reached
                sealed = True
            elif piece.offset == 0:
                whole = sealed
                reached, sealed = len(piece.body), False
            else:
                whole = piece.offset == reached and not sealed
                reached += len(piece.body)
            if not whole:
                raise CorruptedError(
                    f"{path}: something is missing before what was written at {times.moment(piece.at).isoformat()}",
                    hint=EARLIER,
                )
            yield piece
