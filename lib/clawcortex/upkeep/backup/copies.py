"""The database of a backup: SQLite copied online, page by page; PostgreSQL by its own pg_dump."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from clawcortex import paths
from clawcortex.errors import DiskFullError, SettingsError, StorageError
from clawcortex.settings import Settings
from clawcortex.store.sql.copying import TABLES
from clawcortex.store.sqlite.store import SqliteStore
from clawcortex.upkeep.backup.sealing import PIECE, Sealing

SPARE = 32_000_000
"""Bytes that a backup leaves free on a disk."""
_GENERATION = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a copy holds."""

    schema: int
    generation: int = 0
    audit_head: str = ""
    counts: dict[str, int] = field(default_factory=dict)


def facts(copy: Path) -> Facts:
    """Read off a SQLite file what it holds; the file is left as it is."""
    with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as raw:
        (schema,) = raw.execute("PRAGMA user_version").fetchone()
        (generation,) = raw.execute(_GENERATION).fetchone()
        head = raw.execute("SELECT seq || ':' || digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        counts = {
            name: int(raw.execute(f"SELECT count(*) FROM {name}").fetchone()[0])  # noqa: S608 - our own names
            for name in TABLES
        }
    return Facts(schema, generation, head[0] if head else "", counts)


def room_for(path: Path, size: int) -> None:
    """Refuse to begin what would fill the disk."""
    free = shutil.disk_usage(path).free
    if free < size + SPARE:
        raise DiskFullError(
            f"{path}: {free // 1_000_000} MB are free, a backup needs {(size + SPARE) // 1_000_000} MB",
            hint="Free some space there, or set backup_folder to another disk. Nothing was written.",
        )


@contextmanager
def sqlite_copy(store: SqliteStore) -> Iterator[Path]:
    """Lend a plain copy of the database, beside the database itself: nothing readable goes to another disk."""
    room_for(store.path.parent, store.path.stat().st_size)
    scratch = paths.private_folder(paths.cache_dir() / "backup")
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        copy = Path(folder) / "memory.sqlite"
        store.copy_to(copy)
        yield copy


def remove_scratch() -> None:
    """Remove the copies that a killed backup left."""
    shutil.rmtree(paths.cache_dir() / "backup", ignore_errors=True)


def dump(settings: Settings, sealed: Sealing) -> None:
    """Write PostgreSQL's database into a backup, as pg_dump's custom format."""
    with _running(settings, "pg_dump", "--format=custom", "--compress=0", "--no-owner", stdout=-1) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        while piece := process.stdout.read(PIECE):
            sealed.write(piece)


def load_dump(settings: Settings, plain: IO[bytes]) -> None:
    """Put such a dump into the settings' database, which must be empty: all of it, or nothing."""
    with _running(
        settings, "pg_restore", "--no-owner", "--single-transaction", "--exit-on-error", stdin=-1
    ) as process:
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        try:
            while piece := plain.read(PIECE):
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            process.stdin = None  # it said why on stderr


def program(settings: Settings, name: str) -> str:
    """Return PostgreSQL's program, or raise the SettingsError that names its package."""
    found = shutil.which(name, path=settings.backup_programs or None)
    if found is None:
        where = settings.backup_programs or "PATH"
        raise SettingsError(
            f"{name} is not in {where}: PostgreSQL is backed up by its own programs",
            hint="Install the package postgresql-client (macOS: libpq), or set backup_programs to their folder.",
        )
    return found


@contextmanager
def _running(
    settings: Settings, name: str, *flags: str, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of PostgreSQL's programs on the settings' database; the password goes by the environment."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    where = {key: str(value) for key, value in conninfo_to_dict(settings.store_url).items()}
    environment = dict(os.environ)
    if password := where.pop("password", ""):
        environment["PGPASSWORD"] = password
    where.setdefault("connect_timeout", "10")
    command = [program(settings, name), *flags, f"--dbname={make_conninfo('', **where)}"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, stdin=stdin, stdout=stdout, stderr=said)
        try:
            with process:
                yield process
        except BaseException:
            process.kill()
            raise
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            told = next((line for line in lines if "error:" in line), lines[-1])
            raise StorageError(
                f"{name} ended with {process.returncode}: {told}",
                hint="Nothing was changed. The program must be as new as the PostgreSQL server.",
            )
