"""What every benchmark prints: one object with --json, else a table; progress goes to stderr."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
    }


def progress(line: str) -> None:
    """Say on stderr how far it is."""
    print(line, file=sys.stderr, flush=True)


def emit(
    name: str,
    figures: Mapping[str, float],
    as_json: bool,  # noqa: FBT001 (called with a parsed flag)
    rows: Sequence[tuple[str, Mapping[str, float]]] = (),
    *,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Print the figures: exactly one JSON object, or a table with one line for each row and the total.

    `notes` is what the JSON object says beside numbers.
    """
    rounded = {key: round(value, 4) for key, value in figures.items()}
    if as_json:
        said = {"notes": dict(notes)} if notes else {}
        print(json.dumps({"benchmark": name, "machine": machine(), "figures": rounded, **said}))
        return
    if not rows:
        width = max(map(len, rounded))
        for key, value in rounded.items():
            print(f"{key:<{width}}  {value:g}")
        return
    keys = list(figures)
    print(f"{name:<24}" + "".join(f"{key:>14}" for key in keys))
    for label, values in (*rows, ("all", figures)):
        print(f"{label:<24}" + "".join(f"{values[key]:>14.4f}" for key in keys))
