"""Turns that waited while the server was down: read in order, applied once, then removed.

A file is `<milliseconds>-<random>.json` with {"hook", "event", "ctx"}, written whole (temp and rename)
by index.js or `client.spool`. What cannot be applied is kept in `spool/bad/` beside its reason.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.errors import ClawcortexError, InputError, StorageError, UnavailableError, storage_error
from clawcortex.files import sync_folder

log = logging.getLogger(__name__)

ABANDONED_S = 600.0
Apply = Callable[[str, Mapping[str, Any], Mapping[str, Any]], None]


class Spool:
    """Apply waiting files through the same path as a live hook; one reader at a time."""

    def __init__(self, apply: Apply) -> None:
        self._apply = apply
        self._lock = threading.Lock()

    def waiting(self) -> list[Path]:
        """Return the files that wait, oldest first."""
        try:
            names = [entry.name for entry in os.scandir(paths.spool_dir()) if entry.name.endswith(".json")]
        except FileNotFoundError:
            return []
        return [paths.spool_dir() / name for name in sorted(names, key=_order) if not name.startswith(".")]

    def drain(self) -> int:
        """Apply every waiting file; a fault of the disk or model stops here and leaves the rest in order."""
        applied = 0
        _remove_abandoned()
        with self._lock:
            while files := self.waiting():
                for path in files:
                    self._take(path)
                    applied += 1
        return applied

    def _take(self, path: Path) -> None:
        try:
            hook, event, ctx = _read(path)
            self._apply(hook, event, ctx)
        except (StorageError, UnavailableError):
            raise  # it may work later: the file stays
        except ClawcortexError as error:
            _put_aside(path, f"{error.code}: {error.message}")
        except Exception as error:  # one file that nobody can apply must not hold up the others; it is kept
            log.exception("spooled %s cannot be applied", path.name)
            _put_aside(path, f"{type(error).__name__}: {error}")
        else:
            path.unlink(missing_ok=True)


def _remove_abandoned() -> None:
    """Remove what a writer that was killed before its rename left: nobody will ever finish it."""
    now = time.time()
    for part in paths.spool_dir().glob(".*.part"):
        try:
            if now - part.stat().st_mtime > ABANDONED_S:
                part.unlink()
        except FileNotFoundError:
            continue  # its writer was alive after all


def _order(name: str) -> tuple[int, str]:
    """Return the sort key of a name; times come in milliseconds, with or without leading zeros."""
    digits = name.partition("-")[0]
    return (int(digits) if digits.isdecimal() else 0, name)


def _read(path: Path) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise storage_error(error, path) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("hook"), str):
        raise InputError(f"{path.name} names no hook")
    event, ctx = found.get("event", {}), found.get("ctx", {})
    if not isinstance(event, dict) or not isinstance(ctx, dict):
        raise InputError(f"{path.name}: event and ctx must be objects")
    return found["hook"], event, ctx


def _put_aside(path: Path, reason: str) -> None:
    log.error("spooled %s put aside: %s", path.name, reason)
    bad = paths.private_folder(path.parent / "bad")
    try:
        with os.fdopen(os.open(bad / f"{path.name}.reason", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(reason + "\n")
        path.rename(bad / path.name)
        sync_folder(bad)
    except OSError as error:
        raise storage_error(error, path) from error
