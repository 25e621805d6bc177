"""Put a backup in the place of what is there: unpacked first, then moved in step by step, each step twice harmless.

state/restoring/new/       the unpacked backup
state/restoring/plan.json  what goes where; from here on a restore that was cut off is finished, not begun anew
state/replaced/<time>/     what was there before: nothing is deleted
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import InputError, storage_error
from clawcortex.files import sync_folder, write_atomic
from clawcortex.openclaw.host import Host
from clawcortex.settings import Settings
from clawcortex.store.opening import restoring_path, sqlite_path
from clawcortex.upkeep.backup import choosing, contents, copies, shelf, unpacking
from clawcortex.upkeep.backup.contents import SHARED
from clawcortex.upkeep.backup.keys import load_key
from clawcortex.upkeep.backup.unpacking import Unpacked


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put where."""

    backup: str
    reached: str
    """Every write acknowledged before this time is there."""
    place: str
    replaced: str
    """Where what was there before lies now; "" when there was nothing."""
    memories: int
    files: int
    left: list[str]
    """Workspaces of agents that are not known here: their files lie where this says."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step: what is at `place` goes to `aside`, then `new` to `place`; either may not be there."""

    new: str
    place: str
    aside: str


def restore_into(settings: Settings, into: Path, *, at: datetime | None = None) -> Restored:
    """Unpack a backup into a folder that is not there yet, and leave everything else alone."""
    folder, key = shelf.folder_of(settings), load_key(settings)
    found = choosing.choose(folder, key, at)
    if into.exists() and any(into.iterdir()):
        raise InputError(f"{into} is not empty", hint="Name a folder that is not there yet.")
    paths.private_folder(into)
    unpacked = unpacking.unpack(folder, found, into, key, at)
    return _said(unpacked, str(into), "", [])


def restore(settings: Settings, host: Host, *, at: datetime | None = None) -> Restored:
    """Put a backup in the place of the state; the server must be stopped, and its lock held by the caller.

    What was there is moved aside. Killed at any point, the next call finishes the restore that was begun.
    """
    working = restoring_path().parent
    if restoring_path().exists():
        return _finish(working)
    folder, key = shelf.folder_of(settings), load_key(settings)
    found = choosing.choose(folder, key, at)
    try:
        shutil.rmtree(working, ignore_errors=True)
        new = paths.private_folder(paths.private_folder(working) / "new")
    except OSError as error:
        raise storage_error(error, working) from error
    try:
        unpacked = unpacking.unpack(folder, found, new, key, at)
        _note_head(unpacked)
        if unpacked.database.name == unpacking.DUMP:
            with unpacked.database.open("rb") as plain:
                copies.load_dump(settings, plain)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise
    aside = paths.state_dir() / "replaced" / shelf.new_id(datetime.now(UTC))
    left: list[str] = []
    moves = [*_moves(settings, host, unpacked, aside, left)]
    said = _said(unpacked, str(paths.state_dir()), str(aside), left)
    plan = {"said": asdict(said), "moves": [asdict(move) for move in moves]}
    write_atomic(restoring_path(), json.dumps(plan).encode())
    return _finish(working)


def _finish(working: Path) -> Restored:
    plan = json.loads(restoring_path().read_bytes())
    said = Restored(**plan["said"])
    try:
        for move in plan["moves"]:
            _move(Move(**move))
        # The index's snapshot is of another database; made anew, it costs seconds.
        shutil.rmtree(paths.cache_dir() / "index", ignore_errors=True)
        restoring_path().unlink()
        shutil.rmtree(working)
    except OSError as error:
        raise storage_error(error, working) from error
    return said if Path(said.replaced).exists() else Restored(**{**asdict(said), "replaced": ""})


def _moves(
    settings: Settings, host: Host, unpacked: Unpacked, aside: Path, left: list[str]
) -> Iterator[Move]:
    new, state = unpacked.folder, paths.state_dir()
    database = sqlite_path(settings)
    if database is not None and unpacked.database.name == unpacking.DATABASE:
        for end in ("-wal", "-shm", ""):
            place = database.with_name(f"{database.name}{end}")
            yield Move(str(unpacked.database) if not end else "", str(place), str(aside / place.name))
    restored = {path.name for path in (new / "state").iterdir()} if (new / "state").is_dir() else set()
    keeps = {"settings.toml"} if unpacked.database.name == unpacking.DUMP else set()
    for name in sorted(restored | {path.name for path in contents.state_entries(settings)}):
        if name not in keeps or not (state / name).exists():
            source = str(new / "state" / name) if name in restored else ""
            yield Move(source, str(state / name), str(aside / name))
    places = contents.known_workspaces(settings, host, [])
    for entry in unpacked.manifest.entries:
        area, agent, *rest = Path(entry.name).parts
        if area != "workspace":
            continue
        source = str(new / entry.name)
        before = aside / "workspace" / agent / Path(*rest)
        if agent in places or agent == SHARED:
            home = places.get(agent) or Path(unpacked.manifest.workspaces[agent])
            yield Move(source, str(home.joinpath(*rest)), str(before))
        else:
            kept = aside.with_name(f"{aside.name}-unknown") / agent
            if str(kept) not in left:
                left.append(str(kept))
            yield Move(source, str(kept.joinpath(*rest)), str(before))


def _move(move: Move) -> None:
    """Take one step; what was done before a kill is seen and left."""
    new, place, aside = Path(move.new), Path(move.place), Path(move.aside)
    if move.new and not new.exists():
        return
    if os.path.lexists(place) and not os.path.lexists(aside):
        _carry(place, aside)
    if move.new:
        _carry(new, place)


def _carry(source: Path, target: Path) -> None:
    """Rename; to another disk copy under another name, rename, then remove."""
    for folder in reversed([target.parent, *target.parent.parents]):
        if not folder.exists():
            paths.private_folder(folder)
    try:
        source.rename(target)
    except OSError:
        temp = target.with_name(f".{target.name}.restoring")
        if source.is_dir():
            shutil.rmtree(temp, ignore_errors=True)
            shutil.copytree(source, temp, symlinks=True)
        else:
            shutil.copy2(source, temp, follow_symlinks=False)
        temp.rename(target)
        shutil.rmtree(source) if source.is_dir() else source.unlink()
    sync_folder(target.parent)


def _note_head(unpacked: Unpacked) -> None:
    """Let the audit's noted end be that of what is restored."""
    if unpacked.database.name == unpacking.DATABASE:
        head = copies.facts(unpacked.database).audit_head
        place = paths.private_folder(unpacked.folder / "state") / "audit.head"
        place.unlink(missing_ok=True)
        if head and not head.endswith(":"):
            write_atomic(place, f"{head}\n".encode())


def _said(unpacked: Unpacked, place: str, replaced: str, left: list[str]) -> Restored:
    counts = (
        copies.facts(unpacked.database).counts
        if unpacked.database.name == unpacking.DATABASE
        else unpacked.manifest.counts
    )
    return Restored(
        unpacked.manifest.id,
        unpacked.reached.isoformat(),
        place,
        replaced,
        counts.get("memories", 0),
        len(unpacked.manifest.entries),
        left,
    )
