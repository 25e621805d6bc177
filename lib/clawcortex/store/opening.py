"""Which store the settings name, opened."""

from __future__ import annotations

from pathlib import Path

from clawcortex import paths
from clawcortex.errors import ConflictError, SettingsError
from clawcortex.files import locked
from clawcortex.settings import Settings
from clawcortex.store.sql.store import SqlStore
from clawcortex.store.sqlite.faults import faults

SQLITE = "sqlite:"
POSTGRES = ("postgresql://", "postgres://")


def open_store(settings: Settings) -> SqlStore:
    """Open the store of `store_url`, made or migrated when needed; empty: SQLite in the state folder."""
    url = settings.store_url
    if url.startswith(POSTGRES):
        return _postgres(url)
    from clawcortex.store.sqlite.store import SqliteStore

    if (path := sqlite_path(settings)) is not None:
        if not url:
            paths.private_folder(path.parent)
            _refuse_half_restored()
            _take_over(path)
        return SqliteStore(path, least_free_mb=settings.least_free_mb)
    scheme = url.partition(":")[0]  # the rest may hold a password
    raise SettingsError(
        f"store_url begins with {scheme[:40]!r}, which names no store that is known",
        hint="Leave it empty, or give sqlite:/folder/memory.sqlite or postgresql://user:password@host/database.",
    )


def restoring_path() -> Path:
    """Return what says that a backup is being put in the place of the state."""
    return paths.state_dir() / "restoring" / "plan.json"


def _refuse_half_restored() -> None:
    if restoring_path().exists():
        raise ConflictError(
            "a restore was cut off half-way", hint="Run `clawcortex restore` again: it is finished then."
        )


def _take_over(path: Path) -> None:
    """Give a database of before its present name; its log first, so that a kill in between loses nothing."""
    before = path.with_name("memory.db")
    if path.exists() or not before.exists():
        return
    with faults(path), locked(path):
        for end in ("-wal", ""):
            old = before.with_name(f"{before.name}{end}")
            if old.exists():
                old.rename(path.with_name(f"{path.name}{end}"))
        before.with_name(f"{before.name}-shm").unlink(missing_ok=True)


def sqlite_path(settings: Settings) -> Path | None:
    """Return the file of the settings' store; None when it is not SQLite's."""
    url = settings.store_url
    if not url:
        return paths.database_path()
    name = url.removeprefix(SQLITE).removeprefix("//")
    return Path(name).expanduser().absolute() if url.startswith(SQLITE) and name else None


def _postgres(url: str) -> SqlStore:
    try:
        from clawcortex.store.postgres.store import PostgresStore
    except ImportError as error:
        raise SettingsError(
            f"store_url names PostgreSQL, but its driver is not installed ({error.name})",
            hint="Run `python3 install.py --postgres`; it adds what is missing.",
        ) from error
    return PostgresStore(url)
