"""Whether two wordings name one task.

"Build the API" and "build API" do; "Build API tests" is another. Cosine alone cannot tell: of "Enable dark mode"
and "Disable dark mode" it is .94, of "Ship the API" and "Release the API" .74. So both must be about the same
things first (stems, with words for one deed as one), with numbers, negations and directions that agree; where the
order of the words differs too, the embedder decides. A doubt leaves two: a task told twice costs a line, a task
merged away is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clawcortex.text.numbers import ORDINALS, SMALL, TENS
from clawcortex.text.terms import fold, stem, terms

Alike = Callable[[str, Sequence[str]], Sequence[float]]
"""Return the cosine of a text with each of the others."""

LEAST_COSINE = 0.7
_DEEDS = """build create make develop implement construct code|ship release launch publish deploy
fix repair resolve|call phone ring telephone|finish complete finalise finalize conclude|buy purchase|hire recruit
start begin kick|prepare ready|delete remove|email mail|schedule arrange|choose pick select|discuss talk
contact reach|check verify|rewrite reword|postpone defer"""
_FILLERS = """need want should must have try remember sure ensure please asap today really also still new
get go gonna let task todo item priority""".split()
_SCOPE = frozenset(
    """not no never none nobody nothing without cannot cant dont wont stop avoid except unless instead only all every
    before after until since during while on off out up down over under above below into onto from against
    with within than less more most least fewer again once both my your his her their our he she they""".split()
)
_ORDERED = frozenset("from to into onto before after over under than instead by against until".split())
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SIGN = re.compile(r"[+#%$€£&@*=~^-](?=\w)|(?<=\w)[+#%$€£&@*]+|(?<=\d)[.,:/-](?=\d)")

_CANON = {
    stem(word): stem(group.split()[0]) for group in re.split(r"[|\n]", _DEEDS) for word in group.split()
}
_CANON |= {stem(word): str(number) for word, number in (SMALL | TENS).items()}
_CANON |= {stem(word): f"{number}th" for word, number in ORDINALS.items()}
_CANON |= {short: f"{short[:-2]}th" for short in ("1st", "2nd", "3rd")}
_SKIPPED = frozenset(map(stem, _FILLERS))


@dataclass(frozen=True, slots=True)
class Reading:
    """A wording, read once."""

    folded: str
    things: tuple[str, ...]
    """What it is about, in order."""
    bag: frozenset[tuple[str, int]]
    scope: frozenset[tuple[str, int]]
    """Words and signs that turn a meaning: negations, directions, percent and the like."""
    ordered: bool


@lru_cache(maxsize=16_384)
def reading(text: str) -> Reading:
    """Read a wording."""
    folded = fold(" ".join(text.split()))
    words = _WORD.findall(folded)
    things = tuple(_CANON.get(one, one) for one in terms(folded) if one not in _SKIPPED)
    turns = [word for word in words if word in _SCOPE]
    turns += ["not" for word in words if word.endswith("n't")]
    turns += _SIGN.findall(folded)
    counted = (frozenset(Counter(things).items()), frozenset(Counter(turns).items()))
    return Reading(folded, things, *counted, not _ORDERED.isdisjoint(words))


def find_same(text: str, others: Sequence[str], alike: Alike) -> int | None:
    """Return which of the others names the same task; None when none does."""
    mine = reading(text)
    near: list[int] = []
    for number, other in enumerate(others):
        its = reading(other)
        if mine.folded == its.folded:
            return number
        if mine.things and mine.bag == its.bag and mine.scope == its.scope:
            if mine.things == its.things:
                return number
            if not (mine.ordered or its.ordered):
                near.append(number)
    if not near:
        return None
    cosines = alike(text, [others[number] for number in near])
    best, number = max(zip(cosines, near, strict=True), key=lambda pair: pair[0])
    return number if best >= LEAST_COSINE else None
