"""Read the set of recurring mistakes: rejections and edits, each of one mistake or of none that recurs.

Two are of the same mistake when one lesson would have prevented both. Groups that share words but not the
mistake lie in the same half, as do those of one family.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

Half = Literal["dev", "final"]


@dataclass(frozen=True, slots=True)
class Correction:
    """One rejection or edit, with the mistake that it is of."""

    id: str
    half: Half
    group: str
    agent: str
    category: str
    kind: str
    subject: str
    reason: str
    before: str
    after: str


def load(file: Path, half: Half) -> list[Correction]:
    """Return one half in order of time."""
    known = {field.name for field in fields(Correction)}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Correction(**{k: v for k, v in row.items() if k in known}) for row in rows if row["half"] == half]
