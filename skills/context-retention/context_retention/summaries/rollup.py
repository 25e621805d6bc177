"""Summaries of summaries: what the smaller ones say of each chat, put together without asking anyone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from context_retention.summaries.extraction import MOST
from context_retention.summaries.gathering import key_of
from context_retention.summaries.sentences import alike
from context_retention.summaries.shapes import Counted, Item, Question, Relation, Section, Summary
from context_retention.summaries.topics import REFS

ROOM = {"highlights": 8, "decisions": 25, "actions": 25, "questions": 12, "moods": 8, "relations": 15}
"""Most entries of each kind in a larger summary."""
Part = tuple[str, Section]
"""A section, and the key of the summary that it stands in."""
Kept = TypeVar("Kept", bound=Item)


def rolled(summaries: Sequence[Summary]) -> tuple[Section, ...]:
    """Return one section a chat, in the order the chats first spoke."""
    chats: dict[tuple[str, ...], list[Part]] = {}
    for summary in summaries:
        for section in summary.sections:
            chats.setdefault(key_of(section.chat), []).append((summary.start, section))
    return tuple(_together(parts) for parts in chats.values())


def _together(parts: list[Part]) -> Section:
    sections = [section for _, section in parts]
    return Section(
        chat=sections[-1].chat,
        turns=sum(section.turns for section in sections),
        speakers=_sum(section.speakers for section in sections),
        opened_by=sections[0].opened_by,
        highlights=_spread([_sourced(key, section.highlights) for key, section in parts]),
        decisions=_latest("decisions", [_sourced(key, section.decisions) for key, section in parts]),
        actions=_latest("actions", [_sourced(key, section.actions) for key, section in parts]),
        questions=_latest("questions", _still_open(parts)),
        moods=_latest("moods", [_sourced(key, section.moods) for key, section in parts]),
        relations=_latest("relations", [_sourced(key, section.relations) for key, section in parts]),
        entities=_counted([section.entities for section in sections], MOST["entities"]),
        topics=_counted([section.topics for section in sections], MOST["topics"]),
        tools=_sum(section.tools for section in sections),
    )


def _sourced(key: str, items: Iterable[Kept]) -> list[Kept]:
    return [item.model_copy(update={"source": key}) for item in items]


def _still_open(parts: list[Part]) -> list[list[Question]]:
    """Leave out what nobody had answered yet when somebody else began the next part."""
    found: list[list[Question]] = []
    for number, (key, section) in enumerate(parts):
        later = parts[number + 1][1] if number + 1 < len(parts) else None
        left = []
        for question in _sourced(key, section.questions):
            answered = question.waiting and later is not None and later.opened_by != question.speaker
            if not answered:
                waiting = question.waiting and later is None
                left.append(question.model_copy(update={"waiting": waiting}))
        found.append(left)
    return found


def _latest(kind: str, parts: list[list[Kept]]) -> tuple[Kept, ...]:
    """Return the newest of the entries, each wording once, in order."""
    newest: dict[str, Kept] = {}
    for item in (item for part in parts for item in part):
        name = f"{item.subject}|{item.relation}|{item.object}" if isinstance(item, Relation) else item.text
        newest.pop(alike(name), None)
        newest[alike(name)] = item
    return tuple(newest.values())[-ROOM[kind] :]


def _spread(parts: list[list[Item]]) -> tuple[Item, ...]:
    """Return some of every part: the first of each, then the second of each, as far as there is room."""
    chosen: dict[str, Item] = {}
    for rank in range(max(map(len, parts), default=0)):
        for part in parts:
            if rank < len(part) and len(chosen) < ROOM["highlights"]:
                chosen.setdefault(alike(part[rank].text), part[rank])
    return tuple(sorted(chosen.values(), key=lambda item: (item.at, item.turns)))


def _sum(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(sorted(total.items()))


def _counted(parts: Sequence[Iterable[Counted]], limit: int) -> tuple[Counted, ...]:
    counts: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    turns: dict[str, tuple[str, ...]] = {}
    for one in (one for part in parts for one in part):
        known = one.name.casefold()
        counts[known] += one.count
        spelled.setdefault(known, one.name)
        turns[known] = (*turns.get(known, ()), *one.turns)[:REFS]
    ranked = sorted(counts, key=lambda known: (-counts[known], known))[:limit]
    return tuple(Counted(name=spelled[known], count=counts[known], turns=turns[known]) for known in ranked)
