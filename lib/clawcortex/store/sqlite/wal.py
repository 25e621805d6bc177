"""SQLite's write-ahead log, read as its file format says: which of its bytes are committed.

A header of 32 bytes, then frames of 24 bytes and a page. A frame counts when its salts are the header's and its
checksum follows from the frame before; a transaction is there when its last frame, which says how many pages the
database then has, is. See "The Write-Ahead Log" in https://sqlite.org/fileformat2.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES, FRAME_BYTES = 32, 24
_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682
_WRAP = (1 << 32) - 1
Sums = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Header:
    """What the log says of itself; another pair of salts is another log."""

    page_size: int
    salts: tuple[int, int]
    sums: Sums
    big_endian: bool

    @property
    def frame(self) -> int:
        """Return the bytes of a frame with its page."""
        return FRAME_BYTES + self.page_size


def read_header(raw: bytes) -> Header | None:
    """Return the header that a log begins with; None when there is none, or not yet all of it."""
    if len(raw) < HEADER_BYTES:
        return None
    magic, _, size, _, *rest = _HEADER.unpack_from(raw)
    if magic & ~1 != _MAGIC:
        return None
    big = bool(magic & 1)
    sums = _followed(np.frombuffer(raw, _words(big), 6).reshape(1, -1), (0, 0))[0]
    if sums != (rest[2], rest[3]):
        return None
    return Header(size, (rest[0], rest[1]), sums, big)


@dataclass(frozen=True, slots=True)
class Scanned:
    """How many bytes of some frames are valid, how many are whole transactions, and what follows."""

    valid: int
    sums: Sums
    """After what is valid."""
    committed: int


def scan(header: Header, sums: Sums, raw: bytes) -> Scanned:
    """Look at frames that follow those which end with these checksums; the header's own before the first."""
    count = len(raw) // header.frame
    if not count:
        return Scanned(0, sums, 0)
    frames = np.frombuffer(raw, np.uint8, count * header.frame).reshape(count, header.frame)
    heads = frames[:, :FRAME_BYTES].copy().view(">u4")
    covered = np.concatenate([frames[:, :8], frames[:, FRAME_BYTES:]], axis=1)
    found = _followed(covered.view(_words(header.big_endian)), sums)
    valid = good = 0
    for head, expected in zip(heads.tolist(), found, strict=True):
        if (head[2], head[3]) != header.salts or (head[4], head[5]) != expected:
            break
        valid, sums = valid + 1, expected
        if head[1]:
            good = valid
    return Scanned(valid * header.frame, sums, good * header.frame)


def last_sums(header: Header, raw: bytes) -> Sums:
    """Return the checksum that whole frames end with."""
    *_, one, other = _FRAME.unpack_from(raw, len(raw) - header.frame)
    return one, other


def _words(big: bool) -> np.dtype[Any]:  # noqa: FBT001 - a flag of the file
    return np.dtype(">u4" if big else "<u4")


@lru_cache(maxsize=8)
def _weights(pairs: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32], tuple[int, int, int, int]]:
    """Return what each word adds to both sums after so many pairs, and what the sums before become.

    One pair (a, b) takes (x, y) to (x + a + y, y + b + x + a + y): linear, so that all pairs are two products.
    """
    one, other = np.zeros(2 * pairs, np.uint32), np.zeros(2 * pairs, np.uint32)
    p, q, r, s = 1, 0, 0, 1  # the matrix of the pairs that follow
    for pair in reversed(range(pairs)):
        one[2 * pair], one[2 * pair + 1] = (p + q) & _WRAP, q
        other[2 * pair], other[2 * pair + 1] = (r + s) & _WRAP, s
        p, q, r, s = ((p + q) & _WRAP, (p + 2 * q) & _WRAP, (r + s) & _WRAP, (r + 2 * s) & _WRAP)
    return one, other, (p, q, r, s)


def _followed(rows: NDArray[Any], sums: Sums) -> list[Sums]:
    """Return the checksum after each row, each following from the one before."""
    one, other, (p, q, r, s) = _weights(rows.shape[1] // 2)
    words = rows.astype(np.uint32)
    added_one = (words * one).sum(axis=1, dtype=np.uint32).tolist()
    added_other = (words * other).sum(axis=1, dtype=np.uint32).tolist()
    x, y = sums
    found = []
    for a, b in zip(added_one, added_other, strict=True):
        x, y = (p * x + q * y + a) & _WRAP, (r * x + s * y + b) & _WRAP
        found.append((x, y))
    return found
