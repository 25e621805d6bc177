"""A real OpenClaw for the end-to-end tests, fetched once into the person's cache folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from clawcortex.setup.console import Console
from clawcortex.setup.storage import read_json, write_json

NODE = "node@24"
OPENCLAW = "openclaw@2026.9.6"
SIZE = "about 840 MB on disk, a minute"
LOCATION = "CLAWCORTEX_OPENCLAW"
"""Names the folder with N (Node) and O (OpenClaw) for the tests."""
REASON = "CLAWCORTEX_OPENCLAW_MISSING"
"""Says why there is none."""


def cache_folder() -> Path:
    """Return where it lies."""
    base = os.environ.get("XDG_CACHE_HOME", "").strip()
    cache = Path(base) if base else Path.home() / ".cache"
    return cache / "clawcortex" / OPENCLAW.replace("@", "-")


def fetch(console: Console) -> dict[str, str]:
    """Return the variables that lead the tests to a real OpenClaw, or say why there is none."""
    named = os.environ.get(LOCATION, "").strip()
    if named:
        return {LOCATION: named}
    if shutil.which("node") is None or shutil.which("npm") is None:
        return _without("Node and npm are not on PATH", console)
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "ready.json"
        wanted = {"node": NODE, "openclaw": OPENCLAW}
        if read_json(stamp) != wanted:
            console.step(f"Fetching {NODE} and {OPENCLAW} for the end-to-end tests ({SIZE})")
            reason = _install(folder, lock.fileno(), console)
            if reason:
                return _without(reason, console)
            write_json(stamp, dict(wanted))
    return {LOCATION: str(folder)}


def _install(folder: Path, lock: int, console: Console) -> str:
    """Install in two steps: in one, OpenClaw's own check would see the old Node."""
    path = os.environ.get("PATH", os.defpath)
    node_bin = folder / "N" / "node_modules" / ".bin"
    for place, package, search in (
        ("N", NODE, path),
        ("O", OPENCLAW, f"{node_bin}{os.pathsep}{path}"),
    ):
        command = [
            "npm",
            "install",
            "--prefix",
            str(folder / place),
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            package,
        ]
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": search},
            pass_fds=(lock,),
        )
        (folder / f"{place}.log").write_text(result.stdout + result.stderr, encoding="utf-8")
        if result.returncode:
            words = next((line for line in result.stderr.splitlines() if line.strip()), "no reason given")
            return f"npm could not install {package}: {words} (more in {folder / f'{place}.log'})"
        console.done(package)
    return ""


def _without(reason: str, console: Console) -> dict[str, str]:
    console.warn(f"end-to-end tests cannot run: {reason}")
    return {REASON: reason}
