"""The same matter in other words: a new memory and what another agent heard that means about the same.

The neighbours come from the resident index, of one audience, within the window, from other agents only. What shares a
name with the new memory is the names' affair, see `detecting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawcortex.skills.context import Context
from clawcortex.store.base import FLAG_UNTRUSTED
from clawcortex.store.records import Memory, Provenance, Write
from cross_agent_intelligence import subscriptions
from cross_agent_intelligence.audiences import heard_by
from cross_agent_intelligence.detecting import Found, head_at, mentioned, stands, stems_at, window
from cross_agent_intelligence.records import PLACES, TURNS, Head, Heard, Subscription, said, turn_key

if TYPE_CHECKING:  # numpy comes with it, and the server must listen before
    from clawcortex.store.base import Ints
    from clawcortex.store.held import Mask
    from clawcortex.store.index import View

PLACE = "matters"
CLOSE = 0.6
"""Least cosine of two memories that are about the same matter."""
WORDS = 5
"""Fewest stems of a memory that is compared: "yes please" is no matter."""
NEAREST = 3


@dataclass(slots=True)
class Matched:
    """What one step did."""

    read: int = 0
    raised: int = 0
    left: bool = False


def step(context: Context, *, until: int, batch: int) -> Matched:
    """Compare the next memories that have vectors, up to the `n` whose names were taken in."""
    import numpy as np

    context.index.refresh()
    view = context.index.view()
    after = int(str((context.store.get_record(PLACES, PLACE) or {}).get("n", 0)))
    start, end = np.searchsorted(view.columns.n, [after, until], side="right").tolist()
    missing = np.flatnonzero(view.alive[start:end] & ~view.embedded[start:end])
    end = start + int(missing[0]) if len(missing) else end
    fitting = _of_window(context, view)
    waiting = start + np.flatnonzero(fitting[start:end])
    done = Matched(left=len(waiting) > batch)
    for memory in context.store.rows(view.columns.n[waiting[:batch]].tolist()):
        done.raised += _compare(context, view, memory, fitting)
        done.read += 1
    return done


def _of_window(context: Context, view: View) -> Mask:
    since = (context.now() - window(context)).timestamp()
    trusted = (view.columns.flags & FLAG_UNTRUSTED) == 0
    fitting: Mask = view.alive & view.embedded & trusted & (view.columns.created >= since)
    return fitting


def _compare(context: Context, view: View, memory: Memory, fitting: Mask) -> int:
    """Raise what follows from one memory; return how many signals."""
    found, before = Found(), context.store.get_record(PLACES, PLACE)
    standing: dict[int, dict[str, str]] = {}
    if before is not None and int(str(before["n"])) >= memory.n:
        return 0
    if memory.provenance is Provenance.OWNER and len(stems_at(view, [memory.n]).get(memory.n, ())) >= WORDS:
        for audience in heard_by(memory.scope, context.settings):
            general = subscriptions.of_entity(context, subscriptions.ALL, audience)
            if match := _match(context, view, found, memory, audience, fitting, general):
                other, head = match
                for n in (memory.n, other):
                    standing.setdefault(n, {})[head] = ""
    found.writes += [stands(context, n, listed, {}) for n, listed in standing.items()]
    found.writes.append(Write(PLACES, PLACE, before, {"version": 1, "n": memory.n}))
    return len(found.signals) if context.store.amend(found.all_writes(), events=found.events()) else 0


def _match(
    context: Context,
    view: View,
    found: Found,
    memory: Memory,
    audience: str,
    fitting: Mask,
    general: Mapping[str, Subscription],
) -> tuple[int, str] | None:
    """Return the nearest memory that is about the same, and the key of the head in which both stand now."""
    import numpy as np

    settings = context.settings
    others = [
        number
        for number, scope in view.scopes.items()
        if scope.agent != memory.scope.agent and audience in heard_by(scope, settings)
    ]
    if not others:
        return None
    row = int(view.at([memory.n])[0])
    mask = fitting & np.isin(view.columns.scope, others)
    rows, cosines = view.search(view.vectors(np.array([row]))[0], NEAREST, mask, exact=False)
    for other in _rows_of(context, view, rows[cosines >= CLOSE]):
        if other.provenance is not Provenance.OWNER or _share_a_name(context, memory, other):
            continue
        entity = f"matter-{other.n}"
        head = head_at(context, found, entity, audience)
        if head is None:
            heard = Heard(count=1, last=said(other), recent=(other.n,))
            head = Head(entity=entity, audience=audience, kind="matter", agents={other.scope.agent: heard})
        mentioned(context, view, found, head, memory, "", "meaning", general)
        return other.n, head.key  # the nearest is enough
    return None


def _rows_of(context: Context, view: View, rows: Ints) -> list[Memory]:
    return context.store.rows(view.columns.n[rows].tolist())


def _share_a_name(context: Context, one: Memory, other: Memory) -> bool:
    def entities(memory: Memory) -> set[str]:
        listed = (context.store.get_record(TURNS, turn_key(memory.n)) or {}).get("heads")
        return {str(key).partition("/")[0] for key in (listed if isinstance(listed, dict) else {})}

    return bool(entities(one) & entities(other))
