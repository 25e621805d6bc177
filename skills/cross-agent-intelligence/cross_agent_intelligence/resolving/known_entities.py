"""The entities that are known, their names, and what a person said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from clawcortex.errors import NotFoundError
from cross_agent_intelligence.recognising.shapes import LONGEST_NAME, Kind, Mention
from cross_agent_intelligence.resolving.candidates import Candidates
from cross_agent_intelligence.resolving.corrections import Corrections
from cross_agent_intelligence.resolving.naming import Form, form, key
from cross_agent_intelligence.resolving.shapes import Correction, Entity
from cross_agent_intelligence.resolving.surroundings import Commonness, profile

MOST_ALIASES, MOST_FORMS = 50, 12
"""Ways to write a name that are kept of an entity, the most frequent; and different ones that are compared."""


class KnownEntities:
    """Entities by id and by name; every change is remembered until `changed` is asked for."""

    def __init__(
        self, known: Iterable[Entity], corrections: Iterable[Correction], make_id: Callable[[], str]
    ) -> None:
        self.commonness = Commonness()
        self._make_id = make_id
        self._entities: dict[str, Entity] = {}
        self._forms: dict[str, list[Form]] = {}
        self._candidates = Candidates()
        self._joined: dict[str, str] = {}
        self._changed: dict[str, None] = {}
        self._corrections = Corrections()
        for entity in known:
            self._put(entity)
        for correction in corrections:
            if correction.entity in self._entities:
                self._corrections.add(correction, self._entities[correction.entity].kind)
        self._changed.clear()

    def current(self, entity: str) -> str:
        """Return the id that an entity has now."""
        while entity in self._joined:
            entity = self._joined[entity]
        return entity

    def entity(self, entity: str) -> Entity:
        """Return an entity; raise NotFoundError."""
        found = self._entities.get(self.current(entity))
        if found is None:
            raise NotFoundError(f"no entity {entity!r}", hint="`entities` lists them with their ids.")
        return found

    def entities(self) -> list[Entity]:
        """Return all."""
        return list(self._entities.values())

    def corrections(self) -> list[Correction]:
        """Return the corrections that stand, the latest last."""
        return self._corrections.all()

    def changed(self) -> tuple[list[Entity], list[str]]:
        """Return the entities that changed since the last call, and the ids that are gone."""
        changed, self._changed = self._changed, {}
        kept = [self._entities[one] for one in changed if one in self._entities]
        return kept, [one for one in changed if one not in self._entities]

    def forms(self, entity: str) -> list[Form]:
        """Return the names of an entity as they are compared."""
        return self._forms[entity]

    def candidates(self, said: Form) -> list[str]:
        """Return the entities that a name may mean."""
        return self._candidates.find(said)

    def named(self, name: str) -> list[Entity]:
        """Return the entities that bear this name, the most often mentioned first."""
        found = [
            entity
            for kind in {entity.kind for entity in self._entities.values()}
            for entity in map(self.entity, self._candidates.find(form(name, kind)))
            if entity.kind == kind and key(name, kind) in {one.solid for one in self._forms[entity.id]}
        ]
        return sorted(found, key=lambda entity: -entity.count)

    def make(self, name: str, kind: Kind) -> str:
        """Return the id of a new entity."""
        made = Entity(self._make_id(), name[:LONGEST_NAME], kind)
        self._put(made)
        return made.id

    def count(self, entity: str, mention: Mention, seen: frozenset[str]) -> None:
        """Count a mention of an entity."""
        was = self._entities[entity]
        name = mention.name[:LONGEST_NAME]
        aliases = {**was.aliases, name: was.aliases.get(name, 0) + 1}
        if len(aliases) > MOST_ALIASES:
            kept = {was.name, name, *self._corrections.names(entity)}
            rarest = min(aliases.keys() - kept or {name}, key=lambda one: (aliases[one], one))
            del aliases[rarest]
        shown = was.name if was.confirmed else _fuller(was, mention)
        words = profile(was.words, seen) if seen else was.words
        self._put(replace(was, name=shown, aliases=aliases, count=was.count + 1, words=words), mention.name)

    def linked(self, mention: Mention) -> str | None:
        """Return the entity that a person said this name means."""
        found = self._corrections.linked(mention)
        return self.current(found) if found else None

    def allows(self, mention: Mention, entity: str) -> bool:
        """Return whether no person said that the mention's name does not mean the entity."""
        return self._corrections.allows(mention.name, mention.kind, entity)

    def link(self, name: str, entity: str) -> tuple[str, tuple[str, ...]]:
        """Link a name with an entity; return its id, and those that were joined with it."""
        into = self.entity(entity)
        self._corrections.add(Correction("link", name, into.id), into.kind)
        joined = []
        for other in self.named(name):
            if other.id == into.id:
                continue
            if all(key(one, other.kind) == key(name, other.kind) for one in (other.name, *other.aliases)):
                self._join(other.id, into.id)
                joined.append(other.id)
            else:
                self._move(name, other.id, into.id)
        self._put(replace(self.entity(into.id), confirmed=True), name)
        return into.id, tuple(joined)

    def unlink(self, name: str, entity: str) -> tuple[str, bool]:
        """Part a name from an entity; return the id of whom it means now, and whether that is a new one."""
        was = self.entity(entity)
        others = [one.id for one in self.named(name) if one.id != was.id and self._allowed(name, one)]
        self._corrections.add(Correction("unlink", name, was.id), was.kind)
        into = others[0] if others else self.make(name, was.kind)
        self._move(name, was.id, into)
        self._put(replace(self.entity(was.id), confirmed=True))
        self._put(replace(self.entity(into), confirmed=True))
        return into, not others

    def join_named(self, name: str, kind: Kind, into: str) -> tuple[str, ...]:
        """Join those who bear just this name and no other with an entity; return their ids."""
        found = [
            one.id
            for one in self.named(name)
            if one.id != into
            and one.kind == kind
            and self._corrections.allows(name, kind, into)
            and {form_.solid for form_ in self._forms[one.id]} == {key(name, kind)}
        ]
        for one in found:
            self._join(one, into)
        return tuple(found)

    def _allowed(self, name: str, entity: Entity) -> bool:
        return self._corrections.allows(name, entity.kind, entity.id)

    def _move(self, name: str, old: str, new: str) -> None:
        """Let an entity's mentions by this name be those of another."""
        was, into = self.entity(old), self.entity(new)
        moved = {
            one: count for one, count in was.aliases.items() if key(one, was.kind) == key(name, was.kind)
        }
        kept = {one: count for one, count in was.aliases.items() if one not in moved}
        count = sum(moved.values())
        shown = max(kept, key=lambda one: kept[one]) if kept and was.name in moved else was.name
        self._put(replace(was, name=shown, aliases=kept, count=max(0, was.count - count)))
        aliases = {one: into.aliases.get(one, 0) + moved.get(one, 0) for one in {**into.aliases, **moved}}
        self._put(replace(into, aliases=aliases, count=into.count + count), *moved)

    def _join(self, old: str, into: str) -> None:
        gone, kept = self._entities[old], self._entities[into]
        self._drop(old)
        self._joined[old] = into
        self._changed[old] = None
        self._corrections.move(old, into)
        aliases = {
            one: kept.aliases.get(one, 0) + gone.aliases.get(one, 0)
            for one in {**kept.aliases, **gone.aliases}
        }
        words = profile(kept.words, ())
        for stem, weight in gone.words.items():
            words[stem] = words.get(stem, 0.0) + weight
        self._put(
            replace(
                kept,
                aliases=aliases,
                count=kept.count + gone.count,
                words=profile(words, ()),
                confirmed=kept.confirmed or gone.confirmed,
            )
        )

    def _put(self, entity: Entity, *fresh: str) -> None:
        """Keep an entity in the place of what it was; `fresh` names are the only new ones, where some are given."""
        old = self._entities.get(entity.id)
        self.commonness.replace(old.words if old else None, entity.words)
        self._entities[entity.id] = entity
        self._changed[entity.id] = None
        if old and fresh:
            forms = self._forms[entity.id]
        else:
            self._forget(entity.id)
            forms = self._forms[entity.id] = []
        for name in fresh or (entity.name, *sorted(entity.aliases, key=lambda one: -entity.aliases[one])):
            made = form(name, entity.kind)
            for one in (made, form(made.also, entity.kind)) if made.also else (made,):
                if one not in forms:
                    forms[MOST_FORMS - 1 :] = []
                    forms.append(one)
                self._candidates.add(entity.id, one)

    def _drop(self, entity: str) -> None:
        self._forget(entity)
        gone = self._entities.pop(entity)
        self.commonness.replace(gone.words, None)

    def _forget(self, entity: str) -> None:
        for one in self._forms.pop(entity, ()):
            self._candidates.remove(entity, one)


def _fuller(entity: Entity, mention: Mention) -> str:
    """Return the name to show: the fullest that was met, as it was first written."""
    now, said = form(entity.name, entity.kind), form(mention.name, entity.kind)
    longer = len(now.words) < len(said.words) <= 4 and mention.kind == entity.kind and not said.also
    return mention.name[:LONGEST_NAME] if longer else entity.name
