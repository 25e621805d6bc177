"""Which store the settings name, opened."""

from __future__ import annotations

from pathlib import Path

from clawcortex import paths
from clawcortex.errors import SettingsError
from clawcortex.settings import Settings
from clawcortex.store.base import Store

SQLITE = "sqlite:"


def open_store(settings: Settings) -> Store:
    """Open the store of `store_url`, made or migrated when needed; empty: SQLite in the state folder."""
    from clawcortex.store.sqlite.store import SqliteStore

    url = settings.store_url
    if not url:
        path = paths.database_path()
        paths.private_folder(path.parent)
        return SqliteStore(path)
    if url.startswith(SQLITE) and (name := url.removeprefix(SQLITE).removeprefix("//")):
        return SqliteStore(Path(name).expanduser().absolute())
    raise SettingsError(
        f"store_url {url!r} names no store that is known",
        hint="Leave it empty, or give a file as sqlite:/folder/memory.db.",
    )
