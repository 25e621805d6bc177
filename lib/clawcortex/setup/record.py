"""install.json in the state folder: what was changed outside it, so that exactly that can be taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import SetupError
from clawcortex.setup.changes import Change
from clawcortex.setup.storage import read_json, write_json

VERSION = 1


@dataclass(frozen=True)
class Record:
    """What one installation did to OpenClaw."""

    config: str
    linked: str = ""
    changes: list[Change] = field(default_factory=list)


def record_path() -> Path:
    """Return where the record lies."""
    return paths.state_dir() / "install.json"


def read_record() -> Record | None:
    """Return the record; nothing when nothing was installed."""
    kept = read_json(record_path())
    if not kept:
        return None
    if kept.get("version") != VERSION:
        raise SetupError(
            f"{record_path()} was written by another clawcortex (version {kept.get('version')!r})",
            hint="Use the checkout that installed it to uninstall it.",
        )
    return Record(kept["config"], kept["linked"], [Change.from_dict(change) for change in kept["changes"]])


def write_record(record: Record) -> None:
    """Keep the record; an unchanged one leaves the file as it is."""
    paths.private_folder(paths.state_dir())
    changes = [change.as_dict() for change in record.changes]
    write_json(
        record_path(),
        {"version": VERSION, "config": record.config, "linked": record.linked, "changes": changes},
    )
