"""The agents as openclaw.json names them; for the time before the gateway was seen.

The rules are OpenClaw's own (its `resolveAgentWorkspaceDir`). An agents section that stands in another
file, by $include, is not followed: the gateway tells about it when it starts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.openclaw.host import Agent
from clawcortex.setup.config import read_config

IMPLICIT = "main"
"""OpenClaw's agent where none is configured."""


def configured_agents() -> tuple[Agent, ...]:
    """Return the agents of openclaw.json, the default one first; raise InputError when it cannot be read."""
    section = _object(read_config().values.get("agents"))
    defaults = _object(section.get("defaults"))
    entries = _entries(section)
    marked = [name for name, entry in entries.items() if entry.get("default") is True]
    explicit = section.get("ownership") == "explicit"
    heir = (
        marked[0] if len(marked) == 1 and not explicit else next(iter(entries)) if len(entries) == 1 else ""
    )
    named = str(_object(defaults.get("systemAgent")).get("agentId") or "").strip().lower()
    first = next((name for name in (named, heir) if name in entries), next(iter(entries)))
    ordered = [first, *(name for name in entries if name != first)]
    return tuple(Agent(name, _workspace(name, entries[name], defaults, heir)) for name in ordered)


def _entries(section: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what is said of each agent, by its id; both of OpenClaw's notations."""
    listed = section.get("list")
    named = _object(section.get("entries")) or {
        str(_object(entry).get("id") or ""): entry for entry in (listed if isinstance(listed, list) else [])
    }
    found = {name.strip().lower(): _object(entry) for name, entry in named.items() if name.strip()}
    return found or {IMPLICIT: {}}


def _workspace(name: str, entry: Mapping[str, Any], defaults: Mapping[str, Any], heir: str) -> Path:
    own, shared = (str(one.get("workspace") or "").strip() for one in (entry, defaults))
    if own:
        return Path(own).expanduser()
    if name != heir:
        return Path(shared).expanduser() / name if shared else paths.openclaw_dir() / f"workspace-{name}"
    given = shared or os.environ.get("OPENCLAW_WORKSPACE_DIR", "").strip()
    return Path(given).expanduser() if given else paths.openclaw_dir() / "workspace"


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
