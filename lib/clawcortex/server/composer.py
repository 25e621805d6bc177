"""The one composer: the skills' contributions, ranked and fitted to one budget, as one fenced block."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from clawcortex.skills.contribution import Contribution, Item
from clawcortex.text.fence import APPROVED, NOTICE, escape, fence
from clawcortex.text.tokens import clip, count_tokens

FRAME_TOKENS = 48
"""What the two fences cost besides the notice."""
LEAST_CLIPPED = 24
"""An item is cut to fit only when at least this much of it stays."""
LONGEST_ITEM = 8_000
"""Characters of one item that are looked at; no budget holds more."""
LONGEST_SOURCE = 120
COLON = re.compile(r":(?!\d)")  # those of a time stay
OUTSIDE_QUOTES = str.maketrans(dict.fromkeys('()[]{};"“”', " "))
"""Taken out of a source: a stranger's display name must not read like a sentence of ours."""


@dataclass(frozen=True, slots=True)
class Line:
    """One item that was kept or dropped, for the log."""

    skill: str
    id: str
    tokens: int
    score: float = 0.0
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """The composed text (empty when nothing was kept) and what became of every item."""

    text: str
    tokens: int
    kept: tuple[Line, ...] = ()
    dropped: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def placed(self) -> frozenset[str]:
        """Return the ids of the items in the text, also of those that were cut to fit."""
        return frozenset(line.id for line in self.kept)


def compose(contributions: Sequence[Contribution], *, budget: int, nonce: str) -> Block:
    """Return the block of a turn: lowest rank first, best items first, never more than the budgets."""
    frame = count_tokens(NOTICE) + FRAME_TOKENS
    left = budget - frame
    lines: list[str] = []
    kept: list[Line] = []
    dropped: list[Line] = []
    seen: set[str] = set()
    notes = tuple(f"{part.skill}: {part.note}" for part in contributions if part.note)
    for part in sorted(contributions, key=lambda one: one.rank):
        share = part.budget_tokens if part.extends_budget else min(part.budget_tokens, left)
        heading = f"## {APPROVED + ': ' if part.approved else ''}{escape(part.heading)[:LONGEST_SOURCE]}"
        spent = count_tokens(heading)
        fitting: list[str] = []
        for item in part.items:
            if item.id and item.id in seen:
                continue  # another part has told it already
            line, cost = _fitted(item, share - spent, may_clip=not fitting)
            if line:
                seen.add(item.id)
                fitting.append(line)
                spent += cost
            (kept if line else dropped).append(Line(part.skill, item.id, cost, item.score, part.heading))
        if fitting:
            lines += [heading, *fitting]
            left -= 0 if part.extends_budget else spent
    if not lines:
        return Block("", 0, (), tuple(dropped), notes)
    text = fence(lines, nonce)
    return Block(text, count_tokens(text), tuple(kept), tuple(dropped), notes)


def _fitted(item: Item, room: int, *, may_clip: bool) -> tuple[str, int]:
    """Return the item's line and its tokens; no line when it does not fit."""
    source = (
        COLON.sub(" ", escape(item.source[:LONGEST_SOURCE])).translate(OUTSIDE_QUOTES).strip() or "memory"
    )
    text = escape(item.text[:LONGEST_ITEM])
    line = _line(source, text)
    cost = count_tokens(line)
    if cost <= room:
        return line, cost
    spare = room - count_tokens(_line(source, ""))
    if may_clip and spare >= LEAST_CLIPPED:
        line = _line(source, clip(text, spare))
        clipped = count_tokens(line)
        if clipped <= room:
            return line, clipped
    return "", cost


def _line(source: str, text: str) -> str:
    return f"- ({source}) “{text}”"


def log_block(log: logging.LoggerAdapter[logging.Logger], block: Block) -> None:
    """Write one line that says what was kept and dropped, by id, without any text."""
    if not block.kept and not block.dropped:
        return
    log.info(
        "composed %d tokens: %d kept, %d dropped",
        block.tokens,
        len(block.kept),
        len(block.dropped),
        extra={
            "kept": [f"{line.skill}:{line.id}:{line.tokens}" for line in block.kept],
            "dropped": [f"{line.skill}:{line.id}:{line.tokens}" for line in block.dropped],
            "notes": list(block.notes),
        },
    )
