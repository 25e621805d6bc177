"""Mentions of one text: what known names, rules and the fitted tagger find, without overlaps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cross_agent_intelligence.recognising import rules
from cross_agent_intelligence.recognising.gazetteer import Gazetteer
from cross_agent_intelligence.recognising.shapes import NAMED, Kind, Mention, Names, Tagger
from cross_agent_intelligence.recognising.tagging import LONGEST_READ
from cross_agent_intelligence.recognising.words import sentences

SURE = 0.6
"""A tagger's name of more words takes the place of a known one inside it from this confidence on."""
LEAST = 0.4
"""What the tagger is less sure of is left out."""
LONGEST_RULED = 200_000
"""Characters that rules are tried on: a few seconds' work. Known names are looked for in all of a text."""
AGAIN = 0.6
"""Confidence of a name that was found at the beginning of a long text and stands in the rest of it."""


def recognise(text: str, *, gazetteer: Names, tagger: Tagger | None = None) -> list[Mention]:
    """Return the mentions of a text in order; the same text and names give the same mentions.

    `tagger` is `tagging.open_tagger(embedder)`; without one only rules and known names are used. Time is linear in the
    text. ModelError when the embedder behind the tagger cannot be loaded.
    """
    tagged = [one for one in tagger.tag(text) if one.confidence >= LEAST] if tagger else []
    begun = text[:LONGEST_RULED]
    every = list(sentences(begun))
    told = [_joined(text, one, tagged) for one in rules.named(text, every)]
    known = [
        one
        for one in gazetteer.find(text)
        if not (_part_of_longer(one, told) or _part_of_longer(one, tagged))
    ]
    found = apart([*rules.written(begun), *known, *told, *tagged])
    if len(text) > LONGEST_READ and tagged:
        found = apart([*found, *_again(text, tagged)])
    return sorted([*found, *rules.decisions(text, every)], key=lambda one: (one.start, -one.end))


def _joined(text: str, ruled: Mention, tagged: Sequence[Mention]) -> Mention:
    """Return a rule's name with the words before it that the tagger sees as one name with it."""
    one = _at(ruled.start, tagged)
    if one is None or one.start == ruled.start or one.kind != ruled.kind:
        return ruled
    end = max(one.end, ruled.end)
    return replace(ruled, name=text[one.start : end], start=one.start, end=end)


def _at(place: int, mentions: Sequence[Mention]) -> Mention | None:
    """Return the mention that stands at a place; `mentions` are in order and do not overlap."""
    found = bisect_right(mentions, place, key=lambda one: one.start) - 1
    return mentions[found] if found >= 0 and place < mentions[found].end else None


def _part_of_longer(known: Mention, others: Sequence[Mention]) -> bool:
    """Return whether a known name is only a part of another: "Acme" in "Acme Health"."""
    one = _at(known.start, others)
    longer = one is not None and known.end <= one.end and len(one.name) > len(known.name) + 1
    return bool(
        one and longer and one.confidence >= SURE and one.kind in NAMED and not _only_form(known, one)
    )


def _only_form(known: Mention, longer: Mention) -> bool:
    """Return whether the longer name has nothing more than marks and small words around the known one."""
    around = longer.name[: known.start - longer.start] + " " + longer.name[known.end - longer.start :]
    return not any(word[:1].isupper() or word[:1].isdigit() for word in around.split())


def _again(text: str, tagged: Sequence[Mention]) -> list[Mention]:
    kinds: dict[str, Kind] = {}
    for one in tagged:
        if len(one.name) > 2 and one.name[0].isupper():
            kinds.setdefault(one.name, one.kind)
    return [replace(one, confidence=AGAIN) for one in Gazetteer(kinds.items()).find(text)]


def apart(candidates: Iterable[Mention]) -> list[Mention]:
    """Return the mentions that overlap no earlier one of the list."""
    kept: list[tuple[int, int]] = []
    found = []
    for one in candidates:
        at = bisect_left(kept, (one.start, one.start))
        before = kept[at - 1][1] if at else 0
        after = kept[at][0] if at < len(kept) else one.end
        if before <= one.start and one.end <= after and one.end > one.start:
            insort(kept, (one.start, one.end))
            found.append(one)
    return found
