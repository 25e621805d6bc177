"""A backup unpacked into a folder of its own: every byte checked, and brought forward to a time."""

from __future__ import annotations

import hashlib
import os
import tarfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import CorruptedError, storage_error
from clawcortex.files import write_through
from clawcortex.store.sql import times
from clawcortex.upkeep.backup import copies, replaying, segments, shelf
from clawcortex.upkeep.backup.keys import Key
from clawcortex.upkeep.backup.manifest import Entry, Manifest, Stored
from clawcortex.upkeep.backup.sealing import PIECE, Unsealing
from clawcortex.upkeep.backup.taking import SQLITE

DATABASE, DUMP = "memory.sqlite", "memory.dump"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What lies in the folder: state/…, workspace/<agent>/…, and the database."""

    manifest: Manifest
    folder: Path
    reached: datetime
    """Every write acknowledged before is there."""

    @property
    def database(self) -> Path:
        """Return SQLite's file, or PostgreSQL's dump."""
        return self.folder / (DATABASE if self.manifest.database.name == SQLITE else DUMP)


def unpack(shelves: Path, found: Manifest, target: Path, key: Key | None, until: datetime | None) -> Unpacked:
    """Unpack a backup into an empty folder and add what was written since, up to a time.

    CorruptedError, DeniedError for a wrong key, DiskFullError before anything is written.
    """
    copies.room_for(target, found.database.plain_bytes + found.files.plain_bytes)
    home = shelves / found.id
    database = target / (DATABASE if found.database.name == SQLITE else DUMP)
    try:
        _extract(home / found.database.name, found.database, database, key)
        _extract_files(home / found.files.name, found, target, key)
    except OSError as error:
        raise storage_error(error, target) from error
    reached = found.taken_at
    stream = shelf.stream_of(shelves, found.id)
    base = segments.base(stream, key) if database.name == DATABASE else None
    if base is not None and (until is None or base.at <= times.stamp(until)):
        replayed = replaying.replay(database, segments.every(stream, key), until)
        reached = max(reached, replayed.reached or reached)
    return Unpacked(found, target, reached)


def _extract(stored: Path, expected: Stored, target: Path, key: Key | None) -> None:
    digest = hashlib.sha256()
    with Unsealing(stored, key) as plain:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while piece := plain.read(PIECE):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(descriptor)
    if digest.hexdigest() != expected.plain_sha256:
        raise CorruptedError(f"{stored} does not hold what was put into it")


def _extract_files(stored: Path, found: Manifest, target: Path, key: Key | None) -> None:
    entries = {entry.name: entry for entry in found.entries}
    try:
        with Unsealing(stored, key) as plain, tarfile.open(mode="r|", fileobj=plain) as tar:
            for member in tar:
                entry = entries.pop(member.name, None)
                file = tar.extractfile(member) if member.isreg() else None
                if entry is None or file is None:
                    raise CorruptedError(f"{stored} holds {member.name!r}, which its manifest does not name")
                _put(target, entry, file.read(), member.mtime)
    except tarfile.TarError as error:
        raise CorruptedError(f"{stored} is damaged: {error}") from error
    if entries:
        raise CorruptedError(f"{stored} does not hold {next(iter(entries))}")


def _put(target: Path, entry: Entry, content: bytes, at: float) -> None:
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise CorruptedError(f"{entry.name} is not as it was put into the backup")
    place = paths.confine(target / entry.name, target)
    for folder in reversed(place.relative_to(target.resolve()).parents):
        paths.private_folder(target / folder)
    write_through(place, content)
    os.utime(place, (at, at))
