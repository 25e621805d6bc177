"""Mentions of one text: what rules, known names and the fitted model find, without overlaps."""

from __future__ import annotations

from collections.abc import Iterable

from cross_agent_intelligence.recognising.shapes import Mention, Names, Tagger


def recognise(text: str, *, gazetteer: Names, tagger: Tagger | None = None) -> list[Mention]:
    """Return the mentions of a text in order; the same text and names give the same mentions.

    `tagger` is `tagging.open_tagger(...)`; without one only rules and known names are used. Time is linear in the text.
    """
    found = _apart([*gazetteer.find(text), *(tagger.tag(text) if tagger else ())])
    return sorted(found, key=lambda mention: (mention.start, -mention.end))


def _apart(candidates: Iterable[Mention]) -> list[Mention]:
    """Return the mentions that overlap no earlier one of the list."""
    taken: set[int] = set()
    kept = []
    for mention in candidates:
        span = range(mention.start, mention.end)
        if not taken.intersection(span):
            taken.update(span)
            kept.append(mention)
    return kept
