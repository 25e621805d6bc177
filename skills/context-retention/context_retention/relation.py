"""What a newer text is to an older one: its duplicate, what takes its place, or neither.

A small logistic model over features that can be read: cues of change, denial, values that differ, what both are
about. Weights are fitted by bench/fit_relation.py on the development half of bench/contradictions.jsonl. Texts
are never merged on cosine alone (research/memory.md: 3.5 % of pairs above .92 contradict).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from clawcortex.store.base import Floats
from clawcortex.text.terms import STOPWORDS, fold, stem, terms
from context_retention import cues
from context_retention.values import LONGEST, Values, conflicts, given, lost, read

Relation = Literal["duplicate", "supersedes", "none"]
WEIGHTS = Path(__file__).with_name("relation.json")
DUPLICATE_COSINE = 0.97
LEAST_COSINE = 0.25
"""Below it two texts are about different things, whatever words they share."""

_TITLE = re.compile(r"\b(Dr|Mr|Mrs|Ms|Prof|St)\.")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_OWNED = re.compile(
    r"\b(my|our|his|her|their|your|mein\w{0,2}|unser\w{0,2}|[^\W\d_]+['’]s)\s(?:(?:new|old|own|first|"
    r"second)\s)?([^\W\d_]+)",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"^\W*(?:\w+\W+){0,3}?(?:i|we|my|our|i['’]\w+|we['’]\w+|ich|wir|mein\w*|unser\w*)\b", re.IGNORECASE
)
_OWN = frozenset("my our mein meine meinen meiner unser unsere unserem unseren".split())
_OPPOSED = [
    (frozenset(map(stem, one.split("|"))), frozenset(map(stem, other.split("|"))))
    for one, other in cues.OPPOSITES
]
_SLOTS = {name: frozenset(map(stem, members.split())) for name, members in cues.SLOTS.items()}


@dataclass(frozen=True, slots=True)
class Said:
    """What is compared: the words, who said them and when."""

    text: str
    speaker: str
    at: datetime
    heading: float | None = None
    """From `headings`, where it has a vector."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, read once for all its comparisons."""

    values: Values
    stems: frozenset[str]
    every: frozenset[str]
    """All words as they stand, stopwords too: "on" and "off" are such."""
    slots: frozenset[str]
    people: frozenset[str]
    """Those who are spoken of and are not the speaker: "my brother", "the neighbours"."""
    leader: frozenset[str]
    """The first words that are no stopwords: mostly what the text is about."""
    owned: frozenset[str]
    own: bool
    change: bool
    ended: bool
    began: bool
    negated: bool
    additive: bool
    exception: bool
    hypothetical: bool
    event: bool
    state: bool
    talk: bool
    sentences: int
    asks: bool
    from_to: bool


@lru_cache(maxsize=8_192)
def reading(text: str) -> Reading:
    """Read a text; only its beginning when it is very long."""
    text = _TITLE.sub(r"\1", " ".join(text[:LONGEST].split()))
    values = read(text)
    stems = frozenset(terms(text))
    folded = [fold(word) for word in _WORD.findall(text)]
    every = frozenset(map(stem, folded))
    pairs = [(fold(who).replace("’", "'"), fold(what)) for who, what in _OWNED.findall(text)]
    return Reading(
        values=values,
        stems=stems,
        every=every,
        slots=frozenset(name for name, members in _SLOTS.items() if members & every),
        people=frozenset(stem(word) for word in folded if word.removesuffix("'s") in cues.PEOPLE),
        leader=frozenset(
            stem(word) for word in [w.removesuffix("'s") for w in folded[:4]] if word not in STOPWORDS
        ),
        owned=frozenset(stem(what) for who, what in pairs if who in _OWN and what not in STOPWORDS),
        own=bool(_FIRST.search(text)),
        change=bool(cues.CHANGE.search(text)),
        ended=bool(cues.ENDING.search(text)),
        began=bool(cues.BEGINNING.search(text)),
        negated=bool(cues.NEGATION.search(text)),
        additive=bool(cues.ADDITIVE.search(text)),
        exception=bool(cues.EXCEPTION.search(text)),
        hypothetical=bool(cues.HYPOTHETICAL.search(text)),
        event=bool(cues.EVENT.search(text)),
        state=bool(cues.STATE.search(text)),
        talk=bool(cues.TALK.search(text)),
        sentences=1 + len(cues.SENTENCE.findall(text)),
        asks=text.endswith("?"),
        from_to=bool(cues.FROM_TO.search(text)),
    )


NAMES = tuple(
    """
    cosine shared shared_share lost lost_share added_share contained slot same_owned other_owned
    other_people people_lost amount time date name two_values value_given values_same value_lost change
    ended began denied denies opposed both_ended from_old additive exception hypothetical asks
    old_hypothetical old_event new_event both_events old_state long change_conflict change_shared
    ended_shared conflict_shared conflict_lost name_contained cue number_contained opposed_shared cue_given
    old_change owner people_cue shift person_first apart far unshared unshared_apart unslotted other_leader
    no_cue first_both
    talk old_talk sentences old_sentences old_long denial_contained
    """.split()
)


def features(newer: Reading, older: Reading, cosine: float, shift: float) -> list[float]:
    """Return the features in order of NAMES, in [-1, 1] but the shift."""
    new, old = newer.values, older.values
    differ = conflicts(new, old)
    plain_new, plain_old = newer.stems - new.stems, older.stems - old.stems
    both = plain_new & plain_old
    shared = len(both) + 0.5 * len(newer.stems & older.stems & (new.stems | old.stems))
    left_out = plain_old - newer.stems
    conflict = any(differ.values())
    numeric = differ["amount"] or differ["time"] or differ["date"]
    opposed = any(
        (older.every & one and newer.every & other) or (older.every & other and newer.every & one)
        for one, other in _OPPOSED
    )
    near = min(1.0, shared / 2)
    cue = newer.change or newer.ended or newer.began
    denied_old = older.negated or older.ended
    denied_new = newer.negated or newer.ended
    found = {
        "cosine": cosine,
        "shared": min(shared, 4) / 4,
        "shared_share": shared / max(1, min(len(newer.stems), len(older.stems))),
        "lost": min(len(left_out), 4) / 4,
        "lost_share": len(left_out) / max(1, len(plain_old)),
        "added_share": len(plain_new - older.stems) / max(1, len(plain_new)),
        "contained": older.stems <= newer.stems,
        "slot": bool(newer.slots & older.slots),
        "same_owned": bool(newer.owned & older.owned),
        "other_owned": _apart(newer.owned, older.stems, older.owned, newer.stems),
        "other_people": bool(newer.people - older.people),
        "people_lost": bool(older.people - newer.people),
        "amount": differ["amount"],
        "time": differ["time"],
        "date": differ["date"],
        "name": differ["name"],
        "two_values": numeric and differ["name"],
        "value_given": given(new, old),
        "values_same": new == old,
        "value_lost": lost(new, old),
        "change": newer.change,
        "ended": newer.ended,
        "began": newer.began,
        "denied": denied_new and not denied_old,
        "denies": denied_old and not denied_new,
        "opposed": opposed,
        "both_ended": denied_new and denied_old,
        "from_old": newer.from_to and bool(old.names & new.names or old.stems & new.stems),
        "additive": newer.additive,
        "exception": newer.exception,
        "hypothetical": newer.hypothetical,
        "asks": newer.asks or older.asks,
        "old_hypothetical": older.hypothetical,
        "old_event": older.event and not older.state,
        "new_event": newer.event and not newer.change,
        "both_events": older.event and newer.event,
        "old_state": older.state,
        "long": min(1.0, len(newer.stems) / 20),
        "change_conflict": newer.change and conflict,
        "change_shared": near * newer.change,
        "ended_shared": near * (newer.ended and not denied_old),
        "conflict_shared": near * conflict,
        "conflict_lost": conflict * len(left_out) / max(1, len(plain_old)),
        "number_contained": numeric and not left_out,
        "opposed_shared": near * opposed,
        "cue_given": cue and given(new, old),
        "old_change": older.change,
        "owner": differ["name"] and "owner" in newer.slots & older.slots,
        "people_cue": cue and bool(newer.people - older.people),
        "shift": shift,
        "talk": newer.talk,
        "old_talk": older.talk,
        "sentences": min(4, newer.sentences - 1) / 4,
        "old_sentences": min(4, older.sentences - 1) / 4,
        "old_long": min(1.0, len(older.stems) / 20),
        "apart": max(0.0, 0.5 - cosine),
        "far": max(0.0, 0.35 - cosine),
        "unshared": shared == 0,
        "unshared_apart": (shared == 0) * max(0.0, 0.6 - cosine),
        "unslotted": shared == 0 and not newer.slots & older.slots,
        "person_first": bool(newer.leader & newer.people - older.people),
        "other_leader": _apart(newer.leader, older.every, older.leader, newer.every),
        "name_contained": differ["name"] and not left_out,
        "cue": cue,
        "no_cue": not cue and not conflict and not opposed,
        "first_both": newer.own and older.own,
        "denial_contained": denied_new != denied_old and not left_out,
    }  # fmt: skip
    return [float(found[name]) for name in NAMES]


Stems = frozenset[str]


def _apart(new: Stems, in_old: Stems, old: Stems, in_new: Stems) -> bool:
    """Return whether both have some and neither text knows the other's."""
    return bool(new and old and not new & in_old and not old & in_new)


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted model: coefficients in order of NAMES, and the direction of change for one embedder."""

    bias: float
    threshold: float
    coefficients: tuple[float, ...]
    model: str
    direction: Floats
    usual_shift: float
    """The mean shift of the fit: what a pair without vectors of that embedder is given."""

    def chance(self, values: Sequence[float]) -> float:
        """Return the probability of these features."""
        found = self.bias + sum(c * v for c, v in zip(self.coefficients, values, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, found))))


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Read the fitted weights, once."""
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return Weights(
        bias=stored["bias"],
        threshold=stored["threshold"],
        coefficients=tuple(stored["coefficients"].get(name, 0.0) for name in NAMES),
        model=stored["model"],
        direction=np.array(stored["direction"], np.float32),
        usual_shift=stored["usual_shift"],
    )


def headings(model: str, vectors: Floats) -> list[float | None]:
    """Return how far each vector (shape: texts x dimensions) points to change; None by another embedder's."""
    known = weights()
    if model != known.model or vectors.shape[1] != len(known.direction):
        return [None] * len(vectors)
    pointing = (vectors @ known.direction).tolist()
    return [one if vector.any() else None for one, vector in zip(pointing, vectors, strict=True)]


def chance(newer: Said, older: Said, cosine: float) -> float:
    """Return the probability in [0, 1] that the newer text takes the place of the older, whoever said them."""
    one, other = reading(newer.text), reading(older.text)
    if cosine < LEAST_COSINE or one.asks or other.asks or newer.text.casefold() == older.text.casefold():
        return 0.0
    known = weights()
    if not (one.change or one.ended or one.began or one.stems & other.stems - one.values.stems):
        return 0.0
    shift = known.usual_shift
    if newer.heading is not None and older.heading is not None:
        shift = newer.heading - older.heading
    return known.chance(features(one, other, cosine, shift))


def is_duplicate(one: str, other: str, cosine: float) -> bool:
    """Return whether two texts say the same: alike in meaning, and in every number, name and denial."""
    if one.casefold() == other.casefold():
        return True
    if cosine < DUPLICATE_COSINE:
        return False
    a, b = reading(one), reading(other)
    return a.values == b.values and (a.negated, a.ended, a.asks) == (b.negated, b.ended, b.asks)


def relation(newer: Said, older: Said, cosine: float, *, least: float | None = None) -> Relation:
    """Return what the newer text is to the older one, if as sure as `least` (the fitted threshold)."""
    if is_duplicate(newer.text, older.text, cosine):
        return "duplicate"
    if newer.speaker != older.speaker or newer.at <= older.at:
        return "none"
    sure = weights().threshold if least is None else least
    return "supersedes" if chance(newer, older, cosine) >= sure else "none"
