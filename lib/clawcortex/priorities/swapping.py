"""Put new content where a file is, unless somebody else saved it meanwhile.

A check before a rename leaves a moment in which an editor's save is overwritten. Where the system can exchange two
names in one step, what was there is looked at after the exchange and put back when it is not what was read.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from clawcortex.errors import storage_error
from clawcortex.files import sync_folder, write_through

_AT_FDCWD = -100
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS."""


def replace_unless_changed(path: Path, before: bytes | None, content: bytes, *, old: Path) -> bool:
    """Write the content, whole, if the file still is what it was (None: missing); return whether it was.

    The file that was there is moved to `old`, with whatever an editor still writes into it.
    """
    temp = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        try:
            write_through(temp, content)
            written = _create(temp, path) if before is None else _swap(temp, path, before, content, old)
        finally:
            temp.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error
    return written


def _create(temp: Path, path: Path) -> bool:
    try:
        os.link(temp, path)
    except FileExistsError:
        return False
    return True


def _swap(temp: Path, path: Path, before: bytes, content: bytes, old: Path) -> bool:
    if not path.exists() or path.read_bytes() != before:
        return False
    if not _exchanged(temp, path):
        temp.replace(path)
        return True
    placed, found = content, temp.read_bytes()
    if found == before:
        _keep(temp, old)
        return True
    while True:  # somebody saved in between: theirs goes back, or what they saved after that
        if not _exchanged(temp, path):
            temp.replace(path)
            return False
        back = temp.read_bytes()
        if back == placed:
            return False
        placed, found = found, back


def _keep(temp: Path, old: Path) -> None:
    try:
        temp.replace(old)
    except OSError:
        temp.unlink(missing_ok=True)  # another file system: `old` is a copy


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step; return False where the system cannot."""
    rename = _renamer()
    return rename is not None and rename(os.fsencode(one), os.fsencode(other)) == 0


@cache
def _renamer() -> Callable[[bytes, bytes], int] | None:
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        swap = getattr(libc, "renamex_np", None)
        return None if swap is None else lambda one, other: int(swap(one, other, ctypes.c_uint(_EXCHANGE)))
    swap = getattr(libc, "renameat2", None)
    if swap is None:
        return None
    return lambda one, other: int(swap(_AT_FDCWD, one, _AT_FDCWD, other, ctypes.c_uint(_EXCHANGE)))
