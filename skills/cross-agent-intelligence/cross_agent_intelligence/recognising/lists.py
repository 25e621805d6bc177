"""Words that often stand in or beside names, written down by hand; small letters."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).with_name("lists.txt")


def _read() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    name = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = set()
        elif line and not line.startswith("#"):
            found[name].update(line.split())
    return {name: frozenset(members) for name, members in found.items()}


LISTS = MappingProxyType(_read())
