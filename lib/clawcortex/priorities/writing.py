"""PRIORITIES.md on disk: updated under a lock against other writers and editors, and undone."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clawcortex.errors import BusyError, InputError, NotFoundError, ReadOnlyError, storage_error
from clawcortex.files import locked, remove_leftovers
from clawcortex.paths import private_folder
from clawcortex.priorities.identity import Alike
from clawcortex.priorities.keeping import (
    forget_killed,
    history,
    late_save,
    ledger_in,
    ledger_of,
    prune,
    write,
)
from clawcortex.priorities.merging import Merge, merge
from clawcortex.priorities.parsing import parse
from clawcortex.priorities.reading import decoded, read, settled
from clawcortex.priorities.records import Action, Conflict, Priority
from clawcortex.priorities.undoing import undone

TRIES = 50
"""Saves by an editor, one right after the other, that a write outlasts."""


@dataclass(frozen=True, slots=True)
class Update:
    """What a write did. `version` is empty when the file needed no change."""

    version: str = ""
    added: Sequence[Priority] = ()
    changed: Sequence[Priority] = ()
    refused: Sequence[Priority | Action] = ()
    conflicts: Sequence[Conflict] = ()
    kept: Sequence[Priority] = ()


def top(path: Path, n: int = 5) -> list[Priority]:
    """Return the first open priorities in the person's order."""
    listed = (item.priority for item in parse(read(path)).items if item.counts and not item.put_away)
    return [one for one in listed if one.text and one.is_open][:n]


def update(
    path: Path,
    state: Path,
    new: Sequence[Priority],
    alike: Alike,
    *,
    when: str = "",
    keep: int = 50,
    seconds: float = 10.0,
) -> Update:
    """Merge what is said into the file, atomically; `keep` versions stay in the history.

    `when` is the day that a person reads beside a conflict; `seconds` is how long to wait for another writer. The
    path must be confined already (`files.place`). BusyError when another process or an editor never stops writing;
    StorageError for what the disk refuses: the file then is as it was.
    """
    with _writing(path, state, seconds):
        for _ in range(TRIES):
            before = settled(path)
            text = "" if before is None else decoded(path, before)
            ledger = {} if before is None else ledger_of(state, before)  # without a file it begins anew
            late = late_save(state)
            result = merge(ledger, text, new, alike, when=when, also=late)
            version = write(path, state, before, ledger, result.text, result.ledger)
            if version is not None:
                prune(state, keep)
                return _told(version, result)
        raise _never_still(path)


def undo(path: Path, state: Path) -> Update:
    """Take back the last write; what a person changed since stays. NotFoundError when nothing is left to undo."""
    with _writing(path, state):
        for _ in range(TRIES):
            versions = history(state)
            if not versions:
                raise NotFoundError("no write to PRIORITIES.md is left to undo", hint="The history is empty.")
            last = versions[-1]
            before = settled(path)
            text = "" if before is None else decoded(path, before)
            earlier = ledger_in(last.before.with_name("known.json"))
            result = undone(read(last.before), read(last.after), text, earlier, ledger_of(state, before))
            if write(path, state, before, earlier, result.text, result.ledger, undoes=True) is not None:
                shutil.rmtree(last.before.parent)
                return _told(last.id, result)
        raise _never_still(path)


def _never_still(path: Path) -> BusyError:
    return BusyError(
        f"{path} is saved again and again by another program", hint="Close it there, then call again."
    )


def _told(version: str, result: Merge) -> Update:
    return Update(version, result.added, result.changed, result.refused, result.conflicts, result.kept)


@contextlib.contextmanager
def _writing(path: Path, state: Path, seconds: float = 10.0) -> Iterator[None]:
    if path.is_symlink():
        raise InputError(f"{path} is a link", hint="Name the file that it leads to.")
    try:
        private_folder(state)
        private_folder(state / "history")
    except OSError as error:
        raise storage_error(error, state) from error
    try:
        path.parent.stat()
        locked_by_person = path.exists() and not path.stat().st_mode & 0o222
    except OSError as error:
        raise storage_error(error, path) from error
    if locked_by_person:
        raise ReadOnlyError(
            f"{path} is read-only: it cannot be written and stays as it is",
            hint=f"Make it writable (chmod u+w '{path}'), then call again.",
        )
    with locked(state / "known.json", seconds=seconds):
        remove_leftovers(path.parent)
        forget_killed(path, state)
        yield
