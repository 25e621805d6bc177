"""A recording into the queue's folder, read through one open file: nobody can put another in its place meanwhile."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from clawcortex import paths
from clawcortex.errors import AudioTooLargeError, DeniedError, NotAudioError, NotFoundError, storage_error
from clawcortex.files import sync_folder

CHUNK = 1 << 20
BYTES_A_SECOND = {b"RIFF": 32_000, b"fLaC": 16_000, b"FORM": 32_000}
"""By how a file begins: 16 bits at 16 kHz, the least that is usual."""
PACKED = 3_000
"""Bytes a second of a compressed voice note."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A recording in the queue's folder."""

    id: str
    """SHA-256, and the name of the copy."""
    bytes: int
    seconds: float
    """As its size lets one guess."""


def queue_folder() -> Path:
    """Return where recordings lie until they are heard."""
    return paths.private_folder(paths.private_folder(paths.state_dir() / "voice") / "queue")


def copy_of(note: str) -> Path:
    """Return where the copy of a note lies."""
    return queue_folder() / note


def copy_in(source: Path | bytes, *, limit: int) -> Copied:
    """Copy a recording of at most `limit` bytes into the queue, durably.

    Raise AudioTooLargeError, NotAudioError for what is no file or empty, DeniedError for a link, NotFoundError,
    StorageError; nothing is left in the folder then.
    """
    folder = queue_folder()
    temp = folder / f".{os.getpid()}-{secrets.token_hex(8)}.part"
    try:
        with _opened(source, limit) as file:
            copied = _copy(file, temp, limit)
        if copied.bytes == 0:
            raise NotAudioError("the recording is empty")
        temp.replace(folder / copied.id)
        sync_folder(folder)
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        temp.unlink(missing_ok=True)
    return copied


def checksum_of(path: Path) -> str:
    """Return a file's SHA-256, "" for what is no readable file."""
    try:
        with _opened(path, limit=1 << 62) as file:
            digest = sha256()
            while chunk := file.read(CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
    except (OSError, NotAudioError, NotFoundError, DeniedError):
        return ""


@contextmanager
def _opened(source: Path | bytes, limit: int) -> Iterator[BinaryIO]:
    """Open a regular file and nothing else: no link, no pipe, no device."""
    if isinstance(source, bytes):
        _check_size(len(source), limit)
        yield io.BytesIO(source)
        return
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {source}", hint="Look at its name and folder.") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DeniedError(f"{source.name} is a link", hint="Put the recording itself there.") from error
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise NotAudioError(f"{source.name} is no file")
        _check_size(found.st_size, limit)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise AudioTooLargeError(
            f"the recording has {size / 1e6:,.0f} MB, more than the {limit / 1e6:,.0f} that are taken"
        )


def _copy(file: BinaryIO, temp: Path, limit: int) -> Copied:
    digest, size, begins = sha256(), 0, b""
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        while chunk := file.read(CHUNK):
            begins = begins or chunk[:4]
            size += len(chunk)
            _check_size(size, limit)  # it may grow while it is read
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(descriptor)
    return Copied(digest.hexdigest(), size, size / BYTES_A_SECOND.get(begins, PACKED))
