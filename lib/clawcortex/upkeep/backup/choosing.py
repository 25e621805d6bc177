"""Which backup to restore: the one that, with what was written since, comes closest to the time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from clawcortex.store.sql import times
from clawcortex.upkeep.backup import manifest, segments, shelf
from clawcortex.upkeep.backup.keys import Key
from clawcortex.upkeep.backup.manifest import Manifest
from clawcortex.upkeep.backup.segments import Kind


def choose(folder: Path, key: Key | None, at: datetime | None = None) -> Manifest:
    """Return the backup to begin with for the newest state, or for that of a time; NotFoundError when none is so old.

    A backup by hand, or one that has only just been taken, may be newer than the night's; but what was written since
    is added to the night's.
    """
    newest = shelf.find(folder, at)
    for backup in reversed(shelf.ids(folder)):
        if backup > newest.id or not shelf.is_followed(folder, backup):
            continue
        stream = shelf.stream_of(folder, backup)
        base = segments.base(stream, key)
        if base is None or (at is not None and base.at > times.stamp(at)):
            continue
        later = backup == newest.id or _reaches(stream, key, newest.taken_at, at)
        return manifest.read(folder / backup) if later else newest
    return newest


def _reaches(stream: Path, key: Key | None, after: datetime, at: datetime | None) -> bool:
    """Return whether there is something that was shipped after one time, and not after the other."""
    first, last = times.stamp(after), times.stamp(at) if at else None
    return any(
        piece.kind in (Kind.FRAMES, Kind.PART) and piece.at > first and (last is None or piece.at <= last)
        for path in reversed(segments.files(stream))
        for piece in segments.pieces(path, key)
    )
