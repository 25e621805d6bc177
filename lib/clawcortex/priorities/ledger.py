"""What agents said before, item by item: the first of the three ways.

A value that stands in the file and is not what an agent said last is a person's, for good. An item that is
known and not in the file any more was deleted by a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from clawcortex.priorities.records import Action, Priority, Value
from clawcortex.text.terms import fold

GONE_KEPT = 2_000
"""Deleted items that are remembered; the oldest are forgotten first."""


@dataclass(slots=True)
class Known:
    """An item as it was last seen, and the values that an agent said last."""

    seen: str
    said: dict[str, Value] = field(default_factory=dict)
    closed: bool = False
    """Done when last seen: taking it out of the file then only tidies up."""
    under: dict[str, Known] = field(default_factory=dict)


Ledger = dict[str, Known]


def key_of(entry: Priority | Action) -> str:
    """Return what an entry is known by: its id, else its words."""
    return entry.id or f"~{sha256(fold(entry.text).encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def note(ledger: Ledger, items: Sequence[Priority], put_away: AbstractSet[str] = frozenset()) -> None:
    """Bring what is known of these items up to date with how they stand in the file now."""
    _note(ledger, items, put_away)
    moved = {action.id: action for item in items for action in item.actions if action.id}
    for known in ledger.values():
        _note(known.under, [moved[key] for key in known.under if key in moved])
    for item in items:
        _note(ledger[key_of(item)].under, item.actions)


def _note(
    ledger: Ledger, entries: Sequence[Priority | Action], put_away: AbstractSet[str] = frozenset()
) -> None:
    for entry in entries:
        key = key_of(entry)
        known = ledger.pop(key, None) or Known(entry.text)
        known.seen = entry.text
        known.closed = entry.id in put_away or not entry.is_open
        ledger[key] = known
    here = {key_of(entry) for entry in entries}
    gone = [key for key in ledger if key not in here]
    for key in gone[: max(0, len(gone) - GONE_KEPT)]:
        del ledger[key]


def dumped(ledger: Mapping[str, Known]) -> dict[str, Any]:
    """Return it as JSON's types."""
    return {
        key: {"seen": one.seen, "said": one.said, "closed": one.closed, "under": dumped(one.under)}
        for key, one in ledger.items()
    }


def loaded(raw: Mapping[str, Any]) -> Ledger:
    """Rebuild what `dumped` returned, apart from it."""
    return {
        str(key): Known(str(one["seen"]), dict(one["said"]), bool(one["closed"]), loaded(one["under"]))
        for key, one in raw.items()
    }
