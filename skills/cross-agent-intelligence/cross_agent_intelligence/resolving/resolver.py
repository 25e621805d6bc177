"""Mentions resolved to entities, one after another, as they are met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cross_agent_intelligence.recognising.shapes import NAMED, Kind, Mention
from cross_agent_intelligence.resolving.judging import Judged, choose, judge, sayings
from cross_agent_intelligence.resolving.known_entities import KnownEntities
from cross_agent_intelligence.resolving.naming import form
from cross_agent_intelligence.resolving.shapes import Around, Correction, Entity, Evidence, Resolution
from cross_agent_intelligence.resolving.surroundings import Here, Recent, described, stems


class Resolver:
    """Everything that is known of entities, in memory; not safe from several threads at once.

    Made from a snapshot: what `entities()` and `corrections()` once returned. `make_id` gives new ids. Resolving costs
    what the name's few candidates cost, however many entities are known; who was named lately is not in the snapshot.
    """

    def __init__(
        self,
        known: Iterable[Entity] = (),
        corrections: Iterable[Correction] = (),
        *,
        make_id: Callable[[], str],
    ) -> None:
        self._known = KnownEntities(known, corrections, make_id)
        self._recent = Recent()
        self._here = Here("", "")

    def resolve(self, mention: Mention, around: Around) -> Resolution:
        """Return which entity a mention means, a new one when it is like none, and remember that it was named.

        Mentions of one text are best resolved one after another: who was just named there is meant by a short name.
        """
        if not self._here.is_in(around):
            self._here = Here(around.where, around.text)
        seen = stems(around.text, mention.start, mention.end) if mention.kind in NAMED else frozenset()
        linked = self._known.linked(mention)
        if linked:
            reason = Evidence("person", f"a person said whom “{mention.name}” means", 1.0)
            found = Resolution(linked, new=False, score=1.0, evidence=(reason,))
        else:
            found = self._decide(mention, around, seen)
        self._known.count(found.entity, mention, seen)
        self._recent.note(around.where, found.entity)
        self._here.note(mention, found.entity)
        return found

    def resolve_all(self, mentions: Sequence[Mention], around: Around) -> list[Resolution]:
        """Return the resolutions of all mentions of one text, in their order; full names are read first."""
        order = sorted(range(len(mentions)), key=lambda i: (not form(*_named(mentions[i])).full, i))
        found = {i: self.resolve(mentions[i], around) for i in order}
        return [found[i] for i in range(len(mentions))]

    def current(self, entity: str) -> str:
        """Return the id that an entity has now: another one where it was joined with it since the start."""
        return self._known.current(entity)

    def entity(self, entity: str) -> Entity:
        """Return an entity by its id or by that of one which was joined with it; raise NotFoundError."""
        return self._known.entity(entity)

    def entities(self) -> list[Entity]:
        """Return all entities; with `corrections` it is the snapshot to begin from."""
        return self._known.entities()

    def corrections(self) -> list[Correction]:
        """Return the corrections that stand, in order of time."""
        return self._known.corrections()

    def changed(self) -> tuple[list[Entity], list[str]]:
        """Return the entities that changed since the last call, and the ids that are gone (joined with others)."""
        return self._known.changed()

    def named(self, name: str) -> list[Entity]:
        """Return the entities that bear this name, the most often mentioned first."""
        return self._known.named(name)

    def link(self, name: str, entity: str) -> Resolution:
        """Take a person's word that a name means this entity, from now on and for ever.

        An entity that had this very name and no other is joined with it: `joined` names it. NotFoundError for an
        unknown entity.
        """
        into, joined = self._known.link(name, entity)
        reason = Evidence("person", f"a person said that “{name}” means this", 1.0)
        return Resolution(into, new=False, score=1.0, evidence=(reason,), joined=joined)

    def unlink(self, name: str, entity: str) -> Resolution:
        """Take a person's word that a name does not mean this entity; return whom it means now.

        The alias goes to another entity that bears the name, else to a new one. NotFoundError for an unknown entity.
        """
        other, new = self._known.unlink(name, entity)
        reason = Evidence("person", f"a person said that “{name}” does not mean the other", 1.0)
        return Resolution(other, new, score=1.0, evidence=(reason,))

    def _decide(self, mention: Mention, around: Around, seen: frozenset[str]) -> Resolution:
        said = form(mention.name, mention.kind)
        judged = [
            one
            for entity in self._known.candidates(said)
            for one in [self._judge(entity, mention, around, seen)]
            if one
        ]
        told = [
            Judged(self.current(found), 0.95, 0.95, (Evidence(rule, says, 0.95),))
            for found, rule, says in sayings(mention, around.text, self._here.before(mention))
            if self._known.allows(mention, found)
            and not any(j.entity == found and j.weight < 0 for j in judged)
        ]
        best = choose([*told, *(one for one in judged if one.entity not in {t.entity for t in told})])
        into = best.entity if best else self._known.make(mention.name, mention.kind)
        # "International Sensor Networks (ISN)": whoever was called ISN is this one.
        joined = self._known.join_named(said.also, mention.kind, into) if said.also else ()
        if best is None:
            return Resolution(into, new=True, score=1.0, joined=joined)
        return Resolution(into, new=False, score=best.score, evidence=best.evidence, joined=joined)

    def _judge(self, entity: str, mention: Mention, around: Around, seen: frozenset[str]) -> Judged | None:
        known = self._known.entity(entity)
        if not self._known.allows(mention, entity):
            return None
        likeness = judge(mention, known, self._known.forms(entity))
        if likeness is None:
            return None
        return likeness.within(
            recent=self._recent.bonus(around.where, entity),
            distance=self._here.distance(mention, entity),
            described=described(seen, known.words) if mention.kind == "person" else None,
            around=self._known.commonness.likeness(seen, known.words),
        )


def _named(mention: Mention) -> tuple[str, Kind]:
    return mention.name, mention.kind
