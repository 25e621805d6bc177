"""Files that are whole or not there: atomic writes, locks between processes, disk faults as our errors."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from clawcortex.errors import BusyError, storage_error

TEMP_NAME = re.compile(r"^\..+\.(\d+)-[0-9a-f]{8}\.tmp$")
"""How `write_atomic` names what it has not renamed yet: `.<name>.<pid>-<random>.tmp`."""


def write_atomic(path: Path, content: bytes) -> None:
    """Put the content where `path` is, whole and durable, readable by its owner only (0600).

    The folder must exist. A crash at any point leaves the old file or the new one.
    """
    temp = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        try:
            _write_through(temp, content)
            temp.replace(path)
        except BaseException:
            temp.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error


def _write_through(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a rename is not, until its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> list[Path]:
    """Remove what writers that were killed before their rename left in this folder; return it."""
    removed = []
    for path in folder.iterdir():
        named = TEMP_NAME.match(path.name)
        if named and not _alive(int(named[1])):
            path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def locked(path: Path, *, seconds: float = 10.0) -> Iterator[None]:
    """Hold the one lock on `path` between processes and threads; raise BusyError when it is not free in time.

    The lock is on `<path>.lock` beside it, which stays: renaming `path` itself would lose the lock.
    """
    import portalocker

    guard = path.with_name(f"{path.name}.lock")
    try:
        guard.touch(mode=0o600, exist_ok=True)
        lock = portalocker.Lock(guard, "rb+", timeout=seconds, check_interval=0.02)
        lock.acquire()
    except OSError as error:
        raise storage_error(error, guard) from error
    except portalocker.LockException as error:
        raise BusyError(
            f"{path} is in use by another process for more than {seconds:g} s",
            hint="Wait for the other clawcortex process to finish, then call again.",
        ) from error
    try:
        yield
    finally:
        lock.release()
