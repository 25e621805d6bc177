"""A service of the system's own for the resident server: a systemd user unit, or a launchd agent on macOS.

By default the gateway's plugin runs the server. With this it also lives while the gateway does not; the plugin
then adopts it. A server that finds another one alive ends well, and is started again later to look once more.
"""

from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from clawcortex import launch, paths
from clawcortex.errors import ConflictError, SetupError, storage_error

NAME = "clawcortex"
LABEL = "ai.openclaw.clawcortex"
AGAIN_S = 10
"""Seconds between an end and the next start."""
_KEPT = ("OPENCLAW_STATE_DIR", "OPENCLAW_CONFIG_PATH", "OPENCLAW_PROFILE", "PATH", "TMPDIR")
_UNIT = """\
# Written by `clawcortex service install`; `clawcortex service remove` takes it away.
[Unit]
Description=clawcortex: the memory of OpenClaw's agents
Documentation=file://{root}/README.md

[Service]
Type=simple
ExecStart={python} -m clawcortex serve
WorkingDirectory=/
{environment}
Restart=always
RestartSec={again}
KillSignal=SIGTERM
TimeoutStopSec=40
UMask=0077
NoNewPrivileges=true

[Install]
WantedBy=default.target
"""


def place() -> Path:
    """Return where this system looks for the service's file."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    base = os.environ.get("XDG_CONFIG_HOME", "").strip()
    return (Path(base) if base else Path.home() / ".config") / "systemd" / "user" / f"{NAME}.service"


def unit() -> str:
    """Return the systemd unit."""
    lines = (f'Environment="{name}={_escaped(value)}"' for name, value in _environment().items())
    return _UNIT.format(
        root=_escaped(str(paths.repo_root())),
        python=f'"{_escaped(launch.python())}"',
        environment="\n".join(lines),
        again=AGAIN_S,
    )


def agent() -> bytes:
    """Return the launchd property list."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": [launch.python(), "-m", "clawcortex", "serve"],
            "EnvironmentVariables": _environment(),
            "WorkingDirectory": "/",
            "RunAtLoad": True,
            "KeepAlive": True,
            "ThrottleInterval": AGAIN_S,
            "ExitTimeOut": 40,
            "Umask": 0o077,
            "ProcessType": "Background",
        }
    )


def install() -> tuple[Path, str]:
    """Write the file and start the service; return where it stands, and what is left to do by hand.

    ConflictError for a file that somebody else wrote there; it is left alone.
    """
    file = place()
    content = agent() if sys.platform == "darwin" else unit().encode()
    try:
        if file.exists() and not _is_ours(file):
            raise ConflictError(f"{file} is not clawcortex's own", hint="Move it away first.")
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        part.touch(mode=0o600)  # store_url may hold a password
        part.write_bytes(content)
        part.replace(file)
    except OSError as error:
        raise storage_error(error, file) from error
    return file, _run(_starting(file))


def remove() -> tuple[Path, str]:
    """Stop the service and take its file away; return where it stood, and what is left to do by hand."""
    file = place()
    if not file.exists():
        raise SetupError(f"there is no service at {file}", hint="Nothing is to be done.")
    if not _is_ours(file):
        raise ConflictError(f"{file} is not clawcortex's own", hint="Remove it yourself.")
    left = _run(_stopping(file))
    file.unlink()
    return file, left


def _starting(file: Path) -> list[list[str]]:
    if sys.platform == "darwin":
        return [["launchctl", "bootstrap", f"gui/{os.getuid()}", str(file)]]
    return [["systemctl", "--user", "daemon-reload"], ["systemctl", "--user", "enable", "--now", NAME]]


def _stopping(file: Path) -> list[list[str]]:
    if sys.platform == "darwin":
        return [["launchctl", "bootout", f"gui/{os.getuid()}", str(file)]]
    return [["systemctl", "--user", "disable", "--now", NAME]]


def _run(commands: Sequence[Sequence[str]]) -> str:
    """Run the commands; return those that a person has to run because one of them failed here."""
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            failed = done.returncode != 0
        except (OSError, subprocess.TimeoutExpired):
            failed = True
        if failed:
            return " && ".join(" ".join(one) for one in commands)
    return ""


def _is_ours(file: Path) -> bool:
    return b"clawcortex" in file.read_bytes()


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name.startswith("CLAWCORTEX_")}
    kept = {name: os.environ[name] for name in _KEPT if os.environ.get(name)}
    found = {**kept, **own, "PYTHONPATH": str(paths.repo_root() / "lib")}
    strange = [name for name, value in found.items() if "\n" in value or "\0" in value]
    if strange:
        raise SetupError(f"${strange[0]} holds a line break and cannot stand in a service")
    return found


def _escaped(value: str) -> str:
    """Return a value as it stands between double quotes of a unit: specifiers and quotes mean nothing there."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
