"""When a note is heard, and how many wait before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clawcortex.errors import ClawcortexError, TranscriberError
from clawcortex.skills.context import Context
from voice_pipeline.notes.keeping import Held, every_waiting
from voice_pipeline.notes.records import Note, Problem

HEAR = "voice-pipeline.hear"
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
MOST = 1_000
"""So many notes may wait at all."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a note stands among those that wait."""

    number: int
    """1 is heard next."""
    seconds: float
    """Length of what is heard before it."""


def enqueue(context: Context, note: Note) -> bool:
    """Queue a note for its round; False when it is queued for that already."""
    payload = {"note": note.id, "round": note.round}
    return context.store.enqueue(HEAR, payload, key=f"{HEAR}:{note.id}:{note.round}", run_at=note.next_try)


def put_off(note: Note, error: ClawcortexError, now: datetime) -> Note:
    """Return the note as it waits for its next try, twice as long after each."""
    wait = min(FIRST_WAIT * 2 ** min(note.round, 10), LONGEST_WAIT)
    problem = Problem(code=error.code, message=error.message, hint=error.hint)
    deaths = note.deaths + isinstance(error, TranscriberError)
    return again(note, now + wait).model_copy(update={"problem": problem, "deaths": deaths})


def again(note: Note, at: datetime | None = None) -> Note:
    """Return the note as it waits for another round, due at once or at its time."""
    return note.model_copy(
        update={"state": "waiting", "round": note.round + 1, "starts": 0, "next_try": at, "problem": None}
    )


def place_of(note: Note, waiting: Sequence[Held[Note]]) -> Place:
    """Return how many notes that are due stand before this one."""
    before = [
        held.value.seconds
        for held in waiting
        if held.value.state == "waiting"
        and held.value.problem is None
        and (held.value.received_at, held.key) < (note.received_at, note.id)
    ]
    return Place(len(before) + 1, sum(before))


def is_busy(context: Context, note: Note) -> bool:
    """Return whether so much is heard before a note that nobody should wait for it."""
    place = place_of(note, every_waiting(context))
    settings = context.settings
    return place.number > settings.voice_queue_notes or place.seconds > settings.voice_queue_s
