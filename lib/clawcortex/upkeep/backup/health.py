"""What the doctor looks at: whether there is a fresh backup, whether it was restored for a try, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from clawcortex import paths
from clawcortex.errors import ClawcortexError
from clawcortex.settings import Settings
from clawcortex.store.opening import sqlite_path
from clawcortex.upkeep.backup import copies, shelf, verifying

STALE = timedelta(hours=50)
"""Two nights were missed."""
SOON_S = 600.0
TAKE = "Run `clawcortex backup`; logs/server.jsonl says why none was taken at night."


class Finding(NamedTuple):
    """One check as the doctor has it: name, whether it is well, what was found, what to do."""

    name: str
    passed: bool
    found: str
    next_step: str = ""


def findings(settings: Settings) -> Iterator[Finding]:
    """Yield what there is to say of the backups; before there is a memory nothing is missed."""
    database = sqlite_path(settings)
    folder = shelf.folder_of(settings)
    if database is not None and not database.exists() and not shelf.ids(folder):
        yield Finding("backup", passed=True, found="nothing to back up yet")
        return
    if database is None:
        copies.program(settings, "pg_dump")
    yield _fresh(settings, folder)
    yield _restorable(folder)
    yield _elsewhere(folder, database or paths.state_dir())


def _fresh(settings: Settings, folder: Path) -> Finding:
    there = shelf.ids(folder)
    if not there:
        well = not settings.backup_nightly or _just_started()
        return Finding("backup", well, f"none in {folder} yet", TAKE)
    age = datetime.now(UTC) - shelf.begun(there[-1])
    found = f"{len(there)} in {folder}, the newest {age.total_seconds() / 3600:.0f} h old"
    return Finding("backup", age < STALE or not settings.backup_nightly, found, TAKE)


def _just_started() -> bool:
    """Return whether no server had the time for a first backup; it writes its lock when it starts."""
    lock = paths.lock_path("server")
    return not lock.exists() or datetime.now(UTC).timestamp() - lock.stat().st_mtime < SOON_S


def _restorable(folder: Path) -> Finding:
    step = "Run `clawcortex backup verify`: it restores one into a scratch folder and asks it questions."
    try:
        last = verifying.last(folder)
    except ClawcortexError as error:
        return Finding("backup verified", passed=False, found=error.message, next_step=error.hint)
    if last is None:
        return Finding("backup verified", passed=True, found=f"not yet. {step}")
    found = "; ".join(last.faults) or f"{last.backup} at {last.at[:16]}, {last.asked} questions answered"
    return Finding("backup verified", not last.faults, found, f"Take another one. {step}")


def _elsewhere(folder: Path, database: Path) -> Finding:
    places = [next(one for one in (path, *path.parents) if one.exists()) for path in (folder, database)]
    same = places[0].stat().st_dev == places[1].stat().st_dev
    hint = "on the database's own disk: set backup_folder to a folder on another one"
    return Finding(
        "backup disk", passed=True, found=hint if same else f"{folder}, another disk than the memory's"
    )
