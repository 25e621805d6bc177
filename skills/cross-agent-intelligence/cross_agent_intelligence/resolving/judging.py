"""How likely a mention means an entity: its name against every name of the entity, then what stands around."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cross_agent_intelligence.recognising.shapes import NAMED, Kind, Mention
from cross_agent_intelligence.resolving.likeness import SAME, likeness
from cross_agent_intelligence.resolving.naming import Form, form
from cross_agent_intelligence.resolving.shapes import Entity, Evidence

NEEDED = 0.65
"""A short name means somebody only from this score on."""
MARGIN = 0.05
"""So much better than the second best, or nobody is meant: two Bens stay apart."""
RIVAL = 0.15
"""Candidates whose names fit nearly as well."""
CERTAIN = 0.95
"""Of names that are put differently ("J. Smith") two may fit alike; the same name is the same."""
ONLY = 0.1
"""What it counts that nobody else's name fits as well."""
HERE, AROUND, CALLED, DESCRIBED = 0.3, 0.2, 0.03, 0.1
"""What it counts, at most, to be named in the same text; to stand in like surroundings; to be called just so; to be
described as before (threefold against, where it is described in another way)."""
UNSURE = 0.75
"""A recogniser less sure of a kind than this may have taken one kind of thing for another."""
_CONFUSED: dict[Kind, frozenset[Kind]] = {
    "company": frozenset({"product", "project", "place"}),
    "product": frozenset({"company", "project"}),
    "project": frozenset({"product", "company"}),
    "place": frozenset({"company"}),
}
_SAYING = re.compile(
    r"^[\s,(–-]{1,4}(?:or\s+)?(?:formerly|previously|once)?\s*"
    r"(?:called|known\s+as|named|a\.?k\.?a\.?|formerly|alias|short for|"
    r"(?:which|who|that)\s+(?:is|was)\s+(?:now\s+)?(?:called|known\s+as)|now|nicknamed)\s*[:“\"']?\s*$|^\s*\(\s*[“\"']?$"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """An entity that a mention may mean."""

    entity: str
    weight: float
    """What the name alone says."""
    score: float
    """What name and surroundings say; above 1 is possible."""
    evidence: tuple[Evidence, ...]

    def within(
        self, *, recent: float, distance: int | None, around: float, described: bool | None = None
    ) -> Judged:
        """Return it with what the surroundings add.

        `distance` in characters is to where the entity is named in the same text, None where it is not; `described`
        tells whether the text describes it as before ("Ben from accounting"), None where one of both does not.
        """
        found = list(self.evidence)
        if distance is not None:
            near = HERE * (1 - min(distance, 3_000) / 12_000)
            found.append(Evidence("same text", "it is named in the same text", round(near, 3)))
            recent = near
        elif recent > 0.01:
            found.append(Evidence("just named", "it was named here a short while ago", round(recent, 3)))
        if around > 0.05:
            says = "what stands around was around it before"
            found.append(Evidence("surroundings", says, round(AROUND * around, 3)))
        described_by = 0.0
        if described is not None and self.weight < SAME:
            described_by = DESCRIBED if described else -3 * DESCRIBED
            says = "as" if described else "in another way than"
            found.append(Evidence("description", f"the text describes it {says} before", described_by))
        score = self.score + recent + AROUND * around + described_by
        return replace(self, score=score, evidence=tuple(found))


def judge(mention: Mention, known: Entity, forms: Iterable[Form]) -> Judged | None:
    """Return how the mention's name stands to the names of an entity; None where it does not."""
    said = form(mention.name, mention.kind)
    if known.kind != mention.kind:
        return _of_other_kind(mention, said, known, forms)
    if mention.kind not in NAMED:
        same = any(said.solid == one.solid for one in forms)
        return Judged(known.id, 1.0, 1.0, (_evidence("same name", mention, known, 1.0),)) if same else None
    full = [one for one in forms if one.full] if said.kind == "person" else []
    found = [one for one in (likeness(said, other) for other in full or forms) if one is not None]
    if not found:
        return None
    at_odds = next((one for one in found if one.weight < 0), None)
    best = max(found, key=lambda one: one.weight)
    if at_odds and (best.weight < SAME or said.kind in {"person", "place"}):
        return Judged(known.id, -1.0, -1.0, (_evidence(at_odds.rule, mention, known, -1.0),))
    called = CALLED if mention.name in known.aliases else 0.0
    return Judged(
        known.id, best.weight, best.weight + called, (_evidence(best.rule, mention, known, best.weight),)
    )


def choose(judged: Iterable[Judged]) -> Judged | None:
    """Return whom a mention means; None for nobody that is known, or where two fit alike."""
    ranked = sorted((one for one in judged if one.weight > 0), key=lambda one: -one.score)
    if not ranked:
        return None
    same = [one for one in ranked if one.weight >= SAME]
    if len(same) > 1 and same[0].weight < CERTAIN and same[0].score - same[1].score < MARGIN:
        return None
    if same:
        return replace(same[0], score=min(1.0, same[0].score))
    best = ranked[0]
    rivals = [one for one in ranked[1:] if one.weight >= best.weight - RIVAL]
    score = best.score + ONLY * (not rivals)
    if score < NEEDED or (rivals and best.score - rivals[0].score < MARGIN):
        return None
    return replace(best, score=min(1.0, score))


def sayings(
    mention: Mention, text: str, before: Iterable[tuple[Mention, str]]
) -> Iterator[tuple[str, str, str]]:
    """Yield entities that the text itself says to be this one: "Zeitfeld, formerly Kuhn AG", with rule and reason."""
    for other, entity in before:
        if other.kind == mention.kind and _SAYING.match(text[other.end : mention.start]):
            yield entity, "said so", f"the text says so: “{text[other.start : mention.end]}”"


def _of_other_kind(mention: Mention, said: Form, known: Entity, forms: Iterable[Form]) -> Judged | None:
    confused = known.kind in _CONFUSED.get(mention.kind, ())
    if not confused or mention.confidence >= UNSURE or not any(said.solid == one.solid for one in forms):
        return None
    return Judged(known.id, 0.6, 0.6, (_evidence("same name, another kind", mention, known, 0.6),))


def _evidence(rule: str, mention: Mention, known: Entity, weight: float) -> Evidence:
    stands = "is not" if weight < 0 else "fits"
    return Evidence(rule, f"“{mention.name}” {stands} “{known.name}”: {rule}", round(weight, 3))
