"""SQLite's and the disk's refusals as our errors, each with the next step."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from clawcortex.errors import (
    ClawcortexError,
    ConflictError,
    CorruptedError,
    DiskFullError,
    InputError,
    LockedError,
    ReadOnlyError,
    StorageError,
    storage_error,
)

_CORRUPTED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_TOO_LITTLE = 1_000_000  # bytes; below this a failed write of SQLite's own files means a full disk


def translated(error: Exception, path: Path) -> Exception:
    """Return our error for a driver's or the disk's; any other comes back as it is."""
    if isinstance(error, ClawcortexError):
        return error
    if isinstance(error, sqlite3.Error):
        return _from_sqlite(error, path)
    if isinstance(error, OSError):
        return storage_error(error, path)
    if isinstance(error, UnicodeEncodeError):
        return InputError(f"text that is not valid Unicode cannot be stored: {error.reason}")
    if isinstance(error, OverflowError):
        return InputError(f"a number is too large to be stored: {error}")
    return error


def _from_sqlite(error: sqlite3.Error, path: Path) -> ClawcortexError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _CORRUPTED:
        return CorruptedError(
            f"{path} is damaged: {error}",
            hint=f"Move {path} away and restore the newest backup; run `clawcortex doctor` afterwards.",
        )
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return DiskFullError(f"{path}: no space left on the disk ({error})")
    if code == sqlite3.SQLITE_READONLY or (code == sqlite3.SQLITE_CANTOPEN and _is_read_only(path)):
        return ReadOnlyError(f"{path}: cannot be written ({error})")
    if code == sqlite3.SQLITE_CONSTRAINT:
        return ConflictError(
            f"{path}: {error}", hint="What is to be stored contradicts what is stored already."
        )
    if code in _LOCKED:
        return LockedError(f"{path} is held by another process ({error})")
    return StorageError(f"{path}: {error}")


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _TOO_LITTLE
    except OSError:
        return False


def _is_read_only(path: Path) -> bool:
    """Ask the disk itself: as root, permission bits say nothing."""
    try:
        with path.open("r+b"):
            return False
    except FileNotFoundError:
        return False
    except OSError as error:
        return isinstance(storage_error(error, path), ReadOnlyError)


@contextlib.contextmanager
def faults(path: Path) -> Iterator[None]:
    """Raise our errors for whatever SQLite or the disk refuses inside the block."""
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeEncodeError, OverflowError) as error:
        raise translated(error, path) from error
