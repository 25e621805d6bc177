"""Take a backup: everything into a folder of another name, made durable, then renamed."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import clawcortex
from clawcortex.errors import storage_error
from clawcortex.files import sync_folder, write_through
from clawcortex.openclaw.host import Host
from clawcortex.settings import Settings
from clawcortex.skills.registry import Registry
from clawcortex.store.sql.store import SqlStore
from clawcortex.store.sqlite.store import SqliteStore
from clawcortex.upkeep.backup import contents, copies, manifest, shelf
from clawcortex.upkeep.backup.contents import Source
from clawcortex.upkeep.backup.copies import Facts
from clawcortex.upkeep.backup.keys import Key, load_key
from clawcortex.upkeep.backup.manifest import Entry, Manifest, Stored
from clawcortex.upkeep.backup.sealing import Written, sealing

SQLITE, POSTGRES, FILES = "memory.sqlite.zst", "memory.dump.zst", "files.tar.zst"
Began = Callable[[str], None]


def take(
    settings: Settings, store: SqlStore, registry: Registry, host: Host, *, began: Began = lambda _: None
) -> Manifest:
    """Take a backup while everything goes on, then let go of the oldest; return what is in it.

    `began` is told its name before the database is copied. BusyError when another one is being taken here,
    DiskFullError before the disk is full; whatever fails leaves no half backup.
    """
    key = load_key(settings)
    with shelf.held(shelf.folder_of(settings)) as folder:
        shelf.remove_unfinished(folder)
        copies.remove_scratch()
        backup = shelf.new_id(datetime.now(UTC))
        temp = folder / f".{backup}.tmp"
        try:
            temp.mkdir(mode=0o700)
            began(backup)
            made = _write(temp, backup, settings, store, registry, host, key)
            write_through(temp / manifest.NAME, manifest.as_bytes(made))
            sync_folder(temp)
            temp.rename(folder / backup)
            sync_folder(folder)
        except OSError as error:
            raise storage_error(error, temp) from error
        finally:
            if temp.exists():
                shelf.remove_unfinished(folder)
        shelf.rotate(folder)
    return made


def _write(
    temp: Path,
    backup: str,
    settings: Settings,
    store: SqlStore,
    registry: Registry,
    host: Host,
    key: Key | None,
) -> Manifest:
    at = datetime.now(UTC)
    if isinstance(store, SqliteStore):
        database, facts = _sqlite(temp, store, key)
    else:
        from clawcortex.store.postgres.migrations import NEWEST

        with sealing(temp / POSTGRES, key) as sealed:
            copies.dump(settings, sealed)
            database = _stored(POSTGRES, sealed.end())
        facts = Facts(NEWEST, store.generation)
    warnings: list[str] = []
    places = contents.known_workspaces(settings, host, warnings)
    with sealing(temp / FILES, key) as sealed:
        with tarfile.open(mode="w|", fileobj=sealed, format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
            entries = _collect(tar, contents.sources(settings, registry, places), warnings)
        files = _stored(FILES, sealed.end())
    return Manifest(
        id=backup,
        taken_at=at,
        clawcortex=clawcortex.__version__,
        kind="sqlite" if database.name == SQLITE else "postgresql",
        schema_number=facts.schema,
        counts=facts.counts,
        generation=facts.generation,
        audit_head=facts.audit_head,
        encrypted=key is not None,
        database=database,
        files=files,
        entries=entries,
        workspaces={agent: str(place) for agent, place in places.items()},
        warnings=warnings,
    )


def _sqlite(temp: Path, store: SqliteStore, key: Key | None) -> tuple[Stored, Facts]:
    with copies.sqlite_copy(store) as copy:
        copies.room_for(temp, copy.stat().st_size)
        with sealing(temp / SQLITE, key) as sealed, copy.open("rb") as plain:
            while piece := plain.read(1 << 20):
                sealed.write(piece)
            return _stored(SQLITE, sealed.end()), copies.facts(copy)


def _collect(tar: tarfile.TarFile, sources: Iterable[Source], warnings: list[str]) -> list[Entry]:
    entries = []
    for source in sources:
        with suppress(FileNotFoundError):  # gone since it was listed
            try:
                content, at = source.path.read_bytes(), source.path.stat().st_mtime
            except PermissionError as error:
                warnings.append(f"{source.name} is not in it: {error.strerror}")
                continue
            line = tarfile.TarInfo(source.name)
            line.size, line.mtime, line.mode = len(content), at, 0o600
            tar.addfile(line, BytesIO(content))
            entries.append(
                Entry(name=source.name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
            )
    return entries


def _stored(name: str, written: Written) -> Stored:
    return Stored(
        name=name,
        bytes=written.bytes,
        sha256=written.sha256,
        plain_bytes=written.plain_bytes,
        plain_sha256=written.plain_sha256,
    )
