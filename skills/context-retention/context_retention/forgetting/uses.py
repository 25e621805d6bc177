"""Count what recall was good for: each memory that reached a prompt or a reader counts as used once.

Counted are the memories injected into a prompt, once the block left in time, and of an answer to `recall` the
first few hits that are strong enough to be injected: what stands further down was offered, hardly used.
What a compaction puts back is kept by rule, not recalled, and does not count.
Uses wait here and are written by a chore, so that no answer waits for a write. The same memory within one
such round counts once; what waits when the process is killed is lost, a few seconds' worth.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from clawcortex.errors import StorageError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import chore
from clawcortex.store.records import Selection

if TYPE_CHECKING:
    from clawcortex.store.base import Store
    from context_retention.shapes import Hit

COUNTED = 5
"""Most hits of one answer that count as used; as many as a prompt gets by default."""
MOST_WAITING = 10_000

_lock = threading.Lock()
_waiting: WeakKeyDictionary[Store, dict[str, datetime]] = WeakKeyDictionary()


def used(hits: Sequence[Hit], least: float) -> list[str]:
    """Return the ids of the hits of one answer that count, given the weakest score that is injected."""
    return [hit.id for hit in hits[:COUNTED] if hit.score >= least]


def note(context: Context, ids: Iterable[str]) -> None:
    """Keep in mind that these memories were used now; writes nothing."""
    at = context.now()
    with _lock:
        waiting = _waiting.setdefault(context.store, {})
        if len(waiting) < MOST_WAITING:
            waiting.update(dict.fromkeys(ids, at))


def flush(context: Context) -> int:
    """Write what waits; return how many memories that were. What cannot be written waits on."""
    with _lock:
        taken = _waiting.pop(context.store, {})
    count = len(taken)
    try:
        for at in sorted(set(taken.values())):
            ids = tuple(one for one, moment in taken.items() if moment == at)
            found = context.store.select(Selection(ids=ids))
            context.store.note_recalls([memory.n for memory in found if memory.id in taken], at)
            taken = {one: moment for one, moment in taken.items() if moment != at}
    except StorageError:
        with _lock:
            _waiting[context.store] = taken | _waiting.get(context.store, {})
        raise
    return count


@chore("count_recalls")
def count_recalls(context: Context) -> bool:
    """Write the uses of the last seconds."""
    flush(context)
    return False
