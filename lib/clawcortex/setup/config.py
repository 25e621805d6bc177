"""OpenClaw's openclaw.json: found, read, compared, backed up and written whole."""

from __future__ import annotations

import difflib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.errors import InputError
from clawcortex.setup import json5
from clawcortex.setup.storage import write_text


@dataclass(frozen=True)
class Config:
    """The file as it is now."""

    path: Path
    values: dict[str, Any]
    commented: bool = False
    """Whether it has comments; OpenClaw's own writer drops them as well."""


def config_path() -> Path:
    """Return where OpenClaw reads its configuration."""
    named = os.environ.get("OPENCLAW_CONFIG_PATH", "").strip()
    return Path(named).expanduser() if named else paths.openclaw_dir() / "openclaw.json"


def read_config(path: Path | None = None) -> Config:
    """Read the configuration; an absent file is an empty one."""
    path = path or config_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config(path, {})
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text", hint="Restore it from openclaw.json.bak.") from error
    if not text.strip():
        return Config(path, {})
    try:
        values, commented = json5.loads(text)
    except InputError as error:
        raise InputError(f"{path} cannot be read: {error.message}", hint=error.hint) from error
    if not isinstance(values, dict):
        raise InputError(f"{path} does not hold an object", hint="`openclaw config validate` shows more.")
    return Config(path, values, commented)


def render(values: dict[str, Any]) -> str:
    """Return the text OpenClaw itself would write."""
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def difference(before: dict[str, Any], after: dict[str, Any], name: str = "openclaw.json") -> str:
    """Return a unified diff of two configurations."""
    lines = difflib.unified_diff(
        render(before).splitlines(),
        render(after).splitlines(),
        f"{name} (now)",
        f"{name} (after)",
        lineterm="",
    )
    return "\n".join(lines)


def back_up(path: Path) -> Path | None:
    """Copy the file beside itself with the time in its name; nothing to copy gives nothing."""
    if not path.exists():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = path.with_name(f"{path.name}.clawcortex-{stamp}.bak")
    number = 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}.clawcortex-{stamp}-{number}.bak")
    shutil.copyfile(path, copy)
    copy.chmod(0o600)
    return copy


def write_config(path: Path, values: dict[str, Any]) -> bool:
    """Write the configuration in one step, 0600; return whether it changed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return write_text(path, render(values))
