"""What was said, put on the list: PRIORITIES.md in the workspace that all agents share.

The file is merged by `clawcortex.priorities`: what a person wrote there stays. Nobody else writes it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from clawcortex import paths
from clawcortex.errors import ModelError, storage_error
from clawcortex.files import place
from clawcortex.skills.context import Context
from clawcortex.skills.events import PrioritiesChanged
from voice_pipeline import news
from voice_pipeline.extracting.shapes import Extraction
from voice_pipeline.shapes import Changed, Clash, Entry, Step
from voice_pipeline.wanting import wanted

if TYPE_CHECKING:  # numpy comes with it, and the first call is early enough
    from clawcortex import priorities

FILE = Path("PRIORITIES.md")


def add(context: Context, extraction: Extraction) -> Changed:
    """Merge what was said into the file; a person's wording, order, ticks and deletions stand."""
    from clawcortex import priorities

    path = _path(context, create=True)
    when = context.local(context.now()).date().isoformat()
    said = list(wanted(context, extraction))
    done = priorities.update(path, _state(path), said, _alike(context), when=when)
    return _told(context, "update", done)


def take_back(context: Context) -> Changed:
    """Undo the last write to the file; what a person changed since stays."""
    from clawcortex import priorities

    path = _path(context, create=True)
    return _told(context, "undo", priorities.undo(path, _state(path)))


def first(context: Context, limit: int) -> list[Entry]:
    """Return the first open priorities in the person's order."""
    return [_entry(one) for one in _top(context, limit)]


def briefs(context: Context, limit: int) -> list[str]:
    """Return the same, a line each; what a person or an agent wrote, not escaped."""
    from clawcortex import priorities

    return [priorities.brief(one) for one in _top(context, limit)]


def steps(context: Context) -> list[Step]:
    """Return the writes that can be undone, the newest first."""
    from ulid import ULID

    from clawcortex import priorities

    found = priorities.history(_state(_path(context, create=False)))
    return [Step(version=one.id, at=context.local(ULID.from_str(one.id).datetime)) for one in reversed(found)]


def _path(context: Context, *, create: bool) -> Path:
    return place(context.shared_workspace(), FILE, create=create)


def _top(context: Context, limit: int) -> Sequence[priorities.Priority]:
    path = _path(context, create=False)
    try:
        seen = path.stat()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise storage_error(error, path) from error
    return _read(path, limit, (seen.st_ino, seen.st_size, seen.st_mtime_ns))


@lru_cache(maxsize=4)
def _read(path: Path, limit: int, seen: tuple[int, ...]) -> Sequence[priorities.Priority]:
    """Read the file as it was `seen`: a prompt does not wait for five megabytes twice."""
    from clawcortex import priorities

    del seen
    return tuple(priorities.top(path, limit))


def _state(path: Path) -> Path:
    """Return the folder of what is known of this file: another workspace's list has one of its own."""
    name = sha256(os.fsencode(path)).hexdigest()[:16]
    return paths.private_folder(paths.private_folder(paths.state_dir() / "priorities") / name)


def _alike(context: Context) -> priorities.Alike:
    """Return what compares meanings; without the model nothing is alike that is not worded alike."""

    def cosines(text: str, others: Sequence[str]) -> Sequence[float]:
        if not context.embedder.ready():
            return [0.0] * len(others)
        try:
            vectors = context.embedder.encode([text, *others])
        except ModelError as error:
            context.log.warning("priorities are compared by words alone: %s", error.message)
            return [0.0] * len(others)
        found: list[float] = (vectors[1:] @ vectors[0]).tolist()
        return found

    return cosines


def _told(context: Context, operation: str, done: priorities.Update) -> Changed:
    changed = Changed(
        version=done.version,
        added=[_entry(one) for one in done.added],
        changed=[_entry(one) for one in done.changed],
        refused=[one.text for one in done.refused],
        conflicts=[
            Clash(text=one.text, field=one.field, stands=one.stands, said=one.said) for one in done.conflicts
        ],
        kept=[_entry(one) for one in done.kept],
    )
    if changed.version:
        event = PrioritiesChanged(
            version=changed.version,
            by=context.caller.actor,
            added=tuple(one.text for one in changed.added),
            changed=tuple(one.text for one in changed.changed),
            conflicts=len(changed.conflicts),
        ).new()
        news.publish(context, event, news.worded(operation, done))
        details = {
            "added": len(changed.added),
            "changed": len(changed.changed),
            "conflicts": len(changed.conflicts),
        }
        context.store.audit(context.caller.actor, f"priorities.{operation}", changed.version, details)
    return changed


def _entry(one: priorities.Priority) -> Entry:
    return Entry(text=one.text, owner=one.owner or "", due=one.due or "", status=one.status or "")
