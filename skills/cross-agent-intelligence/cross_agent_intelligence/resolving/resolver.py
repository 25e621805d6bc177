"""Mentions resolved to entities, one after another, as they are met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from clawcortex.errors import NotFoundError
from clawcortex.text.terms import fold
from cross_agent_intelligence.recognising.shapes import Kind, Mention
from cross_agent_intelligence.resolving.shapes import Around, Correction, Entity, Evidence, Resolution


class Resolver:
    """Everything that is known of entities, in memory; not safe from several threads at once.

    Made from a snapshot: what `entities()` once returned, and every correction in order of time. `make_id` gives new
    ids. Resolving costs what the name's few candidates cost, however many entities are known.
    """

    def __init__(
        self,
        known: Iterable[Entity] = (),
        corrections: Iterable[Correction] = (),
        *,
        make_id: Callable[[], str],
    ) -> None:
        self._make_id = make_id
        self._entities = {entity.id: entity for entity in known}
        self._joined: dict[str, str] = {}
        self._changed: set[str] = set()
        self._corrections: dict[tuple[str, str], Correction] = {}
        self._by_key = {(fold(e.name), e.kind): e.id for e in self._entities.values()}
        for correction in corrections:
            self._correct(correction)

    def resolve(self, mention: Mention, around: Around) -> Resolution:  # noqa: ARG002 (the surroundings are weighed by what follows the seam)
        """Return which entity a mention means, a new one when it is like none, and remember that it was named."""
        key = fold(mention.name), mention.kind
        found = self._by_key.get(key)
        new = found is None
        if found is None:
            found = self._make(mention.name, mention.kind)
        self._count(found, mention.name)
        return Resolution(found, new, 1.0, () if new else (Evidence("same name", mention.name, 1.0),))

    def resolve_all(self, mentions: Sequence[Mention], around: Around) -> list[Resolution]:
        """Return the resolutions of all mentions of one text, in their order; the fullest names are read first."""
        return [self.resolve(mention, around) for mention in mentions]

    def current(self, entity: str) -> str:
        """Return the id that an entity has now: another one where it was joined with it."""
        while entity in self._joined:
            entity = self._joined[entity]
        return entity

    def entity(self, entity: str) -> Entity:
        """Return an entity by its id or by that of one which was joined with it; raise NotFoundError."""
        found = self._entities.get(self.current(entity))
        if found is None:
            raise NotFoundError(f"no entity {entity!r}", hint="`entities` lists them with their ids.")
        return found

    def entities(self) -> list[Entity]:
        """Return all entities; with `corrections` it is the snapshot to begin from."""
        return list(self._entities.values())

    def corrections(self) -> list[Correction]:
        """Return the corrections that stand."""
        return list(self._corrections.values())

    def changed(self) -> tuple[list[Entity], list[str]]:
        """Return the entities that changed since the last call, and the ids that are gone (joined with others)."""
        changed, self._changed = self._changed, set()
        kept = [self._entities[one] for one in changed if one in self._entities]
        return kept, [one for one in changed if one not in self._entities]

    def named(self, name: str) -> list[Entity]:
        """Return the entities that bear this name, the most often mentioned first."""
        key = fold(name)
        found = [e for e in self._entities.values() if key in {fold(e.name), *map(fold, e.aliases)}]
        return sorted(found, key=lambda entity: -entity.count)

    def link(self, name: str, entity: str) -> Resolution:
        """Take a person's word that a name means this entity, from now on and for ever.

        An entity that had this very name and no other is joined with it: `joined` names it. NotFoundError for an
        unknown entity.
        """
        into = self.entity(entity).id
        correction = Correction("link", name, into)
        joined = self._correct(correction)
        return Resolution(into, new=False, score=1.0, evidence=(_said(correction),), joined=joined)

    def unlink(self, name: str, entity: str) -> Resolution:
        """Take a person's word that a name does not mean this entity; return whom it means now.

        The alias goes to another entity that bears the name, else to a new one.
        """
        correction = Correction("unlink", name, self.entity(entity).id)
        self._correct(correction)
        kept = [one for one in self.named(name) if one.id != correction.entity]
        other = kept[0].id if kept else self._make(name, self.entity(entity).kind)
        return Resolution(other, new=not kept, score=1.0, evidence=(_said(correction),))

    def _correct(self, correction: Correction) -> tuple[str, ...]:
        self._corrections[fold(correction.name), correction.entity] = correction
        return ()

    def _make(self, name: str, kind: Kind) -> str:
        made = Entity(self._make_id(), name, kind)
        self._entities[made.id] = made
        self._by_key[fold(name), kind] = made.id
        return made.id

    def _count(self, entity: str, name: str) -> None:
        was = self._entities[entity]
        aliases = {**was.aliases, name: was.aliases.get(name, 0) + 1}
        self._entities[entity] = replace(was, aliases=aliases, count=was.count + 1)
        self._changed.add(entity)


def _said(correction: Correction) -> Evidence:
    what = "means this" if correction.action == "link" else "does not mean this"
    return Evidence("person", f"a person said that “{correction.name}” {what}", 1.0)
