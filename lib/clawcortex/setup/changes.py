"""Changes to openclaw.json: made in memory, recorded, and taken back exactly."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from clawcortex.errors import ConflictError
from clawcortex.setup.grants import Grant


@dataclass(frozen=True)
class Change:
    """One change that was made, with what stood there before."""

    path: tuple[str, ...]
    value: Any
    append: bool
    existed: bool
    before: Any
    depth: int
    """How many of the path's containers were there already."""

    def as_dict(self) -> dict[str, Any]:
        """Return the change as install.json keeps it."""
        return {**self.__dict__, "path": list(self.path)}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Change:
        """Return the change that install.json kept."""
        return cls(**{**kept, "path": tuple(kept["path"])})


def apply(values: dict[str, Any], grants: Iterable[Grant]) -> tuple[dict[str, Any], list[Change]]:
    """Return the configuration with every grant in it, and what had to be changed for that."""
    after = copy.deepcopy(values)
    changes = []
    for grant in grants:
        holder, depth = _descend(after, grant.path)
        name = grant.path[-1]
        existed = name in holder
        before = copy.deepcopy(holder.get(name))
        if grant.append:
            present = before if isinstance(before, list) else []
            if existed and not isinstance(before, list):
                raise _unexpected(grant.path, "a list")
            if grant.value in present:
                continue
            holder[name] = [*present, grant.value]
        elif existed and before == grant.value and type(before) is type(grant.value):
            continue
        else:
            holder[name] = copy.deepcopy(grant.value)
        changes.append(
            Change(grant.path, grant.value, grant.append, existed, None if grant.append else before, depth)
        )
    return after, changes


def take_back(values: dict[str, Any], changes: Iterable[Change]) -> tuple[dict[str, Any], list[Change]]:
    """Return the configuration without our changes, and those that the person has changed since."""
    after = copy.deepcopy(values)
    kept = []
    for change in reversed(list(changes)):
        holder: Any = after
        for key in change.path[:-1]:
            holder = holder.get(key) if isinstance(holder, dict) else None
        name = change.path[-1]
        if not isinstance(holder, dict) or name not in holder:
            continue  # taken away already
        current = holder[name]
        if change.append:
            if not isinstance(current, list) or change.value not in current:
                continue
            current.remove(change.value)
            if not current and not change.existed:
                del holder[name]
        elif current != change.value:
            kept.append(change)
            continue
        elif change.existed:
            holder[name] = copy.deepcopy(change.before)
        else:
            del holder[name]
        _prune(after, change.path[:-1], change.depth)
    return after, kept


def merge(recorded: list[Change], fresh: list[Change]) -> list[Change]:
    """Add new changes to those recorded.

    Where an older value of ours was replaced, what stood there before that is still what is put back.
    """
    known = {_key(change): change for change in recorded}
    for change in fresh:
        first = known.get(_key(change))
        if first is None or change.append or not change.existed or change.before != first.value:
            known[_key(change)] = change
        else:
            known[_key(change)] = replace(first, value=change.value)
    return list(known.values())


def _key(change: Change) -> tuple[tuple[str, ...], str]:
    return change.path, json.dumps(change.value, sort_keys=True) if change.append else ""


def _descend(values: dict[str, Any], path: tuple[str, ...]) -> tuple[dict[str, Any], int]:
    holder, depth = values, 0
    for position, key in enumerate(path[:-1]):
        if "$include" in holder:
            raise _included(path)
        if key in holder:
            depth += 1
        inner = holder.setdefault(key, {})
        if not isinstance(inner, dict):
            raise _unexpected(path[: position + 1], "an object")
        holder = inner
    if "$include" in holder:
        raise _included(path)
    return holder, depth


def _prune(values: dict[str, Any], path: tuple[str, ...], depth: int) -> None:
    """Remove the containers that were made for a change, where nothing else moved in."""
    for length in range(len(path), depth, -1):
        holder: Any = values
        for key in path[: length - 1]:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if not isinstance(holder, dict) or holder.get(path[length - 1]) != {}:
            return
        del holder[path[length - 1]]


def _included(path: tuple[str, ...]) -> ConflictError:
    return ConflictError(
        f"openclaw.json takes `{'.'.join(path[:-1])}` from another file with $include",
        hint=f"Set {'.'.join(path)} in that file yourself, then run this again.",
    )


def _unexpected(path: tuple[str, ...], kind: str) -> ConflictError:
    return ConflictError(
        f"openclaw.json: {'.'.join(path)} is not {kind}",
        hint="Correct it; `openclaw config validate` shows more.",
    )
