"""PRIORITIES.md read from disk: whole, in UTF-8, and not in the moment in which an editor saves it."""

from __future__ import annotations

import time
from pathlib import Path

from clawcortex.errors import InputError, storage_error

LARGEST = 32 * 2**20
"""Bytes of a file that is still read."""
QUIET_S = 0.05
"""An editor that writes in place empties the file first: what was saved this moment is read a moment later."""
LOOKS = 50


def read(path: Path) -> str:
    """Return the file's text, "" when there is none; InputError for what is not UTF-8 text."""
    content = content_of(path)
    return "" if content is None else decoded(path, content)


def settled(path: Path) -> bytes | None:
    """Return the content once nobody has saved it for a moment; None when the file is missing."""
    for _ in range(LOOKS):
        try:
            age = time.time() - path.stat().st_mtime
        except FileNotFoundError:
            time.sleep(QUIET_S)  # some editors move the old file away first
            if not path.exists():
                return None
            continue
        except OSError as error:
            raise storage_error(error, path) from error
        if not 0 <= age < QUIET_S:
            break
        time.sleep(QUIET_S - age)
    return content_of(path)


def content_of(path: Path) -> bytes | None:
    """Return the bytes, None when the file is missing; InputError when they are too many."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(
                f"{path} is larger than {LARGEST >> 20} MB", hint="Move what is old to another file."
            )
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(error, path) from error


def decoded(path: Path, content: bytes) -> str:
    """Return the text; InputError for what is none."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(f"{path} is not UTF-8 text: it is left as it is", hint="Save it as UTF-8.")
    return text
