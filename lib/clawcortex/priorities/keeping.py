"""The state folder, given by the caller: what agents said, and every version that was written.

known.json            the ledger; `next` is the one of a write under way
history/<ulid>/       before.md, after.md, known.json (the ledger before)
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ulid import ULID

from clawcortex.errors import CorruptedError, storage_error
from clawcortex.files import write_atomic
from clawcortex.paths import private_folder
from clawcortex.priorities.ledger import Ledger, dumped, loaded
from clawcortex.priorities.reading import content_of
from clawcortex.priorities.records import Conflict
from clawcortex.priorities.swapping import replace_unless_changed


@dataclass(frozen=True, slots=True)
class Version:
    """One write, as the history keeps it."""

    id: str
    before: Path
    after: Path


def history(state: Path) -> list[Version]:
    """Return the writes that can be undone, the oldest first."""
    folder = state / "history"
    if not folder.is_dir():
        return []
    made = [Version(one.name, one / "before.md", one / "after.md") for one in sorted(folder.iterdir())]
    return [one for one in made if one.after.is_file()]


def write(
    path: Path,
    state: Path,
    before: bytes | None,
    earlier: Ledger,
    text: str,
    later: Ledger,
    *,
    undoes: bool = False,
) -> str | None:
    """Write the file, if it is still as it was read, and then the ledger; return the version, None to try again."""
    content = text.encode("utf-8")
    known = state / "known.json"
    if content == (before or b""):
        write_atomic(known, _json({"items": dumped(later)}))
        return ""
    version = str(ULID())
    folder = state / "history" / version
    written = False
    try:
        private_folder(folder)
        write_atomic(folder / "before.md", before or b"")
        write_atomic(folder / "known.json", _json({"items": dumped(earlier), "sha256": _hash(before or b"")}))
        if not undoes:  # what has no after.md is no write to undo, should this one be killed
            write_atomic(folder / "after.md", content)
        coming = {"version": version, "sha256": _hash(content), "items": dumped(later)}
        write_atomic(known, _json({"items": dumped(ledger_of(state, before)), "next": coming}))
        written = replace_unless_changed(path, before, content, old=folder / "before.md")
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        if undoes or not written:
            shutil.rmtree(folder, ignore_errors=True)
    if written:
        write_atomic(known, _json({"items": dumped(later)}))
    return version if written else None


def ledger_of(state: Path, content: bytes | None) -> Ledger:
    """Return what is known; of a write that was killed behind its rename, what that one knew."""
    return ledger_in(state / "known.json", content)


def ledger_in(path: Path, content: bytes | None = None) -> Ledger:
    """Return the ledger of one file."""
    raw = _record(path)
    try:
        coming = raw.get("next")
        if coming and content is not None and _hash(content) == coming["sha256"]:
            return loaded(coming["items"])
        return loaded(raw.get("items", {}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path) from error


def late_save(state: Path) -> list[Conflict]:
    """Return what an editor still wrote into the file that the last write replaced."""
    for last in history(state)[-1:]:
        record = _record(last.before.with_name("known.json"))
        if _hash(last.before.read_bytes()) != record.get("sha256"):
            return [Conflict(last.id, "", "save", "", str(last.before))]
    return []


def forget_killed(path: Path, state: Path) -> None:
    """Take the version of a write that was killed before its rename out of the history."""
    version = _record(state / "known.json").get("next", {}).get("version", "")
    before = state / "history" / version / "before.md"
    if version and before.is_file() and before.read_bytes() == (content_of(path) or b""):
        shutil.rmtree(before.parent)


def prune(state: Path, keep: int) -> None:
    """Let the oldest versions go, all but `keep`."""
    versions = history(state)
    for one in versions[: max(0, len(versions) - keep)]:
        shutil.rmtree(one.before.parent)


def _record(path: Path) -> dict[str, Any]:
    """Return a file of ours; {} when there is none."""
    try:
        raw = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise storage_error(error, path) from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(raw, dict):
        raise _damaged(path)
    return raw


def _damaged(path: Path) -> CorruptedError:
    return CorruptedError(
        f"{path} is not what was written",
        hint="Move it away: every item then counts as written by a person, and none is changed.",
    )


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


def _json(raw: object) -> bytes:
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
