"""A transcript goes on the list: decided by who spoke, done by a job, told once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from clawcortex.errors import ClawcortexError, ConflictError
from clawcortex.skills.context import Caller, Context
from clawcortex.skills.events import VoiceTranscribed
from clawcortex.skills.operation import consumer, task
from clawcortex.store.records import LOCAL, Event, NewEvent
from voice_pipeline import listing, rights
from voice_pipeline.extracting.shapes import Extraction
from voice_pipeline.notes import filing, speakers, telling, wording
from voice_pipeline.notes.keeping import find
from voice_pipeline.notes.records import HEARD, Listing, Note, Origin

PUT, WANTED = "voice-pipeline.put", "voice.wanted"
LEASE_S = 300.0
"""A model may be asked for a minute and a half."""
MOST_TRIES, TRIES = 8, 5
FIRST_WAIT = timedelta(seconds=30)


@consumer("transcribed", kinds=(VoiceTranscribed.event, WANTED))
def transcribed(context: Context, event: Event) -> None:
    """Decide on what was heard; queue what was decided, should a kill have come between."""
    if event.kind == WANTED:
        _enqueue(context, str(event.payload["note"]), 0)
    else:
        decide(context, VoiceTranscribed.of(event).note)


def decide(context: Context, note: str, spoken: Origin | None = None) -> None:
    """Put a note on the list if its speaker may change it; harmless when it was decided already.

    `spoken` is who spoke, where that came to be known only now.
    """
    for _ in range(TRIES):
        held = find(context, HEARD, note, Note)
        if held is None or held.value.listing in ("coming", "done") or (held.value.listing and not spoken):
            return None
        origin = spoken or held.value.origin
        why = speakers.refusal(origin, context.settings)
        decided = held.value.model_copy(update={"origin": origin, "listing": _listing(held.value, why)})
        wanted = [NewEvent(WANTED, {"note": note})] if decided.listing == "coming" else []
        if context.store.amend([held.becomes(decided)], events=wanted):
            _follow(context, decided, why)
            return _name_in_file(context, decided) if spoken is not None else None
    raise ConflictError(f"voice note {note[:8]} changes again and again", hint="It is decided on again.")


def _name_in_file(context: Context, note: Note) -> None:
    try:
        filing.write_transcript(context, note)
    except ClawcortexError as error:  # the list matters more than who is named in the file
        context.log.warning("%s does not name its speaker: %s", note.file, error.message)


def _listing(note: Note, why: str) -> Listing:
    if why == "unknown":
        return "unknown"
    return "no" if why or not note.text or not note.wanted else "coming"


def _follow(context: Context, note: Note, why: str) -> None:
    if note.listing == "coming":
        telling.announce(context, note)
        _enqueue(context, note.id, 0)
    elif note.late or note.source == "folder":
        telling.tell(context, note, "", ())
    elif why == "forwarded":
        telling.explain(context, note)


@task(PUT, lease_s=LEASE_S)
def put(context: Context, payload: Mapping[str, Any]) -> None:
    """Take what is to be done out of a transcript and merge it into the list; later when the file is not to be had."""
    held, tries = find(context, HEARD, str(payload["note"]), Note), int(payload["tries"])
    if held is None or held.value.listing != "coming":
        return
    note = held.value
    try:
        changed = listing.add(_as_speaker(context, note), _taken_out(context, note))
    except ClawcortexError as error:
        context.log.warning("voice note %s is not on the list: %s", note.id[:8], error.message)
        if tries in (0, MOST_TRIES):
            telling.tell(context, note, wording.not_listed(note, error, again=tries < MOST_TRIES), ())
        if tries < MOST_TRIES:
            _enqueue(context, note.id, tries + 1, context.now() + FIRST_WAIT * 2**tries)
        else:
            context.store.amend([held.becomes(note.model_copy(update={"listing": "no"}))])
        return
    context.store.amend([held.becomes(note.model_copy(update={"listing": "done"}))])
    changed = rights.tellable(context, note.origin.scope() if note.origin else None, changed)
    telling.tell(context, note, wording.listed(changed, context.local(context.now())), wording.words(changed))


def _enqueue(context: Context, note: str, tries: int, at: datetime | None = None) -> None:
    context.store.enqueue(PUT, {"note": note, "tries": tries}, key=f"{PUT}:{note}:{tries}", run_at=at)


def _taken_out(context: Context, note: Note) -> Extraction:
    from voice_pipeline.extracting.extraction import extract  # re2 and the grammars load slowly
    from voice_pipeline.extracting.model import Said

    language = (note.transcript.language if note.transcript else "") or "en"
    said = Said(note.text, context.local(note.received_at), language)
    return extract(said, host=context.host, agent=_as_speaker(context, note).caller.scope.agent)


def _as_speaker(context: Context, note: Note) -> Context:
    scope = note.origin.scope() if note.origin else LOCAL
    agent = scope.agent if note.origin and note.origin.agent else context.host.agents()[0].id
    actor = scope.person if note.origin else "owner"
    return replace(context, caller=Caller("task", replace(scope, agent=agent), trusted=True, actor=actor))
