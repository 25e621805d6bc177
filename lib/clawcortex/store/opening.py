"""Which store the settings name, opened."""

from __future__ import annotations

from pathlib import Path

from clawcortex import paths
from clawcortex.errors import SettingsError
from clawcortex.settings import Settings
from clawcortex.store.sql.store import SqlStore

SQLITE = "sqlite:"
POSTGRES = ("postgresql://", "postgres://")


def open_store(settings: Settings) -> SqlStore:
    """Open the store of `store_url`, made or migrated when needed; empty: SQLite in the state folder."""
    url = settings.store_url
    if url.startswith(POSTGRES):
        return _postgres(url)
    from clawcortex.store.sqlite.store import SqliteStore

    if not url:
        path = paths.database_path()
        paths.private_folder(path.parent)
        return SqliteStore(path, least_free_mb=settings.least_free_mb)
    if url.startswith(SQLITE) and (name := url.removeprefix(SQLITE).removeprefix("//")):
        file = Path(name).expanduser().absolute()
        return SqliteStore(file, least_free_mb=settings.least_free_mb)
    scheme = url.partition(":")[0]  # the rest may hold a password
    raise SettingsError(
        f"store_url begins with {scheme[:40]!r}, which names no store that is known",
        hint="Leave it empty, or give sqlite:/folder/memory.db or postgresql://user:password@host/database.",
    )


def _postgres(url: str) -> SqlStore:
    try:
        from clawcortex.store.postgres.store import PostgresStore
    except ImportError as error:
        raise SettingsError(
            f"store_url names PostgreSQL, but its driver is not installed ({error.name})",
            hint="Run `python3 install.py --postgres`; it adds what is missing.",
        ) from error
    return PostgresStore(url)
