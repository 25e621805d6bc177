"""How two names of one kind stand to each other: the same, one short for the other, at odds, or nothing in common."""

from __future__ import annotations

from dataclasses import dataclass

from cross_agent_intelligence.resolving.known import NICKNAMES, SMALL
from cross_agent_intelligence.resolving.naming import Form

SAME = 0.85
"""From this weight on names are of one entity, whatever stands around them; below, the surroundings must agree."""
AT_ODDS = -1.0


@dataclass(frozen=True, slots=True)
class Likeness:
    """A rule that two names meet, and how much it says; `AT_ODDS` where they cannot be of one entity."""

    rule: str
    weight: float


def likeness(said: Form, known: Form) -> Likeness | None:
    """Return how a name that was said stands to a known one of the same kind; None where it does not."""
    if not said.words or not known.words:
        return None
    if said.words == known.words:
        if said.region != known.region:
            both = said.region and known.region
            return Likeness("other region", AT_ODDS) if both else Likeness("without its region", 0.8)
        if said.kind == "person" and len(said.words) == 1:
            return Likeness("same name", 0.72)
        return Likeness("legal form" if said.titled != known.titled else "same name", 0.97)
    return _people(said, known) if said.kind == "person" else _things(said, known)


def _people(said: Form, known: Form) -> Likeness | None:
    one, other = said.words, known.words
    if len(one) > 1 and len(other) > 1:
        return _full_names(one, other)
    if len(one) == 1 and len(other) == 1:
        if one[0][0] == other[0][0] and min(len(one[0]), len(other[0])) == 1:
            return None
        same = _first(one[0], other[0])
        return Likeness("nickname", 0.42 * same) if same else None
    short, full = (one[0], other) if len(one) == 1 else (other[0], one)
    titled = said.titled if len(one) == 1 else known.titled
    if _alike(short, full[-1]):
        return Likeness("last name", 0.63 if titled else 0.6)
    if same := _first(short, full[0]):
        return Likeness("first name" if same == 1 else "nickname", 0.58 * same)
    return Likeness("middle name", 0.45) if short in full[1:-1] else None


def _full_names(one: tuple[str, ...], other: tuple[str, ...]) -> Likeness | None:
    """Return how two names of a first and a last name stand to each other."""
    last = _alike(one[-1], other[-1])
    initial = min(len(one[-1]), len(other[-1])) == 1 and one[-1][0] == other[-1][0]
    first = _first(one[0], other[0])
    if last and first:
        return Likeness(
            "same name" if first == 1 else "first name put differently", 0.86 + 0.1 * (first == 1)
        )
    if last and (set(one) <= set(other) or set(other) <= set(one)):
        return Likeness("middle name", 0.88)
    if first and initial:
        return Likeness("initial of the last name", 0.74)
    if "".join(one) == "".join(other):
        return Likeness("same letters", 0.95)
    if last or first:
        return Likeness("another first or last name", AT_ODDS)
    return None


def _first(one: str, other: str) -> float:
    """Return in [0, 1] how likely one first name stands for the other."""
    if one == other:
        return 1.0
    if min(len(one), len(other)) == 1:
        return 0.9 if one[0] == other[0] else 0.0
    if other in NICKNAMES.get(one, ()):
        return 0.96
    short, long = sorted((one, other), key=len)
    if len(short) >= 3 and long.startswith(short):
        return 0.8
    return 0.85 if len(short) >= 5 and one[0] == other[0] and _near(one, other, 1) else 0.0


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= 6 and one[0] == other[0] and _near(one, other, 1))


def _things(said: Form, known: Form) -> Likeness | None:
    one, other = said.words, known.words
    if said.solid == known.solid:
        return Likeness("same letters", 0.95)
    if said.numbers != known.numbers and (said.kind == "product" or (said.numbers and known.numbers)):
        return Likeness("other number", AT_ODDS) if one[0] == other[0] else None
    if said.core == known.core:
        both = len(said.words) > len(said.core) and len(known.words) > len(known.core)
        return Likeness("loose ending", 0.5 if both else 0.88)
    if sorted(set(one) - SMALL) == sorted(set(other) - SMALL):
        return Likeness("same words", 0.88)
    return _shortened(said, known) or _written(one, other) or _within(one, other)


def _shortened(said: Form, known: Form) -> Likeness | None:
    """Return whether one is made of the other's initials."""
    for short, full in ((said, known), (known, said)):
        if short.short and short.solid in full.initials:
            return Likeness("initials", 0.68 if len(short.solid) > 2 else 0.56)
    return None


def _written(one: tuple[str, ...], other: tuple[str, ...]) -> Likeness | None:
    """Return whether one is the other with a slip of the pen or with shortened words."""
    if len(one) != len(other):
        joined, split = "".join(one), "".join(other)
        slip = min(len(joined), len(split)) >= 8 and joined[0] == split[0] and _near(joined, split, 1)
        return Likeness("spelling", 0.86) if slip else None
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    if all(_abbreviates(a, b) or _abbreviates(b, a) for a, b in pairs):
        return Likeness("abbreviation", 0.8)
    if len(pairs) == 1 and _spelled(*pairs[0]):
        return Likeness("spelling", 0.87)
    return None


def _spelled(one: str, other: str) -> bool:
    size = min(len(one), len(other))
    figures = any(char.isdigit() for char in one + other)
    return not figures and size >= 6 and one[0] == other[0] and _near(one, other, 1 if size < 9 else 2)


def _abbreviates(short: str, full: str) -> bool:
    """Return whether a word is short for another: "intl", "dept", "man", "utd"."""
    if not 2 <= len(short) < len(full) - 1 or short[0] != full[0] or short.isdigit():
        return False
    if len(short) >= 3 and full.startswith(short):
        return True
    letters = iter(full)
    return short[-1] == full[-1] and all(char in letters for char in short)


def _within(one: tuple[str, ...], other: tuple[str, ...]) -> Likeness | None:
    """Return whether one stands in the other: "Northwind" in "Northwind Traders"."""
    short, full = (one, other) if len(one) < len(other) else (other, one)
    said_more = len(one) > len(other)
    if full[: len(short)] == short:
        return Likeness("beginning of the name", 0.5 if said_more else 0.62)
    if full[-len(short) :] == short:
        return Likeness("end of the name", (0.42 if said_more else 0.5) + 0.1 * (len(short) > 1))
    if one[0] == other[0] and len(one[0]) > 3:
        return Likeness("another name that begins alike", AT_ODDS)
    return None


def _near(one: str, other: str, most: int) -> bool:
    """Return whether so few letters are changed, left out or added."""
    if abs(len(one) - len(other)) > most:
        return False
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (a != b)))
        if min(row) > most:
            return False
    return row[-1] <= most
