"""What the command line does with backups."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clawcortex.errors import CorruptedError, InputError
from clawcortex.openclaw.gateway import GatewayHost
from clawcortex.settings import Settings, load_settings
from clawcortex.skills.registry import load
from clawcortex.store.opening import open_store
from clawcortex.upkeep.backup import restoring, shelf, taking, verifying
from clawcortex.upkeep.backup.manifest import Manifest
from clawcortex.upkeep.backup.verifying import Verified

LATEST = "latest"


def taken(shelves: str = "", key: str = "") -> dict[str, Any]:
    """Take a backup now; a server that runs goes on."""
    settings = _settings(shelves, key)
    with closing(open_store(settings)) as store:
        made = taking.take(settings, store, load(), GatewayHost())
    return _line(shelf.folder_of(settings), made)


def listed(shelves: str = "") -> dict[str, Any]:
    """Return every backup, the newest last."""
    folder = shelf.folder_of(_settings(shelves))
    found = [
        {"damaged": one.message} if isinstance(one, CorruptedError) else _line(folder, one)
        for one in shelf.every(folder)
    ]
    last = verifying.last(folder)
    return {"folder": str(folder), "backups": found, "verified": asdict(last) if last else None}


def verified(shelves: str = "", backup: str = "", key: str = "") -> Verified:
    """Verify the newest backup or the one named."""
    return verifying.verify(_settings(shelves, key), load(), backup=backup)


def restored(at: str, shelves: str = "", key: str = "", *, into: str = "") -> dict[str, Any]:
    """Restore the newest state or that of a time; the server's lock is the caller's unless it goes elsewhere."""
    settings = _settings(shelves, key)
    moment = None if at == LATEST else moment_of(settings, at)
    if into:
        return asdict(restoring.restore_into(settings, Path(into).expanduser().absolute(), at=moment))
    return asdict(restoring.restore(settings, GatewayHost(), at=moment))


def moment_of(settings: Settings, text: str) -> datetime:
    """Return the time that a person wrote; without an offset it is by the person's clock."""
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{text!r} is no time", hint="Give it as 2026-11-23T14:05 or 2026-11-23T14:05:10+00:00."
        ) from error
    if moment.tzinfo is None:
        moment = (
            moment.replace(tzinfo=ZoneInfo(settings.timezone)) if settings.timezone else moment.astimezone()
        )
    return moment.astimezone(UTC)


def _settings(shelves: str, key: str = "") -> Settings:
    given = {"backup_folder": shelves, "backup_key_file": key}
    return load_settings().model_copy(update={name: value for name, value in given.items() if value})


def _line(folder: Path, found: Manifest) -> dict[str, Any]:
    return {
        "id": found.id,
        "taken_at": found.taken_at.isoformat(),
        "memories": found.counts.get("memories"),
        "files": len(found.entries),
        "bytes": found.database.bytes + found.files.bytes,
        "encrypted": found.encrypted,
        "followed": shelf.is_followed(folder, found.id),
        "path": str(folder / found.id),
        "warnings": found.warnings,
    }
