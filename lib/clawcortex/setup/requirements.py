"""What is to be installed: pyproject.toml names it, constraints.txt pins it and knows its size."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from clawcortex.errors import SetupError

GROUPS = ("base", "export", "voice", "faster-whisper", "pocketsphinx", "postgres", "dev")
"""In the order of installing; a group that pyproject.toml does not name is skipped."""
LEFT_OUT = {"openai-whisper": ("triton",), "faster-whisper": ("ctranslate2",)}
"""Packages that are installed without what they ask for, and what of that is not wanted.

triton, 190 MB: openai-whisper uses it for word times on NVIDIA's GPUs, which we do not ask for; torch's CUDA build
brings it by itself. ctranslate2: only faster-whisper's engine needs it, not the voice detector.
The group of such a package names the rest of what it asks for; tests/setup/test_pins.py holds that.
"""
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?:\s+#\s*(?P<group>[\w-]+)\s+(?P<size>[\d.]+) MB)?$"
)


@dataclass(frozen=True)
class Pin:
    """One line of constraints.txt."""

    name: str
    version: str
    group: str
    size: float
    """Megabytes of the wheel on Linux x86-64; other machines come close."""


@dataclass(frozen=True)
class Requirements:
    """The two files, read."""

    groups: dict[str, tuple[str, ...]]
    pins: tuple[Pin, ...]
    constraints: Path
    digest: str

    def of(self, group: str) -> tuple[str, ...]:
        """Return what a group asks for."""
        return self.groups[group]

    def present(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Return the wanted groups that exist, in the order of installing."""
        return tuple(group for group in GROUPS if group in wanted and group in self.groups)

    def pinned(self, *groups: str) -> tuple[Pin, ...]:
        """Return the packages that come with these groups."""
        return tuple(pin for pin in self.pins if pin.group in groups)

    def version(self, name: str) -> str:
        """Return the pinned version of a package."""
        for pin in self.pins:
            if canonical(pin.name) == canonical(name):
                return pin.version
        raise SetupError(
            f"{self.constraints} does not pin {name}", hint="Add `name==version  # group size MB`."
        )

    def exact(self, requirement: str) -> str:
        """Return a requirement with its pinned version."""
        return f"{requirement}=={self.version(requirement.partition('[')[0])}"


def canonical(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(path: Path) -> tuple[Pin, ...]:
    """Read constraints.txt; every line must pin exactly one version."""
    pins = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = PIN.match(line.strip())
        if match is None:
            raise SetupError(
                f"{path.name}:{number} does not pin one version: {line.strip()!r}",
                hint="Write it as `name==version  # group size MB`.",
            )
        pins.append(
            Pin(match["name"], match["version"], match["group"] or "base", float(match["size"] or 0.1))
        )
    return tuple(pins)


def read_requirements(root: Path) -> Requirements:
    """Read what the checkout asks for."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    constraints = root / "constraints.txt"
    groups = {"base": tuple(project["dependencies"])}
    for name, wanted in project.get("optional-dependencies", {}).items():
        groups[name] = tuple(wanted)
    digest = hashlib.sha256(constraints.read_bytes()).hexdigest()[:16]
    return Requirements(groups, read_pins(constraints), constraints, digest)
