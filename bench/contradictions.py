"""Read the contradiction set: pairs of an older and a newer text, and whether the newer takes the older one's place."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

Half = Literal["dev", "final"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair; the questions are there where the newer text supersedes."""

    id: str
    kind: str
    half: Half
    speaker: str
    older: str
    newer: str
    gap_days: int
    supersedes: bool
    question_now: str = ""
    question_before: str = ""


def load(file: Path, half: Half) -> list[Pair]:
    """Return the pairs of one half."""
    known = {field.name for field in fields(Pair)}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Pair(**{k: v for k, v in row.items() if k in known}) for row in rows if row["half"] == half]
