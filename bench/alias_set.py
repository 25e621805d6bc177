"""Read the set of mentions in context (aliases.txt): what each is called, its kind, and the entity that is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from cross_agent_intelligence.recognising.shapes import KINDS, Kind, Mention

Half = Literal["dev", "final"]
FILE = Path(__file__).with_name("aliases.txt")
_MARKED = re.compile(r"\[([^\]|]+)\|([a-z]+):([a-z0-9-]+)\]")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, where it was said, and its mentions with the entity that each means."""

    where: str
    text: str
    mentions: tuple[Mention, ...]
    means: tuple[str, ...]


def load(file: Path, half: Half) -> list[Passage]:
    """Return one half in order."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = [line.split("\t") for line in lines if line]
    return [_passage(where, marked) for of, where, marked in rows if of == half]


def _passage(where: str, marked: str) -> Passage:
    text, end = "", 0
    mentions, means = [], []
    for match in _MARKED.finditer(marked):
        text += marked[end : match.start()]
        end, name = match.end(), match[1]
        if match[2] not in KINDS:
            raise ValueError(f"{match[0]}: {match[2]!r} is no kind of mention")
        mentions.append(Mention(name, cast("Kind", match[2]), len(text), len(text) + len(name), 1.0))
        means.append(match[3])
        text += name
    return Passage(where, text + marked[end:], tuple(mentions), tuple(means))
