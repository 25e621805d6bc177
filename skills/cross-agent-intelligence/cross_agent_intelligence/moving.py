"""What a person's correction does to what was heard already: a name's mentions go where the name belongs now."""

from __future__ import annotations

from clawcortex.skills.context import Context
from clawcortex.store.records import Write
from clawcortex.text.terms import fold
from cross_agent_intelligence import heads
from cross_agent_intelligence.detecting import Found
from cross_agent_intelligence.records import (
    HEADS,
    TURNS,
    Head,
    head_key,
    parsed,
    said,
    turn_key,
)

TRIES = 5


def move(context: Context, name: str, entity: str, *, leaving: str = "") -> int:
    """Move the mentions of a name to an entity, from `leaving` or from any other; return how many."""
    wanted, moved = fold(name), 0
    for key, record in context.store.list_records(TURNS).items():
        listed = record.get("heads")
        for place, called in (listed if isinstance(listed, dict) else {}).items():
            was = str(place).partition("/")[0]
            if fold(str(called)) == wanted and was != entity and leaving in ("", was):
                moved += _move_one(context, int(key), str(place), str(called), entity)
    return moved


def _move_one(context: Context, n: int, place: str, name: str, entity: str) -> bool:
    for _ in range(TRIES):
        memory = next(iter(context.store.rows([n])), None)
        record, stored = context.store.get_record(TURNS, turn_key(n)), context.store.get_record(HEADS, place)
        listed = (record or {}).get("heads")
        head = parsed(context, HEADS, place, stored, Head) if stored is not None else None
        if memory is None or head is None or not isinstance(listed, dict) or place not in listed:
            return False
        key = head_key(entity, head.audience)
        there = context.store.get_record(HEADS, key)
        known = parsed(context, HEADS, key, there, Head) if there is not None else None
        known = known or Head(entity=entity, audience=head.audience, kind=head.kind)
        grown = heads.with_mention(known, memory.scope.agent, name, n, said(memory))
        found = Found(heads={place: (stored, heads.without(head, n, name)), key: (there, grown)})
        now = {key if one == place else one: called for one, called in listed.items()}
        names = _renamed((record or {}).get("names"), place.partition("/")[0], entity, name)
        found.writes.append(Write(TURNS, turn_key(n), record, {"version": 1, "heads": now, "names": names}))
        if context.store.amend(found.all_writes()):
            return True
    return False


def _renamed(names: object, was: str, entity: str, name: str) -> dict[str, dict[str, int]]:
    """Return what a memory calls each entity, once a name of one is another's."""
    kept: dict[str, dict[str, int]] = {}
    for one, called in (names if isinstance(names, dict) else {}).items():
        for called_as, count in called.items():
            owner = entity if one == was and fold(called_as) == fold(name) else one
            kept.setdefault(owner, {})[called_as] = count
    return kept
