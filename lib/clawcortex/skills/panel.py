"""A skill's part of the status page, declared as its operations are; the page knows no skill.

    @panel("waiting", "Waiting for you")
    def waiting(context: Context) -> Table:
        '''List the questions that nobody answered yet.'''
        return Table(("Question",), tuple(Row((one.title,), (Act("answer", "Yes", {"id": one.id}),)) for one in ...))

Every text is untrusted: the page escapes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clawcortex.skills.context import Context


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, drawn as a bar."""

    value: float
    """In [0, 1]."""
    text: str


Cell = str | int | float | datetime | Share


@dataclass(frozen=True, slots=True)
class Act:
    """A button: calls an operation of the skill, as the owner. What destroys is not offered on a page."""

    operation: str
    label: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """JSON; ids and choices, never what somebody said: they stand in the audit."""
    asks: Mapping[str, str] = field(default_factory=dict)
    """Fields of the input that the person fills in first, each with its label."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table and what can be done about it."""

    cells: tuple[Cell, ...]
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What a panel shows at this moment."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    note: str = ""
    acts: tuple[Act, ...] = ()
    """What can be done about all of it."""

    def every_act(self) -> tuple[Act, ...]:
        """Return everything that is offered."""
        return (*self.acts, *(act for row in self.rows for act in row.acts))


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the page: `run(context)` in some ten milliseconds, and without side effects."""

    name: str
    title: str
    summary: str
    run: Callable[[Context], Table]


def panel(name: str, title: str) -> Callable[[Callable[[Context], Table]], Panel]:
    """Declare a function as a part of the status page; its docstring's first line stands under the title."""

    def declare(function: Callable[[Context], Table]) -> Panel:
        return Panel(name, title, (inspect.getdoc(function) or "").partition("\n")[0], function)

    return declare
