"""Which memories go: those past their retention, then the least worth keeping until the budget is met.

What holds, whatever the figures say: a pinned memory stays; the parts of one text go together; what replaced an
older memory stays as long as that one does, or the outdated would count as current again; and what was said in
the last week goes last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from clawcortex.store.base import FLAG_DUPLICATE, FLAG_PINNED, FLAG_SUPERSEDED, Floats, Ints, Store, Usage
from clawcortex.store.held import rows_of
from clawcortex.store.index import View
from clawcortex.store.records import Provenance, Selection
from context_retention.forgetting.weighing import DAY

Mask = NDArray[np.bool_]
RECENT_DAYS = 8.0
"""What was said within these days goes only when nothing older is left: its day and week are still summed up."""
LONGEST_CHAIN = 16
"""Replacements of one fact, one after the other, that are put in order; longer chains only keep their newest."""
PAGE = 1_000
BUDGET = "budget"
FLAGS = {"superseded": FLAG_SUPERSEDED, "duplicate": FLAG_DUPLICATE}


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may stay; 0 is without limit."""

    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What goes, whole texts one after the other, and what stays."""

    positions: Ints
    turns: Ints
    """The text that each position belongs to."""
    bytes: int
    by_rule: Mapping[str, int] = field(default_factory=dict)
    """How many go by each rule: "untrusted=90d", "budget"."""
    left: Budget = field(default_factory=Budget)
    """Rows and bytes that stay."""
    over: Budget = field(default_factory=Budget)
    """By how much they are still more than the budget: all that is left must stay."""


def choose(
    view: View,
    usage: Usage,
    worth: Floats,
    now: datetime,
    *,
    budget: Budget,
    retention: Mapping[str, int],
    vector_bytes: int,
    successors: Mapping[int, int],
) -> Choice:
    """Choose what goes. `retention` is in days; `successors` gives the `n` that replaced an `n`."""
    texts = _Texts(view, usage, worth, now, vector_bytes)
    rules = [(f"{kind}={days}d", texts.expired(kind, days)) for kind, days in retention.items()]
    older, newer = texts.links(successors)
    expired = np.logical_or.reduce([mask for _, mask in rules]) if rules else np.zeros(texts.count, np.bool_)
    expired = texts.staying_with(older, newer, expired & ~texts.pinned)
    order = texts.in_order(older, newer, budget, expired)
    by_rule: dict[str, int] = {}
    unnamed = expired.copy()
    for name, mask in rules:
        by_rule[name] = int(texts.rows[unnamed & mask].sum())
        unnamed &= ~mask
    by_rule[BUDGET] = int(texts.rows[order].sum())
    going = np.concatenate([np.flatnonzero(expired), order])
    gone = Budget(int(texts.rows[going].sum()), int(texts.bytes[going].sum()))
    left = Budget(int(texts.rows.sum()) - gone.rows, int(texts.bytes.sum()) - gone.bytes)
    positions, turns = texts.positions(going)
    return Choice(
        positions=positions,
        turns=turns,
        bytes=gone.bytes,
        by_rule={name: count for name, count in by_rule.items() if count},
        left=left,
        over=Budget(
            max(0, left.rows - budget.rows) if budget.rows else 0,
            max(0, left.bytes - budget.bytes) if budget.bytes else 0,
        ),
    )


def successors(store: Store, view: View) -> dict[int, int]:
    """Return, for each superseded memory, the `n` of what took its place."""
    flagged = view.columns.n[view.alive & ((view.columns.flags & FLAG_SUPERSEDED) > 0)]
    found: dict[int, int] = {}
    for start in range(0, len(flagged), PAGE):
        older = store.rows(flagged[start : start + PAGE].tolist())
        wanted = {memory.superseded_by for memory in older}
        named = store.select(Selection(ids=tuple(wanted)), limit=PAGE * PAGE) if wanted else []
        numbers = {memory.id: memory.n for memory in named}
        found |= {one.n: numbers[one.superseded_by] for one in older if one.superseded_by in numbers}
    return found


class _Texts:
    """The living memories as whole texts; every array has one place a text."""

    def __init__(self, view: View, usage: Usage, worth: Floats, now: datetime, vector_bytes: int) -> None:
        rows = view.at(usage.n)
        held = (rows >= 0) & np.append(view.alive, [False])[rows]  # -1 is the place that was appended
        rows = rows[held]
        self._n = usage.n[held]
        self._provenance, self._flags = usage.provenance[held], view.columns.flags[rows]
        self._days = np.maximum((now.timestamp() - view.columns.created[rows]) / DAY, 0.0)
        self.turn, self._text = np.unique(usage.turn[held], return_inverse=True)
        self.count = len(self.turn)
        self.rows = np.bincount(self._text, minlength=self.count).astype(np.int64)
        size = usage.bytes[held] + vector_bytes
        self.bytes = np.bincount(self._text, size, minlength=self.count).astype(np.int64)
        self.worth = np.zeros(self.count, np.float32)
        np.maximum.at(self.worth, self._text, worth[rows])
        self.pinned = self._any((self._flags & FLAG_PINNED) > 0)
        self.recent = self._any(self._days <= RECENT_DAYS)

    def _any(self, of_rows: Mask) -> Mask:
        return np.bincount(self._text, of_rows, minlength=self.count) > 0

    def expired(self, kind: str, days: int) -> Mask:
        """Return the texts all of whose parts are of this kind and older than this."""
        of_kind = (
            (self._flags & FLAGS[kind]) > 0
            if kind in FLAGS
            else self._provenance == list(Provenance).index(Provenance(kind))
        )
        return ~self._any(~(of_kind & (self._days > days)))

    def links(self, successors: Mapping[int, int]) -> tuple[Ints, Ints]:
        """Return the texts that hold something outdated, and those that took its place."""
        places = np.array([*successors.items()], np.int64).reshape(-1, 2)
        at = rows_of(self._n, places.reshape(-1)).reshape(-1, 2)
        texts = self._text[at[(at >= 0).all(axis=1)]]
        other = texts[:, 0] != texts[:, 1]
        return texts[other, 0], texts[other, 1]

    def staying_with(self, older: Ints, newer: Ints, going: Mask) -> Mask:
        """Take out of what goes whatever replaced something that stays."""
        while len(late := newer[going[newer] & ~going[older]]):
            going = going.copy()
            going[late] = False
        return going

    def in_order(self, older: Ints, newer: Ints, budget: Budget, expired: Mask) -> Ints:
        """Return the texts that go for the budget, the least worth first."""
        stays, recent, worth = self.pinned.copy(), self.recent.copy(), self.worth.copy()
        for _ in range(LONGEST_CHAIN):  # what replaced something goes after it, so along the chain
            np.logical_or.at(stays, newer, stays[older])
            np.logical_or.at(recent, newer, recent[older])
            np.maximum.at(worth, newer, worth[older])
        free = np.flatnonzero(~stays & ~expired)
        free = free[np.lexsort((self.turn[free], worth[free], recent[free]))]
        rows = int(self.rows[~expired].sum()) - np.cumsum(self.rows[free])
        size = int(self.bytes[~expired].sum()) - np.cumsum(self.bytes[free])
        needed = 0
        for limit, total, after in (
            (budget.rows, self.rows[~expired].sum(), rows),
            (budget.bytes, self.bytes[~expired].sum(), size),
        ):
            if limit and total > limit:
                needed = max(needed, int(np.searchsorted(-after, -limit)) + 1)
        going: Mask = np.zeros(self.count, np.bool_)
        going[free[:needed]] = True
        kept = self.staying_with(older, newer, np.logical_or(going, expired))
        return free[:needed][kept[free[:needed]]]

    def positions(self, texts: Ints) -> tuple[Ints, Ints]:
        """Return the `n` of all parts of these texts in the order of the texts, and each one's text."""
        place = np.full(self.count, -1, np.int64)
        place[texts] = np.arange(len(texts))
        chosen = np.flatnonzero(place[self._text] >= 0)
        chosen = chosen[np.argsort(place[self._text[chosen]], kind="stable")]
        return self._n[chosen], self._text[chosen]
