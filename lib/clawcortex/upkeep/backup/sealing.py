"""One file of a backup: compressed with zstd and, with a key, encrypted in pieces of AES-256-GCM.

    CXSEAL1 and a NUL | salt 16 | check 16 | ( length 4, the top bit on the last | piece )*

Without a key it is a plain zstd file that `zstd -d` reads.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard
from cryptography.exceptions import InvalidTag

from clawcortex.errors import CorruptedError, storage_error
from clawcortex.upkeep.backup.keys import CHECK, SALT, Cipher, Key, needed

MAGIC = b"CXSEAL1\0"
PIECE = 1 << 20
LAST = 1 << 31
LEVEL = 6
"""Of zstd: twice as fast as the disk here; 19 takes a minute for 4 % less."""


@dataclass(frozen=True, slots=True)
class Written:
    """What lies on the disk, and what went in."""

    bytes: int
    sha256: str
    plain_bytes: int
    plain_sha256: str


class Sealing:
    """A file being written: give it bytes, then close it."""

    def __init__(self, file: IO[bytes], key: Key | None) -> None:
        self._file = file
        self._stored, self._plain = hashlib.sha256(), hashlib.sha256()
        self._sizes = [0, 0]
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj()
        self._cipher: Cipher | None = key.fresh() if key else None
        self._waiting = bytearray()
        self._pieces = 0
        if self._cipher:
            self._put(MAGIC + self._cipher.head)

    def write(self, piece: bytes) -> int:
        """Take the next bytes."""
        self._plain.update(piece)
        self._sizes[1] += len(piece)
        self._out(self._compressor.compress(piece))
        return len(piece)

    def end(self) -> Written:
        """Write what waits and wait until the disk has it."""
        self._out(self._compressor.flush())
        if self._cipher:
            self._seal(bytes(self._waiting), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        return Written(self._sizes[0], self._stored.hexdigest(), self._sizes[1], self._plain.hexdigest())

    def _out(self, piece: bytes) -> None:
        if self._cipher is None:
            self._put(piece)
            return
        self._waiting += piece
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]

    def _seal(self, piece: bytes, *, last: bool) -> None:
        assert self._cipher is not None  # noqa: S101 - for the type checker
        length = ((len(piece) + 16) | (LAST if last else 0)).to_bytes(4)
        self._put(length + self._cipher.seal(self._pieces, piece, length))
        self._pieces += 1

    def _put(self, piece: bytes) -> None:
        self._stored.update(piece)
        self._sizes[0] += len(piece)
        self._file.write(piece)


@contextmanager
def sealing(path: Path, key: Key | None) -> Iterator[Sealing]:
    """Make a file (0600) for `Sealing`; the disk's refusals come out typed."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield Sealing(file, key)
    except OSError as error:
        raise storage_error(error, path) from error


class Unsealing(io.RawIOBase):
    """The bytes that went into such a file, in order; CorruptedError for any that are not as they were written."""

    def __init__(self, path: Path, key: Key | None) -> None:
        super().__init__()
        self._path = path
        self._pieces = self._decompressed(key)
        self._rest = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to so many bytes, all that are left when negative; nothing at the end."""
        parts, have = [self._rest], len(self._rest)
        while size < 0 or have < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            parts.append(piece)
            have += len(piece)
        whole = b"".join(parts)
        cut = len(whole) if size < 0 else size
        self._rest = whole[cut:]
        return whole[:cut]

    def _decompressed(self, key: Key | None) -> Iterator[bytes]:
        decompressor = zstandard.ZstdDecompressor().decompressobj()
        try:
            for piece in self._stored(key):
                if opened := decompressor.decompress(piece):
                    yield opened
        except zstandard.ZstdError as error:
            raise CorruptedError(f"{self._path} is damaged: {error}") from error
        except OSError as error:
            raise storage_error(error, self._path) from error
        if not decompressor.eof:
            raise CorruptedError(f"{self._path} is damaged: it is cut off")

    def _stored(self, key: Key | None) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            start = file.read(len(MAGIC))
            if start != MAGIC:
                yield start
                while piece := file.read(PIECE):
                    yield piece
                return
            cipher = needed(key, str(self._path)).of(file.read(SALT + CHECK), str(self._path))
            number, last = 0, False
            while not last:
                length = file.read(4)
                size = int.from_bytes(length)
                last = bool(size & LAST)
                try:
                    yield cipher.open(number, file.read(size & ~LAST), length)
                except (InvalidTag, ValueError) as error:
                    raise CorruptedError(f"{self._path} is damaged in its piece {number}") from error
                number += 1
