"""What stood around a name, and who was just named there: what tells namesakes apart."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, insort
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping

from clawcortex.text.terms import terms
from cross_agent_intelligence.recognising.lists import LISTS
from cross_agent_intelligence.recognising.shapes import Mention
from cross_agent_intelligence.resolving.shapes import Around

REACH = 200
"""Characters to either side of a mention that are looked at."""
MOST_STEMS = 24
"""Stems of a profile; the weightiest ones."""
REACH_OF_SAYING = 40
"""Characters between two names in which a text can say that they are one."""
FADING, TELLING = 0.97, 5
"""How much a stem counts after one more mention, and how much more a description counts: "Ben from accounting"."""
_DESCRIBES = "="
_AFTER = re.compile(
    r"(?:,? (?:the|our|my|your|a|an)| from(?: the)?| in(?: the)?| at(?: the)?| \() ?([^\W\d_]{3,30})\b"
)
_BEFORE = re.compile(r"\b(?:the|our|my|your) ([^\W\d_]{3,30}) $", re.IGNORECASE)
_NOTHING = LISTS["calendar"] | LISTS["common"]
_SESSIONS, _NAMED = 512, 64


def stems(text: str, start: int, end: int) -> frozenset[str]:
    """Return the stems around a mention, without its own, and what describes it, marked so."""
    before, after = text[max(0, start - REACH) : start], text[end : end + REACH]
    found = frozenset(terms(before + " " + after)) - frozenset(terms(text[start:end]))
    said = [match[1] for match in (_AFTER.match(after[:60]), _BEFORE.search(before[-60:])) if match]
    return found | {
        _DESCRIBES + stem for word in said if word.lower() not in _NOTHING for stem in terms(word)
    }


def described(seen: frozenset[str], known: Mapping[str, float]) -> bool | None:
    """Return whether a text describes somebody as others did; None where one of both does not describe."""
    here = {stem for stem in seen if stem.startswith(_DESCRIBES)}
    there = {stem for stem in known if stem.startswith(_DESCRIBES)}
    return bool(here & there) if here and there else None


def profile(old: Mapping[str, float], seen: Iterable[str]) -> dict[str, float]:
    """Return a profile after one more mention."""
    fresh = {stem: weight * FADING for stem, weight in old.items()}
    for stem in sorted(seen):
        told = TELLING if stem.startswith(_DESCRIBES) else 1
        fresh[stem] = round(fresh.get(stem, 0.0) + told, 3)
    if len(fresh) <= MOST_STEMS:
        return fresh
    return dict(sorted(fresh.items(), key=lambda one: -one[1])[:MOST_STEMS])


class Commonness:
    """In how many profiles a stem stands: one that stands in many says little."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._profiles = 0

    def replace(self, old: Mapping[str, float] | None, new: Mapping[str, float] | None) -> None:
        """Count a profile in the place of another; None for none."""
        for stem in (old or {}).keys() - (new or {}).keys():
            self._counts[stem] -= 1
            if not self._counts[stem]:
                del self._counts[stem]
        self._counts.update((new or {}).keys() - (old or {}).keys())
        self._profiles += (new is not None) - (old is not None)

    def likeness(self, seen: frozenset[str], known: Mapping[str, float]) -> float:
        """Return in [0, 1] how much what stands around is what stood around."""
        shared = seen & known.keys()
        if not shared:
            return 0.0
        weight = sum(math.log((1 + self._profiles) / self._counts[stem]) for stem in shared)
        return min(1.0, weight / (2 * math.log(2 + self._profiles)))


class Recent:
    """Who was named last in each session and by each agent; bounded, the oldest are forgotten."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def note(self, where: str, entity: str) -> None:
        """Remember that an entity was named."""
        for place in _places(where):
            named = self._places.setdefault(place, OrderedDict())
            self._places.move_to_end(place)
            named[entity] = None
            named.move_to_end(entity)
            if len(named) > _NAMED:
                named.popitem(last=False)
        while len(self._places) > 2 * _SESSIONS:
            self._places.popitem(last=False)

    def bonus(self, where: str, entity: str) -> float:
        """Return 0.25 for who was named last in the session, less for earlier ones, and for other sessions."""
        best = 0.0
        for most, place in zip((0.25, 0.15), _places(where), strict=False):
            named = self._places.get(place)
            if named and entity in named:
                rank = next(i for i, one in enumerate(reversed(named)) if one == entity)
                best = max(best, most * FADING**rank)
        return best


class Here:
    """Who is named in the text that is being read."""

    def __init__(self, where: str, text: str) -> None:
        self._text = where, text
        self._starts: dict[str, list[int]] = {}
        self._ends: list[tuple[int, int]] = []
        self._named: list[tuple[Mention, str]] = []

    def is_in(self, around: Around) -> bool:
        """Return whether it is of this text."""
        return self._text == (around.where, around.text)

    def note(self, mention: Mention, entity: str) -> None:
        """Remember a mention."""
        insort(self._starts.setdefault(entity, []), mention.start)
        insort(self._ends, (mention.end, len(self._named)))
        self._named.append((mention, entity))

    def distance(self, mention: Mention, entity: str) -> int | None:
        """Return how far the nearest mention of an entity is, a later one counted threefold; None where none is."""
        starts = self._starts.get(entity)
        if not starts:
            return None
        at = bisect_left(starts, mention.start)
        before = [mention.start - one for one in starts[max(0, at - 1) : at]]
        return min(before + [3 * (one - mention.start) for one in starts[at : at + 1]])

    def before(self, mention: Mention) -> list[tuple[Mention, str]]:
        """Return who is named right before a mention."""
        first = bisect_left(self._ends, (mention.start - REACH_OF_SAYING, 0))
        last = bisect_left(self._ends, (mention.start, 0))
        return [self._named[number] for _, number in self._ends[first:last]]


def _places(where: str) -> list[str]:
    agent, cut, _ = where.partition("/")
    return [where, agent] if cut else [where] if where else []
