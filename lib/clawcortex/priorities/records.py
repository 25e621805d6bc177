"""What stands in PRIORITIES.md, as values; None is "nothing said"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clawcortex.errors import InputError
from clawcortex.text.fence import escape as one_line
from clawcortex.text.terms import fold

Value = str | bool | None
FIELDS = ("theme", "owner", "due", "status")
"""Lines below a priority's own, in this order."""
ACTION_FIELDS = ("done", "owner", "due")
CLOSED = frozenset("done closed complete completed finished shipped cancelled canceled dropped".split())
_DATE = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?:[T ](?P<time>\d\d:\d\d))?")


@dataclass(frozen=True, slots=True)
class Action:
    """One checkbox under a priority. `due` is an ISO date where it is known, else a phrase."""

    text: str
    done: bool | None = None
    owner: str | None = None
    due: str | None = None
    id: str = ""

    @property
    def is_open(self) -> bool:
        """Return whether it is still to be done."""
        return not self.done


@dataclass(frozen=True, slots=True)
class Priority:
    """One numbered priority. `rank` (1 is first) places a new one; one that stands is never moved."""

    text: str
    theme: str | None = None
    owner: str | None = None
    due: str | None = None
    status: str | None = None
    actions: tuple[Action, ...] = ()
    id: str = ""
    rank: int | None = field(default=None, compare=False)

    @property
    def is_open(self) -> bool:
        """Return whether it is still to be done."""
        return fold(self.status or "").strip(" .!") not in CLOSED


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where an agent and a person disagree: what stands, and what was said."""

    id: str
    text: str
    field: str
    """A field's name; "deleted" for an item that a person took out; "save" for a file kept in the history."""
    stands: str
    said: str


def cleaned(entry: Priority) -> Priority:
    """Return what was proposed with every text on one line; InputError for one without words."""
    return replace(
        entry,
        text=_text(entry.text),
        theme=_value(entry.theme),
        owner=_value(entry.owner),
        due=_value(entry.due),
        status=_value(entry.status),
        actions=tuple(
            replace(one, text=_text(one.text), owner=_value(one.owner), due=_value(one.due))
            for one in entry.actions
        ),
    )


def _text(text: str) -> str:
    shown = one_line(text)
    if not shown:
        raise InputError("a priority or action has no text", hint="Give every item a text of its own.")
    return shown


def _value(text: str | None) -> str | None:
    return (one_line(text) or None) if text is not None else None


def values(entry: Priority | Action) -> dict[str, Value]:
    """Return what is said of an entry: its text and its fields."""
    names = FIELDS if isinstance(entry, Priority) else ACTION_FIELDS
    said: Mapping[str, Value] = {name: getattr(entry, name) for name in ("text", *names)}
    return {name: value for name, value in said.items() if value is not None}


def fields_of(entry: Priority | Action) -> dict[str, Any]:
    """Return what is said of an entry beside its text."""
    return {name: value for name, value in values(entry).items() if name != "text"}


def agree(said: Value, stands: Value) -> bool:
    """Return whether what is said is what stands: case, spaces, and the time or phrase behind a date do not count."""
    if not isinstance(said, str) or not isinstance(stands, str):
        return said == stands
    dates = _DATE.match(said.strip()), _DATE.match(stands.strip())
    if dates[0] and dates[1]:
        return dates[0]["day"] == dates[1]["day"] and dates[0]["time"] in (None, dates[1]["time"])
    return fold(" ".join(said.split())) == fold(" ".join(stands.split()))
