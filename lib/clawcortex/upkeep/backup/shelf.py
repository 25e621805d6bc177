"""The folder of the backups: which there are, which may go.

<backup_folder>/20261123T031502.123456Z/   manifest.json, the database, the files
<backup_folder>/stream/20261123T031502.123456Z/NNNN.wal   what was written since: `shipping`
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import BusyError, CorruptedError, NotFoundError, storage_error
from clawcortex.files import locked
from clawcortex.settings import Settings
from clawcortex.upkeep.backup import manifest
from clawcortex.upkeep.backup.manifest import Manifest

ID = re.compile(r"\d{8}T\d{6}\.\d{6}Z")
UNFINISHED = re.compile(r"\.\d{8}T\d{6}\.\d{6}Z\.tmp")
_FORMAT = "%Y%m%dT%H%M%S.%fZ"
DAILY, WEEKLY, MONTHLY, RECENT = 7, 4, 6, 3
"""How many are kept: of the last days, weeks and months one each, and in any case so many of the newest."""


def folder_of(settings: Settings) -> Path:
    """Return the folder of the backups."""
    named = settings.backup_folder
    return Path(named).expanduser() if named else paths.state_dir() / "backups"


def new_id(at: datetime) -> str:
    """Return the name of a backup that begins now."""
    return at.astimezone(UTC).strftime(_FORMAT)


def begun(backup: str) -> datetime:
    """Return when the backup of this name began."""
    return datetime.strptime(backup, _FORMAT).replace(tzinfo=UTC)


def ids(folder: Path) -> list[str]:
    """Return the names of the finished backups, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if ID.fullmatch(path.name))


def stream_of(folder: Path, backup: str) -> Path:
    """Return where the changes since a backup are."""
    return folder / "stream" / backup


def is_followed(folder: Path, backup: str) -> bool:
    """Return whether changes were added to this backup."""
    return stream_of(folder, backup).is_dir()


def every(folder: Path) -> Iterator[Manifest | CorruptedError]:
    """Yield what is known of each backup, the oldest first."""
    for backup in ids(folder):
        try:
            yield manifest.read(folder / backup)
        except CorruptedError as error:
            yield error


def find(folder: Path, at: datetime | None = None) -> Manifest:
    """Return the newest backup, or the newest that stood at a time; NotFoundError when there is none."""
    for backup in reversed(ids(folder)):
        if at is not None and begun(backup) > at:
            continue
        found = manifest.read(folder / backup)
        if at is None or found.taken_at <= at:
            return found
    when = f" of {at.isoformat()} or before" if at else ""
    raise NotFoundError(
        f"there is no backup{when} in {folder}",
        hint="`clawcortex backup list` shows which there are; backup_folder in settings.toml names the folder.",
    )


def kept(backups: Iterable[str], followed: Iterable[str] = ()) -> set[str]:
    """Return which backups stay: the newest ones, and of each of the last days, weeks and months the newest.

    Where there is a choice, one that was followed by changes stays. Days and weeks are UTC's.
    """
    with_stream = set(followed)
    ordered = sorted(backups, key=lambda backup: (backup in with_stream, backup), reverse=True)
    newest = sorted(ordered, reverse=True)
    stay = set(newest[:RECENT]) | set(sorted(with_stream & set(ordered), reverse=True)[:1])
    for count, form in ((DAILY, "%Y-%m-%d"), (WEEKLY, "%G-%V"), (MONTHLY, "%Y-%m")):
        periods: dict[str, str] = {}
        for backup in ordered:
            periods.setdefault(begun(backup).strftime(form), backup)
        stay |= {periods[period] for period in sorted(periods, reverse=True)[:count]}
    return stay


def rotate(folder: Path) -> list[str]:
    """Remove the backups that need not stay, and the changes of those that no day needs; return their names."""
    present = ids(folder)
    stay = kept(present, [backup for backup in present if is_followed(folder, backup)])
    gone = [backup for backup in present if backup not in stay]
    streams = folder / "stream"
    for backup in gone:
        _remove(folder / backup)
    days = sorted({backup[:8] for backup in stay}, reverse=True)[:DAILY]
    for stream in streams.iterdir() if streams.is_dir() else ():
        if stream.name not in stay or stream.name[:8] not in days:
            _remove(stream)
    return gone


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed backup left; whoever calls holds the folder's lock."""
    for path in (*folder.iterdir(), *(folder / "stream").glob(".*")):
        if UNFINISHED.fullmatch(path.name):
            _remove(path)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold the folder against every other backup and rotation; made (0700) when it is not there."""
    try:
        paths.private_folder(folder)
        lock = locked(folder / "backups", seconds=0)
    except OSError as error:
        raise storage_error(error, folder) from error
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock)
        except BusyError as error:
            raise BusyError(
                f"another backup is being written to {folder}", hint="Wait until it is done."
            ) from error
        yield folder


def _remove(path: Path) -> None:
    """Remove a folder so that a kill in between leaves no half one under its name."""
    try:
        if ID.fullmatch(path.name):
            path = path.rename(path.with_name(f".{path.name}.tmp"))
        shutil.rmtree(path)
    except OSError as error:
        raise storage_error(error, path) from error
