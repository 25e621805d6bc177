"""What clawcortex asks of openclaw.json: planned, shown, recorded, and taken back exactly.

The base grants stand here; a skill adds its own in its `skill.json`:

    "grants": [{"path": ["tools", "media", "models"], "append": true, "value": {...}, "why": "..."}]

`{root}`, `{state}` and `{python}` in its strings become folders of this machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.errors import InputError

PLUGIN = "clawcortex"
HOOK_TIMEOUT_MS = 2_500
"""OpenClaw's own limit; the plugin gives up long before (setting `hook_deadline_ms`)."""


@dataclass(frozen=True)
class Grant:
    """One value that must stand in the configuration, and why."""

    path: tuple[str, ...]
    value: Any
    why: str
    append: bool = False
    """True: one more element of a list; False: the value itself."""


def base_grants(root: Path) -> tuple[Grant, ...]:
    """Return what every installation needs."""
    entry = ("plugins", "entries", PLUGIN)
    return (
        Grant(
            ("plugins", "load", "paths"), str(root), "OpenClaw finds the plugin in this checkout", append=True
        ),
        Grant((*entry, "enabled"), value=True, why="the plugin is on"),
        Grant(
            (*entry, "hooks", "allowConversationAccess"),
            value=True,
            why="it may read a turn to remember it, and put what it recalls before the next",
        ),
        Grant(
            (*entry, "hooks", "timeouts", "before_prompt_build"),
            HOOK_TIMEOUT_MS,
            "OpenClaw waits no longer than this for a recall",
        ),
        Grant(
            (*entry, "llm", "allowAgentIdOverride"),
            value=True,
            why="a summary is written by the model of the agent whose turns it sums up",
        ),
    )


def skill_grants(root: Path) -> tuple[Grant, ...]:
    """Return what the installed skills ask for in their manifests."""
    places = {"{root}": str(root), "{state}": str(paths.state_dir()), "{python}": str(paths.venv_python())}
    found = []
    for manifest in sorted(root.glob("skills/*/skill.json")):
        try:
            asked = json.loads(manifest.read_text(encoding="utf-8")).get("grants", [])
            for item in asked:
                value = _filled(item["value"], places)
                found.append(Grant(tuple(item["path"]), value, item["why"], bool(item.get("append"))))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{manifest} asks for a grant in a way that cannot be read: {error!r}",
                hint="A grant has `path`, `value` and `why`; see lib/clawcortex/setup/grants.py.",
            ) from error
    return tuple(found)


def _filled(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, place in places.items():
            value = value.replace(name, place)
        return value
    if isinstance(value, list):
        return [_filled(item, places) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, places) for key, item in value.items()}
    return value


def leave_outs(root: Path, groups: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return each skill that needs a dependency group which is not installed, with the group."""
    found = []
    for manifest in sorted(root.glob("skills/*/skill.json")):
        needed = json.loads(manifest.read_text(encoding="utf-8")).get("requires", [])
        found += [(manifest.parent.name, str(extra)) for extra in needed if extra not in groups]
    return found
