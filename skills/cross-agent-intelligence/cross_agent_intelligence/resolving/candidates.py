"""Which entities a name may mean: looked up by its words, its first letters and its initials, not by comparing all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cross_agent_intelligence.recognising.shapes import NAMED
from cross_agent_intelligence.resolving.known import NICKNAMES
from cross_agent_intelligence.resolving.naming import Form

OF_ONE_KEY, MOST = 40, 80
"""Entities looked at for one key, the latest ones, and for one name: what bounds the cost of a mention."""


class Candidates:
    """Entities by what their names may be recognised by."""

    def __init__(self) -> None:
        self._by_key: dict[str, str | dict[str, None]] = {}
        """Most keys are of one entity: its id alone takes a tenth of a dictionary's memory."""

    def add(self, entity: str, form: Form) -> None:
        """Remember a name of an entity, as the latest of its keys."""
        for key in _keys(form):
            known = self._by_key.get(key, entity)
            if isinstance(known, dict):
                known.pop(entity, None)
                known[entity] = None
            else:
                self._by_key[key] = entity if known == entity else {known: None, entity: None}

    def remove(self, entity: str, form: Form) -> None:
        """Forget a name of an entity."""
        for key in _keys(form):
            known = self._by_key.get(key)
            if isinstance(known, dict):
                known.pop(entity, None)
            if known == entity or not known:
                self._by_key.pop(key, None)

    def find(self, form: Form) -> list[str]:
        """Return the entities that a name may mean, at most `MOST`, the likeliest keys first."""
        found: dict[str, None] = {}
        for key in _asked(form):
            known = self._by_key.get(key, {})
            latest = reversed(known) if isinstance(known, dict) else (known,)
            found.update(dict.fromkeys(islice(latest, OF_ONE_KEY)))
            if len(found) >= MOST:
                break
        return list(found)[:MOST]


def _keys(form: Form) -> Iterator[str]:
    yield f"={form.solid}"
    if form.kind not in NAMED:
        return
    group = "person" if form.kind == "person" else "thing"
    for word in form.words:
        yield f"{group} {word}"
    for word in (form.words[0], form.words[-1]) if form.words else ():
        yield f"{group} {word[:3]}*"
    for short in form.initials:
        yield f"({short})"


def _asked(form: Form) -> Iterator[str]:
    yield f"={form.solid}"
    if form.kind not in NAMED or not form.words:
        return
    group = "person" if form.kind == "person" else "thing"
    yield f"({form.solid})"
    for short in sorted(form.initials):
        yield f"={short}"
    for word in form.words:
        yield f"{group} {word}"
    if form.kind == "person":
        for other in sorted(NICKNAMES.get(form.words[0], ())):
            yield f"{group} {other}"
    for word in (form.words[0], form.words[-1]):
        yield f"{group} {word[:3]}*"
