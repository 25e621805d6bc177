"""A skill's part of the prompt block; the server's composer fits all parts into one budget."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to tell the model. `text` is untrusted: the composer escapes it."""

    text: str
    score: float
    source: str
    """Where it comes from, for the person who reads the block: "told by Ann, 2026-11-03"."""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """Items under one heading, best first. Lower `rank` is placed and kept first."""

    skill: str
    heading: str
    items: tuple[Item, ...] = ()
    rank: int = 50
    budget_tokens: int = 600
    extends_budget: bool = False
    """True for a compaction's block: its budget is added to the turn's, not taken from it."""
    approved: bool = False
    """True for wishes of the owner that the agent is to keep to: the one part that is not mere data."""
    note: str = ""
    """One line for the log and `why`: "lexical only, model loading"."""
    delivered: Callable[[Collection[str]], None] | None = None
    """Called once the block left in time, with the ids of the items in it: what the budget cut was not told."""
