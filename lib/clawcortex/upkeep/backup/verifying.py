"""Verify a backup by restoring it into a scratch folder and asking it questions."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import ClawcortexError, NotFoundError, StorageError, storage_error
from clawcortex.files import locked, write_atomic
from clawcortex.settings import Settings
from clawcortex.skills.registry import Registry
from clawcortex.store.opening import open_store, sqlite_path
from clawcortex.store.sql.copying import TABLES
from clawcortex.store.sql.store import SqlStore
from clawcortex.upkeep import audit
from clawcortex.upkeep.backup import asking, choosing, copies, manifest, scratch, shelf, unpacking
from clawcortex.upkeep.backup.keys import load_key
from clawcortex.upkeep.backup.manifest import Manifest
from clawcortex.upkeep.backup.unpacking import Unpacked

NOTE = "verified.json"
LONGEST_WAIT_S = 600.0
"""For another verification to end."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: restorable when nothing is wrong."""

    backup: str
    at: str
    reached: str
    memories: int
    asked: int
    """Questions that were answered."""
    compared: bool
    """Whether the answers were compared with those of the living store: it must be the same, and no newer."""
    faults: list[str]


def verify(settings: Settings, registry: Registry, *, backup: str = "") -> Verified:
    """Restore the named backup, else what `restore` would, into a scratch folder; say what is wrong with it."""
    folder = shelf.folder_of(settings)
    there = shelf.ids(folder)
    named = backup or (there[-1] if there else "")
    if named not in there:
        raise NotFoundError(
            f"there is no backup {named or 'yet'} in {folder}", hint="Take one: `clawcortex backup`."
        )
    try:
        found = manifest.read(folder / backup) if backup else choosing.choose(folder, load_key(settings))
        named = found.id
        faults = [*_stored_faults(folder / named, found)]
        result = _restored(settings, registry, folder, found) if not faults else None
    except StorageError as error:
        result, faults = None, [error.message]
    said = result or Verified(named, datetime.now(UTC).isoformat(), "", 0, 0, compared=False, faults=faults)
    write_atomic(folder / NOTE, json.dumps(asdict(said)).encode())
    return said


def last(folder: Path) -> Verified | None:
    """Return what the last verification found; None before the first."""
    try:
        return Verified(**json.loads((folder / NOTE).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _stored_faults(home: Path, found: Manifest) -> Iterator[str]:
    for stored in (found.database, found.files):
        try:
            with (home / stored.name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            yield storage_error(error, home / stored.name).message
            continue
        if digest != stored.sha256:
            yield f"{home / stored.name} is not as it was written"


def _restored(settings: Settings, registry: Registry, folder: Path, found: Manifest) -> Verified:
    with _scratch_folder() as name:
        unpacked = unpacking.unpack(folder, found, Path(name), load_key(settings), None)
        with scratch.opened(settings, unpacked) as store:
            faults = [*store.check(), *_content_faults(store, unpacked)]
            asked, compared = 0, False
            if not faults and asking.can_ask(registry):
                asked, compared, wrong = _ask(settings, registry, store, Path(name))
                faults += wrong
            return Verified(
                found.id,
                datetime.now(UTC).isoformat(),
                unpacked.reached.isoformat(),
                store.count(),
                asked,
                compared,
                faults,
            )


@contextmanager
def _scratch_folder() -> Iterator[str]:
    """Lend a folder, one at a time: what a verification that was killed left there is a whole memory, and removed."""
    home = paths.private_folder(paths.cache_dir() / "verify")
    with locked(home, seconds=LONGEST_WAIT_S):
        for left in home.iterdir():
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=home) as name:
            yield name


def _content_faults(store: SqlStore, unpacked: Unpacked) -> Iterator[str]:
    found = unpacked.manifest
    yield from audit.verify(store, *([audit.parse_head(found.audit_head)] if found.audit_head else [])).faults
    if unpacked.reached == found.taken_at and found.counts:
        counts = copies.facts(unpacked.database).counts
        for table in TABLES:
            if counts[table] != found.counts.get(table, 0):
                yield f"{table} has {counts[table]} rows, and {found.counts.get(table, 0)} were put in"


def _ask(
    settings: Settings, registry: Registry, store: SqlStore, folder: Path
) -> tuple[int, bool, list[str]]:
    """Return how many questions were answered, whether the living store was asked them, too, and what is wrong."""
    now = datetime.now(UTC)
    asked = asking.questions(store)
    answers = asking.asker(settings, store, registry, paths.private_folder(folder / "index"), now).answers(
        asked, now
    )
    wrong = [f"nothing answers {one[:60]!r}" for one, hits in zip(asked, answers, strict=True) if not hits]
    path = sqlite_path(settings)
    if path is not None and not path.exists():
        return len(asked), False, wrong
    try:
        living = open_store(settings)
    except ClawcortexError:
        return len(asked), False, wrong  # it is what the backup is needed for
    with closing(living):
        if living.generation != store.generation:
            return len(asked), False, wrong
        there = asking.asker(settings, living, registry, paths.private_folder(folder / "living"), now)
        same = there.answers(asked, now) == answers
        same_still = living.generation == store.generation
    if same_still and not same:
        wrong.append("it answers otherwise than the living memory, which has the same memories")
    return len(asked), same_still, wrong
