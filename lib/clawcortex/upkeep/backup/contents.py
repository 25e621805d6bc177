"""What belongs into a backup beside the database, found where it is declared.

Of the state folder: everything but what openclaw.plugin.json calls regenerable and what is of this machine only.
Of each workspace: the files that the skills declare they write (`Skill.keeps`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import ClawcortexError
from clawcortex.files import TEMP_NAME
from clawcortex.openclaw.host import Host
from clawcortex.settings import Settings
from clawcortex.skills.context import shared_workspace
from clawcortex.skills.registry import Registry

SHARED = "shared"
"""Stands for the shared workspace, where it is no agent's."""
LOCAL = frozenset({"logs", "spool", "exports", "install.json", "replaced", "restoring"})
"""Of this machine: its logs, turns that wait to be read in, what was exported, installed, moved aside."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file to be kept, and its name in the backup."""

    name: str
    path: Path


def regenerable() -> frozenset[str]:
    """Return the entries of the state folder that OpenClaw's own backup leaves out, too."""
    manifest = json.loads((paths.repo_root() / "openclaw.plugin.json").read_text(encoding="utf-8"))
    prefix = f"{paths.state_dir().name}/"
    return frozenset(
        item["relativePath"].removeprefix(prefix)
        for item in manifest["backupResources"]
        if item["disposition"] == "regenerable"
    )


def state_entries(settings: Settings) -> list[Path]:
    """Return what of the state folder is kept, and goes aside when another state is put there."""
    left = regenerable() | LOCAL | {settings.backup_key_file, settings.backup_folder}
    database = paths.database_path().name
    state = paths.state_dir()
    if not state.is_dir():
        return []
    return [
        path
        for path in sorted(state.iterdir())
        if path.name not in left
        and str(path) not in left
        and not path.name.startswith(database)
        and path.suffix != ".lock"
        and not path.is_symlink()
    ]


def workspaces(settings: Settings, host: Host) -> dict[str, Path]:
    """Return every workspace by its agent, and the shared one when it is none of them."""
    found = {agent.id: agent.workspace for agent in host.agents()}
    shared = shared_workspace(settings, host)
    return found if shared in found.values() else {**found, SHARED: shared}


def sources(settings: Settings, registry: Registry, places: Mapping[str, Path]) -> Iterator[Source]:
    """Yield every file to be kept, beside the database."""
    for entry in state_entries(settings):
        yield from _under(entry, f"state/{entry.name}")
    declared = sorted({name for skill in registry.skills.values() for name in skill.keeps})
    for agent, workspace in places.items():
        for name in declared:
            if not any(name != other and name.startswith(f"{other}/") for other in declared):
                yield from _under(workspace / name, f"workspace/{agent}/{name}")


def _under(path: Path, name: str) -> Iterator[Source]:
    if path.is_symlink():
        return  # it leads to what is not ours to keep
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if child.suffix != ".lock" and not TEMP_NAME.match(child.name):
                yield from _under(child, f"{name}/{child.name}")
    elif path.is_file():
        yield Source(name, path)


def known_workspaces(settings: Settings, host: Host, warnings: list[str]) -> dict[str, Path]:
    """Return the workspaces; none, and a warning, when OpenClaw's configuration cannot be read."""
    try:
        return workspaces(settings, host)
    except ClawcortexError as error:
        warnings.append(f"the workspaces are not in it: {error.message}")
        return {}
