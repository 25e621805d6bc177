"""Priorities as lines of Markdown; `parse(render(priorities)).priorities` are the same again."""

from __future__ import annotations

import re
from collections.abc import Iterable

from clawcortex.priorities.parsing import SUFFIX
from clawcortex.priorities.records import FIELDS, Action, Conflict, Priority, Value
from clawcortex.text.markdown import escaped

TITLE = "# Priorities"
CONFLICTS = "## Conflicts"


def render(priorities: Iterable[Priority]) -> str:
    """Return a new file with these priorities, numbered from 1."""
    lines = [TITLE, ""]
    for number, priority in enumerate(priorities, 1):
        lines += item(priority, number)
    return "\n".join([*lines, ""])


def item(priority: Priority, number: int) -> list[str]:
    """Return the lines of one priority."""
    lead = f"{number}. "
    indent = " " * len(lead)  # less would not be below it, in Markdown
    lines = [f"{lead}{titled(priority.text, priority.id)}"]
    for name in FIELDS:
        value = getattr(priority, name)
        if value is not None:
            lines.append(field(name, value, indent))
    return [*lines, *(action(one, indent) for one in priority.actions)]


def titled(text: str, key: str) -> str:
    """Return a text with its hidden id."""
    return f"{escaped(text)}{mark(key)}"


def mark(key: str) -> str:
    """Return what carries an id behind a text."""
    return f" <!-- clawcortex:{key} -->" if key else ""


def field(name: str, value: Value, indent: str) -> str:
    """Return the line of one field."""
    return f"{indent}- {name.capitalize()}: {escaped(value)}"


def action(one: Action, indent: str) -> str:
    """Return the line of one action."""
    return f"{indent}- [{'x' if one.done else ' '}] {described(one)}{mark(one.id)}"


def described(one: Action) -> str:
    """Return an action's text with owner and due date behind it."""
    return ended(worded(one.text), one.owner, one.due)


def worded(text: str) -> str:
    """Return an action's text so that nothing at its end reads as owner or due date."""
    shown = str(escaped(text))
    return "\\(".join(shown.rsplit("(", 1)) if SUFFIX.search(shown) else shown


def ended(words: str, owner: str | None, due: str | None) -> str:
    """Return words with owner and due date behind them."""
    said = [f"{name}: {_quoted(value)}" for name, value in (("owner", owner), ("due", due)) if value]
    return f"{words} ({', '.join(said)})" if said else words


def _quoted(value: str) -> str:
    return re.sub(r"[(),]", r"\\\g<0>", escaped(value))


def noted(conflict: Conflict, key: str, when: str) -> str:
    """Return the line that tells a person of one disagreement."""
    about, said, stands = (escaped(value) for value in (conflict.text, conflict.said, conflict.stands))
    told = f" <!-- clawcortex:conflict {key} -->"
    if conflict.field == "deleted":
        line = f"**{about}** stays out, as you deleted it; “{said}” was said"
    elif conflict.field == "save":
        return f"- A save of yours came while this file was written; it is kept in {said}.{told}"
    elif conflict.field == "frozen":
        line = f"**{about}** stands between merge markers and stays as it is until they are gone; “{said}” was said"
    elif stands:
        line = f"**{about}**, {conflict.field}: “{stands}” stays, as you wrote it; “{said}” was said"
    else:
        line = f"**{about}**, {conflict.field}: stays out, as you left it; “{said}” was said"
    return f"- {line}{f' on {escaped(when)}' if when else ''}.{told}"


def brief(priority: Priority) -> str:
    """Return a priority in one line, for a prompt; the text is a person's or an agent's and not escaped."""
    done = sum(one.done is True for one in priority.actions)
    said = [
        priority.theme,
        priority.owner,
        f"due {priority.due}" if priority.due else None,
        priority.status if priority.status != "open" else None,
        f"{done} of {len(priority.actions)} actions done" if priority.actions else None,
    ]
    told = ", ".join(part for part in said if part)
    return f"{priority.text} ({told})" if told else priority.text
