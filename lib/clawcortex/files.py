"""Files that are whole or not there: atomic writes, locks between processes, disk faults as our errors."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import BusyError, InputError, storage_error
from clawcortex.text.blocks import Merged, merged

TEMP_NAME = re.compile(r"^\..+\.(\d+)-[0-9a-f]{8}\.tmp$")
"""How `write_atomic` names what it has not renamed yet: `.<name>.<pid>-<random>.tmp`."""


def write_atomic(path: Path, content: bytes) -> None:
    """Put the content where `path` is, whole and durable, readable by its owner only (0600).

    The folder must exist. A crash at any point leaves the old file or the new one.
    """
    temp = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        try:
            write_through(temp, content)
            temp.replace(path)
        except BaseException:
            temp.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error


def write_through(path: Path, content: bytes) -> None:
    """Write a file that is not there yet (0600) and wait until the disk has it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def write_parts(
    workspace: Path,
    name: Path,
    kind: str,
    bodies: Mapping[str, str],
    *,
    title: str,
    gone: Sequence[str] = (),
) -> Merged:
    """Bring our parts of a file that a person may change up to date; what they changed stays.

    `name` is relative to the workspace and stays in it; a new file begins with `title`. The result has no text
    when the file was not written. InputError for a file that is not UTF-8.
    """
    path = place(workspace, name, create=any(bodies.values()))
    try:
        before = path.read_bytes().decode("utf-8") if path.exists() else ""
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8: it is left as it is", hint="Save it as UTF-8, or move it away."
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error
    if not before and not any(bodies.values()):
        return Merged("")
    result = merged(before or title, kind, bodies, gone)
    if result.text == before:
        return Merged("", result.edited)
    write_atomic(path, result.text.encode("utf-8"))
    return result


def place(workspace: Path, name: Path, *, create: bool) -> Path:
    """Return where a file goes, its folders made; refuse a link that leads out of the workspace."""
    folder = workspace
    for part in name.parent.parts:
        folder = paths.confine(folder / part, workspace)
        try:
            if create:
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise storage_error(error, folder) from error
    return paths.confine(folder / name.name, workspace)


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
