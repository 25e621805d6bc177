"""The virtual environment in the state folder: made, filled in stages, resumed, never at the repo root."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import DiskFullError, SetupError
from clawcortex.setup import repair
from clawcortex.setup.accelerator import TorchBuild, choose_torch
from clawcortex.setup.console import Console, megabytes
from clawcortex.setup.pip import Pip
from clawcortex.setup.requirements import LEFT_OUT, Requirements, read_requirements
from clawcortex.setup.storage import read_json, write_json, write_text

UNPACKED = 4.0
"""Disk that a downloaded megabyte takes once unpacked, with the download beside it."""


class Environment:
    """The folder `venv` in the state folder and what is finished in it."""

    def __init__(self, root: Path, console: Console, *, torch_index: str = "") -> None:
        self.root = root
        self.console = console
        self.torch_index = torch_index
        self.folder = paths.state_dir() / "venv"
        self.python = paths.venv_python()
        self.stamp = self.folder / "clawcortex.json"
        self.unfinished = self.folder / "unfinished"
        self.requirements: Requirements = read_requirements(root)

    def missing(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Return the groups that are not there yet as the checkout pins them."""
        groups = self.requirements.present(wanted)
        if not self._usable() or self.unfinished.exists():
            return groups
        finished = self._finished()
        return tuple(group for group in groups if finished.get(group) != self._digest(group))

    def ensure(self, wanted: tuple[str, ...]) -> None:
        """Bring the environment to hold these groups; does nothing when it already does."""
        if self.missing(wanted):
            paths.private_folder(paths.state_dir())
            with self._alone() as lock:
                self._fill(wanted, lock)
        self._link_project()

    def groups(self) -> tuple[str, ...]:
        """Return the groups that were finished here."""
        return tuple(self._finished()) if self._usable() else ()

    def variables(self) -> dict[str, str]:
        """Return the process environment in which the project's commands run."""
        kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}}
        kept["VIRTUAL_ENV"] = str(self.folder)
        kept["PATH"] = f"{self.folder / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}"
        return kept

    def _usable(self) -> bool:
        return os.access(self.python, os.X_OK) and self.stamp.exists()

    def _finished(self) -> dict[str, str]:
        finished = read_json(self.stamp).get("finished", {})
        return finished if isinstance(finished, dict) else {}

    def _digest(self, group: str) -> str:
        asked = json.dumps([self.requirements.of(group), self.requirements.digest])
        return hashlib.sha256(asked.encode()).hexdigest()[:16]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[int]:
        """Hold the install lock; a pip left over from a killed install holds it too."""
        descriptor = os.open(paths.state_dir() / "install.lock", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.console.say("    another installation is at work in this folder: waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file.fileno()

    def _fill(self, wanted: tuple[str, ...], lock: int) -> None:
        groups = self.missing(wanted)
        if not groups:
            return
        pip = Pip(self.python, paths.state_dir() / "logs" / "install.log", self.console, held=(lock,))
        if self.unfinished.exists():
            self.console.say("    an earlier installation stopped half-way: going on from there")
        self._make_folder(pip)
        if self.unfinished.exists():
            damaged = repair.remove_damaged(self.folder)
            if damaged:
                self.console.say(f"    fetched again, because half unpacked: {', '.join(damaged)}")
        write_text(self.unfinished, "an installation is or was at work here\n")
        torch = TorchBuild("")
        if "export" in groups:
            torch = choose_torch(pip, self.requirements.version("torch"), index=self.torch_index)
        self._announce(groups, torch)
        wanted_pip = f"pip=={self.requirements.version('pip')}"
        if pip.version() != wanted_pip.partition("==")[2]:
            pip.install("pip", [wanted_pip], total=1)
        for group in groups:
            self._install(pip, group, torch)
        self.unfinished.unlink()

    def _install(self, pip: Pip, group: str, torch: TorchBuild) -> None:
        # Pinned here too: a plain name makes pip call an unreachable index a conflict of versions.
        wanted = [item for item in self.requirements.of(group) if item != "torch"]
        asked = [self.requirements.exact(item) for item in wanted if item not in LEFT_OUT]
        alone = [self.requirements.exact(item) for item in wanted if item in LEFT_OUT]
        options = ["-c", str(self.requirements.constraints), "--prefer-binary"]
        if group == "export":
            asked, options = [torch.requirement, *asked], [*options, *torch.options]
        pip.install(group, asked, *options, total=len(self.requirements.pinned(group)) - len(alone))
        if alone:  # from source with the setuptools of the group: nothing is fetched that is not pinned
            pip.install(group, alone, *options, "--no-deps", "--no-build-isolation", total=len(alone))
        write_json(self.stamp, {"finished": {**self._finished(), group: self._digest(group)}})

    def _make_folder(self, pip: Pip) -> None:
        if self.folder.exists() and pip.version():
            return
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.console.step(f"Making the environment in {self.folder}")
        command = [sys.executable, "-m", "venv", str(self.folder)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            words = (result.stdout + result.stderr).strip().splitlines() or ["no reason given"]
            raise SetupError(
                f"This Python cannot make virtual environments: {words[0]}",
                hint="On Debian and Ubuntu install python3-venv; else use another Python >= 3.11.",
            )

    def _announce(self, groups: tuple[str, ...], torch: TorchBuild) -> None:
        pins = self.requirements.pinned(*groups)
        sizes = {pin.name: pin.size + (torch.extra_mb if pin.name == "torch" else 0.0) for pin in pins}
        size = sum(sizes.values())
        self.console.step(
            f"Fetching up to {len(pins)} packages, about {megabytes(size)} ({', '.join(groups)})"
        )
        largest = sorted(sizes, key=lambda name: -sizes[name])[:4]
        shown = ", ".join(f"{name} {megabytes(sizes[name])}" for name in largest)
        self.console.say(f"    largest: {shown}", "dim")
        if torch.note:
            self.console.say(f"    {torch.note}", "dim")
        free = shutil.disk_usage(self.folder).free / 1e6
        if free < size * UNPACKED / 2:
            raise DiskFullError(
                f"{self.folder} has {megabytes(free)} free; this needs about {megabytes(size * UNPACKED)}",
                hint="Free some space, or leave the heavy parts out with --minimal.",
            )

    def _link_project(self) -> None:
        """Make the checkout importable, and the `clawcortex` command one that survives odd folder names."""
        for library in self.folder.glob("lib/python3*/site-packages"):
            write_text(library / "clawcortex.pth", f"{self.root / 'lib'}\n")
        script = self.folder / "bin" / "clawcortex"
        quoted = str(self.python).replace("'", "'\\''")
        write_text(script, f"#!/bin/sh\nexec '{quoted}' -m clawcortex \"$@\"\n", mode=0o755)
