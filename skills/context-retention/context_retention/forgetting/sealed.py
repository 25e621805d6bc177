"""Files of JSON lines that tell whether they are whole: compressed, with their own count and checksum at the end.

The last line is a seal: {"sealed": 1, "lines": N, "sha256": of all bytes before it}. One file, so that one
rename makes it; no second file can get lost. A compressed file without a seal is anybody's, and read as it is.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from clawcortex.errors import CorruptedError, InputError

VERSION = 1
LEVEL = 6
LONGEST_LINE = 64 << 20
"""Bytes of a line: a capture takes 10 MB of text, which JSON may write six times as long."""
MARK = b'{"sealed":'


def sealed(lines: Sequence[str]) -> bytes:
    """Return the lines as the content of a sealed file."""
    content = "".join(f"{line}\n" for line in lines).encode()
    digest = hashlib.sha256(content).hexdigest()
    seal = json.dumps({"sealed": VERSION, "lines": len(lines), "sha256": digest}, separators=(",", ":"))
    return gzip.compress(content + seal.encode() + b"\n", LEVEL, mtime=0)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, compressed when it is named `.gz`, without its seal.

    Raises CorruptedError where the bytes are not what was written: call `verify` first to know before using any.
    """
    with path.open("rb") as plain:
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=plain) as file:
                yield from _whole(path, file)
        else:
            yield from _bounded(path, plain)


def verify(path: Path) -> int:
    """Read a file to its end; return the number of its lines, raise CorruptedError when it is damaged."""
    return sum(1 for _ in read_lines(path))


def _whole(path: Path, file: gzip.GzipFile) -> Iterator[bytes]:
    digest, count = hashlib.sha256(), 0
    closed = False
    try:
        for line in _bounded(path, file):
            if closed:
                raise CorruptedError(f"{path}: there are lines after its seal", hint=_HINT)
            if line.startswith(MARK):
                _check_seal(path, line, count, digest.hexdigest())
                closed = True
                continue
            digest.update(line)
            count += 1
            yield line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CorruptedError(f"{path}: it is cut short or damaged: {error}", hint=_HINT) from error


_HINT = "Take this file from a backup; nothing of it was read in."


def _check_seal(path: Path, line: bytes, count: int, digest: str) -> None:
    try:
        seal = json.loads(line)
    except ValueError as error:
        raise CorruptedError(f"{path}: its seal cannot be read: {error}", hint=_HINT) from error
    if seal.get("lines") != count or seal.get("sha256") != digest:
        raise CorruptedError(
            f"{path}: its {count} lines are not the {seal.get('lines')} it was sealed with", hint=_HINT
        )


def _bounded(path: Path, file: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise InputError(
                f"{path}: a line is longer than {LONGEST_LINE >> 20} MB",
                hint="Give a file of JSON lines, one memory a line, as `export` writes it.",
            )
        yield line
