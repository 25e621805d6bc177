"""Events told to the skills that listen: one thread, in order, at least once, and no bad event stops the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from clawcortex.errors import ClawcortexError
from clawcortex.server.calls import background
from clawcortex.server.looping import Loop
from clawcortex.skills.operation import Consumer, Skill

if TYPE_CHECKING:
    from clawcortex.server.resources import Opened, Residence
    from clawcortex.store.base import Store
    from clawcortex.store.records import Event

log = logging.getLogger(__name__)

BATCH = 50
"""Events acknowledged together. So many after each start, or fault, are acknowledged one by one."""
SKIPPED = 1_000
"""So many events of other kinds are acknowledged, too, lest they are read over again and again."""
TRIES = 4
RETRY_S = (5, 30, 120)
TRYING, FAILED = "events.trying", "events.failed"
"""Collections: the event that each consumer tried last, and those that were given up."""

Count = Callable[[str, str], None]
"""Of a consumer and an outcome: done, retried, given up."""


@dataclass(slots=True)
class _Place:
    """Where a consumer is, as far as this process knows."""

    skill: Skill
    consumer: Consumer
    careful: int = BATCH
    """How many events to try one by one, each try written down: one may be what ended the last process."""
    due: datetime = field(default=datetime.min.replace(tzinfo=UTC))
    newest: int = -1
    """The newest event when there was nothing left for it."""
    passed: int = 0

    @property
    def name(self) -> str:
        """Return its name in the store."""
        return f"{self.skill.name}.{self.consumer.name}"


class Consumers(Loop):
    """Tell events until stopped. Of several servers on one store, one at a time tells a consumer its events."""

    def __init__(self, residence: Residence, *, count: Count, failed: Callable[[], None]) -> None:
        super().__init__("consumers", residence, self.tell, failed=failed)
        self._count = count
        self._places: dict[str, _Place] = {}

    def tell(self, opened: Opened) -> bool:
        """Tell each consumer its next events; return whether one of them got on."""
        told, newest = False, opened.resources.store.newest_event()
        for skill, consumer in opened.registry.consumers():
            place = _Place(skill, consumer)
            told |= self._follow(opened, self._places.setdefault(place.name, place), newest)
        return told

    def _follow(self, opened: Opened, place: _Place, newest: int) -> bool:
        store = opened.resources.store
        if newest == place.newest or opened.resources.clock() < place.due:
            return False
        with store.exclusive(f"consumer.{place.name}") as mine:
            if not mine:
                return False
            limit = 1 if place.careful else BATCH
            events = store.read_events(place.name, kinds=place.consumer.kinds, limit=limit)
            if not events:
                place.newest = newest
                if newest - place.passed >= SKIPPED:
                    store.ack_events(place.name, newest)
                    place.passed = newest
                return False
            return self._tell_all(opened, place, events)

    def _tell_all(self, opened: Opened, place: _Place, events: list[Event]) -> bool:
        last = 0
        try:
            for event in events:
                if self._stopping.is_set() or not self._settle(opened, place, event):
                    break
                last = event.seq
        finally:
            if last:
                opened.resources.store.ack_events(place.name, last)
        return last > 0

    def _settle(self, opened: Opened, place: _Place, event: Event) -> bool:
        """Run the consumer on an event; return whether it is done with it, well or for good."""
        store = opened.resources.store
        tries = _try(store, place, event) if place.careful else 1
        error = "" if tries > TRIES else _attempt(opened, place, event, tries)
        if tries > TRIES:  # what ends the process, as running out of memory does, leaves no other trace
            error = f"{TRIES} tries were cut off before they ended"
            log.error("event %d (%s) ended the server in %s: %s", event.seq, event.kind, place.name, error)
        elif error and tries < TRIES:
            if not place.careful:
                _note(store, place, event, tries)
            place.careful = BATCH
            place.due = opened.resources.clock() + timedelta(seconds=RETRY_S[tries - 1])
            self._count(place.name, "retried")
            return False
        if error:
            _keep(store, place, event, error, opened.resources.clock())
        place.careful = max(place.careful - 1, 0)
        self._count(place.name, "given up" if error else "done")
        return True


def _attempt(opened: Opened, place: _Place, event: Event, tries: int) -> str:
    """Return why the consumer failed, nothing when it did not."""
    context = background(opened.resources, place.skill.name, place.consumer.name)
    try:
        place.consumer.run(context, event)
    except Exception as error:  # told in the log, tried again, kept when it is given up
        typed = isinstance(error, ClawcortexError)
        context.log.warning(
            "event %d (%s), try %d of %d: %s", event.seq, event.kind, tries, TRIES, error, exc_info=not typed
        )
        return str(error) or type(error).__name__
    return ""


def _try(store: Store, place: _Place, event: Event) -> int:
    """Count a try where a killed process leaves it; return its number."""
    noted = store.get_record(TRYING, place.name) or {}
    before = noted.get("tries") if noted.get("seq") == event.seq else 0
    tries = (before if isinstance(before, int) else 0) + 1
    _note(store, place, event, tries)
    return tries


def _note(store: Store, place: _Place, event: Event, tries: int) -> None:
    store.put_record(TRYING, place.name, {"seq": event.seq, "tries": tries})


def _keep(store: Store, place: _Place, event: Event, error: str, now: datetime) -> None:
    """Keep an event that its consumer could not take: it is passed over, not lost."""
    kept = {"consumer": place.name, "seq": event.seq, "kind": event.kind, "at": event.at.isoformat()}
    told = {"payload": event.payload, "error": error, "given_up_at": now.isoformat()}
    store.put_record(FAILED, f"{place.name}.{event.seq:012}", kept | told)
    log.error("event %d (%s) was given up by %s: %s", event.seq, event.kind, place.name, error)
