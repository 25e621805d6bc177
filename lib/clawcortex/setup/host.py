"""The `openclaw` command: is it there, link the plugin, check the configuration."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from clawcortex.errors import HostError
from clawcortex.setup.grants import PLUGIN

LONGEST_S = 180.0
"""A cold OpenClaw command takes 8-15 s on two cores."""


class OpenClaw:
    """The command as found on PATH."""

    def __init__(self, command: str) -> None:
        self.command = command

    def link(self, root: Path) -> None:
        """Link the checkout as a plugin; running it again replaces the link."""
        self._run("plugins", "install", "--link", str(root), "--force", "--accept-capabilities")

    def unlink(self) -> None:
        """Forget the plugin's install record; files and configuration stay for us to restore."""
        self._run("plugins", "uninstall", PLUGIN, "--force", "--keep-files")

    def validate(self) -> None:
        """Raise when OpenClaw does not accept its configuration."""
        self._run("config", "validate")

    def remove_jobs(self) -> int:
        """Remove our cron jobs and return how many there were; raise when no gateway runs, which holds them."""
        said = self._run("cron", "list", "--all", "--json")
        try:
            jobs = [job["id"] for job in json.loads(said)["jobs"] if _ours(job)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise HostError("`openclaw cron list --all --json` printed no list of jobs") from error
        for job in jobs:
            self._run("cron", "rm", str(job))
        return len(jobs)

    def _run(self, *arguments: str) -> str:
        shown = f"openclaw {' '.join(arguments)}"
        try:
            result = subprocess.run(
                [self.command, *arguments],
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_S,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "NO_COLOR": "1"},
            )
        except subprocess.TimeoutExpired as error:
            raise HostError(f"`{shown}` did not end within {LONGEST_S:.0f} s") from error
        except OSError as error:
            raise HostError(f"`{shown}` cannot be started: {error.strerror}") from error
        if result.returncode:
            words = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
            raise HostError(f"`{shown}` failed: {' '.join(words[-3:]) or 'no reason given'}")
        return result.stdout


def _ours(job: dict[str, Any]) -> bool:
    return str(job.get("declarationKey", "")).startswith(f"{PLUGIN}:")


def find_openclaw() -> OpenClaw | None:
    """Return the command, or nothing where OpenClaw is not installed."""
    found = shutil.which("openclaw")
    return OpenClaw(found) if found else None
