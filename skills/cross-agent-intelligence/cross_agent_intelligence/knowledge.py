"""What is known of entities: resolver and gazetteer, held in memory and stored with each change.

Several processes share one store: who finds that another changed it reads it anew.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any
from weakref import WeakKeyDictionary

from ulid import ULID

from clawcortex.skills.context import Context
from clawcortex.store.base import Store
from clawcortex.store.records import Write
from cross_agent_intelligence.recognising.gazetteer import Gazetteer
from cross_agent_intelligence.recognising.shapes import Mention
from cross_agent_intelligence.resolving.resolver import Resolver
from cross_agent_intelligence.resolving.shapes import Around, Correction, Entity, Resolution

ENTITIES = "signals.entities"
STATE, KEY, CORRECTIONS = "signals.state", "entities", "corrections"
EVIDENCE = 20
"""Names of an entity for which the reason is kept."""
_FIELDS = tuple(one.name for one in fields(Entity))


@dataclass(slots=True)
class Known:
    """The entities as one process holds them; use it inside `held` only."""

    generation: int
    resolver: Resolver
    gazetteer: Gazetteer
    corrections: dict[str, object] | None
    """What people said of names, as it is stored."""
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    """By entity and name: why it is a name of it, until it is stored."""

    def resolve(self, text: str, mentions: list[Mention], where: str) -> list[Resolution]:
        """Return what the mentions of one text mean."""
        found = self.resolver.resolve_all(mentions, Around(text, mentions, where))
        for mention, resolution in zip(mentions, found, strict=True):
            for one in resolution.evidence[:1]:
                self.reasons.setdefault(resolution.entity, {}).setdefault(
                    mention.name, f"{one.rule}: {one.says}"
                )
        return found

    def writes(self, store: Store) -> list[Write]:
        """Return the change of the store that follows what was resolved; when it is refused, `forget` all."""
        changed, gone = self.resolver.changed()
        said = _stored(self.resolver.corrections())
        corrected = said != (self.corrections or _stored([]))
        if not changed and not gone and not corrected:
            return []
        made = [_write(store, one, self.reasons.pop(one.id, {})) for one in changed]
        if corrected:
            made.append(Write(STATE, CORRECTIONS, self.corrections, said))
            self.corrections = said
            self.learn(changed)
        made += [Write(ENTITIES, one, was, None) for one in gone if (was := store.get_record(ENTITIES, one))]
        return [*made, self.stepped()]

    def learn(self, entities: Iterable[Entity]) -> None:
        """Let the recogniser know the names that a person confirmed."""
        confirmed = {one.id: one for one in entities if one.confirmed}
        for one in confirmed.values():
            for name in (one.name, *one.aliases):
                self.gazetteer.add(name, one.kind)
        for said in self.resolver.corrections():
            if said.action == "link" and said.entity in confirmed:
                self.gazetteer.add(said.name, confirmed[said.entity].kind)

    def stepped(self) -> Write:
        """Return the change that says that the entities change; of two at once one is refused."""
        before = {"version": 1, "generation": self.generation} if self.generation else None
        self.generation += 1
        return Write(STATE, KEY, before, {"version": 1, "generation": self.generation})


_known: WeakKeyDictionary[Store, Known] = WeakKeyDictionary()
_lock = threading.RLock()


@contextmanager
def held(context: Context) -> Iterator[Known]:
    """Lend what is known, as the store has it now; after a fault it is read anew."""
    store = context.store
    with _lock:
        found = _known.get(store)
        if found is None or found.generation != _generation(store):
            found = _known[store] = _load(store)
        try:
            yield found
        except BaseException:
            _known.pop(store, None)
            raise


def forget(context: Context) -> None:
    """Read what is known anew the next time: another process was quicker."""
    with _lock:
        _known.pop(context.store, None)


def unlearned(store: Store, entity: str, called: Mapping[str, int]) -> Write | None:
    """Return the change that takes out of an entity what a forgotten memory told of it; None for none.

    What surrounded it goes, whichever memory told it; a name goes with its last memory, unless a person confirmed it.
    """
    before = store.get_record(ENTITIES, entity)
    if before is None:
        return None
    known = _entity(entity, before)
    left = {name: count - called.get(name, 0) for name, count in known.aliases.items()}
    aliases = {name: max(count, 0) for name, count in left.items() if count > 0 or known.confirmed}
    if not aliases and not known.confirmed:
        return Write(ENTITIES, entity, before, None)
    gone = known.aliases.keys() - aliases.keys()
    evidence = evidence_in(before)
    kept = {name: why for name, why in evidence.items() if not any(one in f"{name} {why}" for one in gone)}
    shown = (
        known.name if known.confirmed or known.name in aliases else max(aliases, key=lambda one: aliases[one])
    )
    count = max(known.count - sum(called.values()), 0)
    after = asdict(replace(known, name=shown, aliases=aliases, count=count, words={}))
    return Write(ENTITIES, entity, before, after | {"version": 1, "evidence": kept})


def evidence_of(context: Context, entity: str) -> dict[str, str]:
    """Return by name why it is a name of this entity."""
    return evidence_in(context.store.get_record(ENTITIES, entity) or {})


def evidence_in(record: Mapping[str, object]) -> dict[str, str]:
    """Return by name why it is a name of the entity of a record."""
    found = record.get("evidence")
    return {str(name): str(why) for name, why in found.items()} if isinstance(found, Mapping) else {}


def _generation(store: Store) -> int:
    return int(str((store.get_record(STATE, KEY) or {}).get("generation", 0)))


def _load(store: Store) -> Known:
    generation = _generation(store)  # first: what is stored meanwhile is then read again
    entities = [_entity(key, value) for key, value in store.list_records(ENTITIES).items()]
    kept = store.get_record(STATE, CORRECTIONS)
    resolver = Resolver(entities, _corrections(kept), make_id=lambda: str(ULID()))
    resolver.changed()  # what the corrections changed is in the store already
    found = Known(generation, resolver, Gazetteer(), kept)
    found.learn(entities)
    return found


def _corrections(kept: Mapping[str, object] | None) -> list[Correction]:
    listed: Any = (kept or {}).get("corrections", [])
    return [
        Correction("unlink" if one["action"] == "unlink" else "link", one["name"], one["entity"])
        for one in listed
    ]


def _stored(corrections: Iterable[Correction]) -> dict[str, object]:
    return {"version": 1, "corrections": [asdict(one) for one in corrections]}


def _entity(key: str, value: Mapping[str, object]) -> Entity:
    known = {name: value[name] for name in _FIELDS if name in value}
    return Entity(**{**known, "id": key})  # type: ignore[arg-type]


def _write(store: Store, entity: Entity, reasons: Mapping[str, str]) -> Write:
    before = store.get_record(ENTITIES, entity.id)
    evidence = {**evidence_in(before or {}), **reasons}
    newest = dict(list(evidence.items())[-EVIDENCE:])
    return Write(ENTITIES, entity.id, before, asdict(entity) | {"version": 1, "evidence": newest})
