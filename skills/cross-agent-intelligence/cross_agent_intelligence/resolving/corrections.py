"""What a person said of names; the latest word on a name and an entity stands."""

from __future__ import annotations

from dataclasses import replace

from clawcortex.text.terms import fold
from cross_agent_intelligence.recognising.shapes import Kind, Mention
from cross_agent_intelligence.resolving.naming import key
from cross_agent_intelligence.resolving.shapes import Correction


class Corrections:
    """Links and unlinks by name; spellings that differ in capitals, titles and legal forms only are one name."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], tuple[Correction, Kind]] = {}
        self._by_name: dict[str, dict[str, Correction]] = {}

    def add(self, correction: Correction, kind: Kind) -> None:
        """Take a person's word; `kind` is the entity's."""
        said = _spelled(correction.name), correction.entity
        self._said.pop(said, None)
        self._said[said] = correction, kind
        for name in _names(correction.name, kind):
            known = self._by_name.setdefault(name, {})
            known.pop(correction.entity, None)
            known[correction.entity] = correction

    def linked(self, mention: Mention) -> str | None:
        """Return the entity that a person said the name means; the latest, where they said so of several."""
        found = [
            one
            for name in _names(mention.name, mention.kind)
            for one in self._by_name.get(name, {}).values()
            if one.action == "link"
        ]
        return found[-1].entity if found else None

    def allows(self, name: str, kind: Kind, entity: str) -> bool:
        """Return whether no person said that the name does not mean the entity."""
        said = (self._by_name.get(one, {}).get(entity) for one in _names(name, kind))
        return not any(one is not None and one.action == "unlink" for one in said)

    def names(self, entity: str) -> set[str]:
        """Return the names that a person linked with an entity."""
        return {one.name for one, _ in self._said.values() if one.entity == entity and one.action == "link"}

    def move(self, old: str, new: str) -> None:
        """Let what was said of an entity stand for the one that it was joined with; the order of time stays."""
        every = list(self._said.values())
        self._said.clear()
        self._by_name.clear()
        for one, kind in every:
            self.add(replace(one, entity=new) if one.entity == old else one, kind)

    def all(self) -> list[Correction]:
        """Return what stands, the latest last."""
        return [one for one, _ in self._said.values()]


def _spelled(name: str) -> str:
    return " ".join(fold(name).split())


def _names(name: str, kind: Kind) -> list[str]:
    return list(dict.fromkeys((_spelled(name), key(name, kind))))
