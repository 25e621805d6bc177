"""Who or what a mention means: the seam between the resolver and whoever stores entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cross_agent_intelligence.recognising.shapes import Kind, Mention


@dataclass(frozen=True, slots=True)
class Entity:
    """Someone or something that texts name. Plain values only: `dataclasses.asdict` of it is JSON and back."""

    id: str
    name: str
    """What it is called here: the fullest name that was met, or the one that a person gave."""
    kind: Kind
    aliases: Mapping[str, int] = field(default_factory=dict)
    """How it was called, as it was written, and how often; the most frequent ones."""
    count: int = 0
    """Mentions."""
    words: Mapping[str, float] = field(default_factory=dict)
    """Stems that stood around it, and how much each counts: a bounded profile that tells namesakes apart."""
    confirmed: bool = False
    """A person linked or unlinked a name of it: the gazetteer may learn its names."""


@dataclass(frozen=True, slots=True)
class Around:
    """Where a mention stands."""

    text: str
    """The text that the mention's `start` and `end` count in."""
    mentions: Sequence[Mention] = ()
    """All mentions of that text."""
    where: str = ""
    """The session or agent: who was just named there is who is meant by a short name."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason, in words that a person can check."""

    rule: str
    """Its name: `same name`, `legal form`, `initials`, `first name`, `surroundings`, `person`, ..."""
    says: str
    """As: "“ACME Inc” is “Acme” with a legal form"."""
    weight: float
    """How much it counts; below 0 against."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which entity a mention means."""

    entity: str
    """Id; call `Resolver.current` on ids that were kept."""
    new: bool
    """Nobody like it was known: the entity was made now."""
    score: float
    """In [0, 1]; 1 where a person said so."""
    evidence: tuple[Evidence, ...] = ()
    joined: tuple[str, ...] = ()
    """Ids of entities that turned out to be this one: their mentions are its mentions from now on."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person said of a name; the latest of a name and an entity wins over all evidence, for ever."""

    action: Literal["link", "unlink"]
    name: str
    entity: str
