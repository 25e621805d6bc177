"""When the next backup is due: every night, and at once when the one of last night is missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clawcortex.settings import Settings
from clawcortex.store.base import Store
from clawcortex.store.sqlite.store import SqliteStore
from clawcortex.upkeep.backup import shelf

HOUR = 4
"""By the person's clock; the night's consolidation begins at half past three."""
RECORD = ("upkeep", "backup")


def is_due(settings: Settings, store: Store, now: datetime) -> bool:
    """Return whether none was taken since the last time it was four in the morning."""
    zone = ZoneInfo(settings.timezone) if settings.timezone else None
    here = now.astimezone(zone)
    boundary = here.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if here < boundary:
        boundary -= timedelta(days=1)
    taken = last_taken(settings, store)
    return taken is None or taken < boundary


def last_taken(settings: Settings, store: Store) -> datetime | None:
    """Return when the last nightly backup was taken; of a shared store, by whatever host."""
    if isinstance(store, SqliteStore):
        followed = [one for one in shelf.ids(shelf.folder_of(settings)) if _counts(settings, one)]
        return shelf.begun(followed[-1]) if followed else None
    record = store.get_record(*RECORD)
    return datetime.fromisoformat(str(record["at"])) if record else None


def note(store: Store, now: datetime) -> None:
    """Write down that it was taken, for the other hosts of the store."""
    if not isinstance(store, SqliteStore):
        store.put_record(*RECORD, {"at": now.isoformat()})


def _counts(settings: Settings, backup: str) -> bool:
    return shelf.is_followed(shelf.folder_of(settings), backup)
