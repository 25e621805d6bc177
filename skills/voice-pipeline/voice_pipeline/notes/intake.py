"""A recording becomes a note, once: the same recording again is the same note, heard or still waiting."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from clawcortex.errors import BusyError
from clawcortex.skills.context import Context
from voice_pipeline.notes import queueing
from voice_pipeline.notes.copying import copy_in, copy_of
from voice_pipeline.notes.keeping import every_waiting, find_note, new
from voice_pipeline.notes.records import WAITING, Note, Origin, Source
from voice_pipeline.notes.speakers import refusal

TRIES = 5
NAME = 255
ONCE_MORE = timedelta(minutes=1)
"""OpenClaw brings a note that failed twice at once; who brings it later wants it tried again."""


def take(
    context: Context,
    recording: Path | bytes,
    *,
    name: str,
    source: Source,
    origin: Origin | None = None,
    language: str = "",
    engine: str = "",
    wanted: bool = True,
) -> Note:
    """Keep a recording and queue it; return the note that it is. Raise as `copy_in`, BusyError when too many wait."""
    copied = copy_in(recording, limit=context.settings.speech_max_mb * 1_000_000)
    given = Note(
        id=copied.id,
        name=name[:NAME],
        source=source,
        origin=origin,
        bytes=copied.bytes,
        seconds=copied.seconds,
        language=language,
        engine=engine,
        wanted=wanted,
        received_at=context.now(),
    )
    for _ in range(TRIES):
        held = find_note(context, given.id)
        if held is None:
            _check_room(context, given)
            note, written = given, context.store.amend([new(WAITING, given.id, given)])
        else:
            note = _known(context, held.value, given)
            written = note == held.value or context.store.amend([held.becomes(note)])
        if written:
            if note.state == "waiting":
                queueing.enqueue(context, note)
            else:
                copy_of(note.id).unlink(missing_ok=True)
            return note
    raise BusyError("somebody else brings the same recording at this moment", hint="Call again.")


def _check_room(context: Context, note: Note) -> None:
    if sum(held.value.state == "waiting" for held in every_waiting(context)) >= queueing.MOST:
        copy_of(note.id).unlink(missing_ok=True)
        raise BusyError(
            f"{queueing.MOST:,} voice notes wait already: this one is not taken",
            hint="`clawcortex voice-pipeline pending` says what they wait for.",
        )


def _known(context: Context, known: Note, given: Note) -> Note:
    """Return a note that comes again: with what is known now of its speaker, and queued again if it may go well now."""
    later = given.source == "folder" or given.received_at - known.received_at > ONCE_MORE
    if known.state == "failed" and later:
        known = queueing.again(known).model_copy(update={"received_at": given.received_at})
    settings = context.settings
    better = known.listing in ("", "unknown", "no") and known.wanted and given.wanted
    if better and refusal(known.origin, settings) and not refusal(given.origin, settings):
        known = known.model_copy(update={"origin": given.origin, "listing": ""})
    elif known.origin and not known.origin.sender and given.origin and given.origin.sender:
        known = known.model_copy(update={"origin": given.origin})
    if given.source == "folder" and known.state == "waiting":
        known = known.model_copy(update={"name": given.name, "source": "folder"})
    return known
