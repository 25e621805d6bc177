"""Find packages that a killed pip left half unpacked; pip itself would take them for installed."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path


def damaged(info: Path) -> bool:
    """Return whether a `.dist-info` misses its RECORD, or a file that RECORD lists."""
    record = info / "RECORD"
    if not record.exists():
        return True
    with record.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if not row or row[0].endswith((".pyc", "RECORD")):
                continue
            listed = info.parent / row[0]
            size = row[2] if len(row) > 2 else ""
            if not listed.exists() or (size.isdigit() and listed.stat().st_size != int(size)):
                return True
    return False


def remove_damaged(environment: Path) -> list[str]:
    """Forget the packages that are half there, so that pip installs them again; return their names."""
    names = []
    for library in environment.glob("lib/python3*/site-packages"):
        for info in sorted(library.glob("*.dist-info")):
            if damaged(info):
                names.append(info.name.removesuffix(".dist-info"))
                shutil.rmtree(info)
        for leftover in library.glob("~*"):  # pip renames what it replaces to ~name
            shutil.rmtree(leftover, ignore_errors=True)
    return names
