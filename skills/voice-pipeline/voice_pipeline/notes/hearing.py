"""The job that hears a note: it ends with a transcript, with a reason to wait, or with one to give up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clawcortex.errors import ClawcortexError, InputError, NotFoundError, TranscriberError
from clawcortex.skills.context import Context
from clawcortex.skills.events import VoiceTranscribed
from clawcortex.skills.operation import task
from clawcortex.speech.records import Transcript
from clawcortex.store.records import NewEvent, Write
from clawcortex.text.clean import clean
from clawcortex.text.redaction import redact
from voice_pipeline.notes import filing, queueing, telling
from voice_pipeline.notes.copying import copy_of
from voice_pipeline.notes.keeping import Held, document_of, every_waiting, find
from voice_pipeline.notes.queueing import HEAR
from voice_pipeline.notes.records import HEARD, PROGRESS, UNNAMED, WAITING, Note, Problem

LEASE_S = 60.0
"""A note that a kill cut off is heard again after this; the lease is renewed while it is heard."""
MOST_STARTS, MOST_DEATHS = 3, 5
"""So often a recording may end the server, or the transcriber's process, before it is given up."""
MOST_CHANGES = 3
FAILED, RETRIED = "voice.failed", "voice.put_off"
GONE = Problem(
    code="gone",
    message="the recording was taken out of voice/incoming while it waited",
    hint="Put it there again to have it transcribed.",
)
CUT_OFF = Problem(
    code="cut_off",
    message=f"hearing it ended the server {MOST_STARTS} times",
    hint="Give the machine more memory, or lower speech_memory_mb; then `clawcortex voice-pipeline retry`.",
)


@task(HEAR, lease_s=LEASE_S, slow=True)
def hear(context: Context, payload: Mapping[str, Any]) -> None:
    """Transcribe a note, once in its round."""
    held = find(context, WAITING, str(payload["note"]), Note)
    if held is None or held.value.state != "waiting" or held.value.round != payload["round"]:
        return
    if held.value.source == "folder" and not filing.is_there(context, held.value):
        _give_up(context, held, GONE)
        return
    if held.value.starts >= MOST_STARTS:
        _give_up(context, held, CUT_OFF)
        return
    begun = _change(context, held, held.value.model_copy(update={"starts": held.value.starts + 1}))
    if begun is None:
        return  # it is another's now
    try:
        _finish(context, begun, _heard(context, begun.value))
    except InputError as error:
        _give_up(context, begun, filing.problem_of(error))
    except NotFoundError as error:
        _give_up(context, begun, filing.problem_of(error))
    except ClawcortexError as error:
        if isinstance(error, TranscriberError) and begun.value.deaths >= MOST_DEATHS:
            _give_up(context, begun, filing.problem_of(error))
        else:
            _put_off(context, begun, error)


def _heard(context: Context, note: Note) -> Transcript:
    def show(heard_s: float, of_s: float) -> None:
        context.store.put_record(PROGRESS, note.id, {"heard_s": heard_s, "of_s": of_s})

    try:
        found = context.transcriber.transcribe(
            copy_of(note.id), language=note.language, engine=note.engine, progress=show
        )
    finally:
        context.store.take_record(PROGRESS, note.id)
    safe = [one.model_copy(update={"text": _safe(one.text)}) for one in found.segments]
    return found.model_copy(update={"text": _safe(found.text), "segments": tuple(safe)})


def _safe(text: str) -> str:
    """Return a text without what is not to be stored."""
    return redact(clean(text)).text if text.strip() else ""


def _finish(context: Context, begun: Held[Note], transcript: Transcript) -> None:
    """Keep a transcript: the record, the event and the file."""
    for _ in range(MOST_CHANGES):
        held = find(context, WAITING, begun.key, Note) or begun  # who brought it may be known better by now
        told = {"state": "heard", "transcript": transcript, "starts": 0, "problem": None}
        note = held.value.model_copy(update=told)
        note = note.model_copy(update={"file": filing.write_transcript(context, note)})
        if context.store.amend(_moves(held, note), events=[_event(note, transcript)]):
            break
    else:
        raise TranscriberError("the note was changed while it was heard", hint="It is heard again.")
    copy_of(note.id).unlink(missing_ok=True)
    filing.file_away(context, note)
    telling.forget_warnings(context, note)
    _wake_others(context, note)


def _moves(held: Held[Note], note: Note) -> list[Write]:
    writes = [held.becomes(None), Write(HEARD, note.id, None, document_of(note))]
    if note.origin is not None and not note.origin.sender:
        writes.append(Write(UNNAMED, note.origin.key + note.id, None, {}))
    return writes


def _event(note: Note, transcript: Transcript) -> NewEvent:
    return VoiceTranscribed(
        note=note.id,
        text=note.text,
        silence=transcript.silence,
        language=transcript.language,
        seconds=transcript.seconds,
        said_at=note.received_at,
        speaker=note.origin.scope().person if note.origin else "owner",
        file=note.file,
    ).new()


def _wake_others(context: Context, heard: Note) -> None:
    """Queue what waited for the engine that has just heard something."""
    for held in every_waiting(context):
        note = held.value
        if note.state == "waiting" and note.problem is not None and note.engine == heard.engine:
            requeue(context, held)


def requeue(context: Context, held: Held[Note]) -> bool:
    """Queue a note anew, to be heard at once; False when somebody else changed it."""
    changed = _change(context, held, queueing.again(held.value))
    return changed is not None and queueing.enqueue(context, changed.value)


def _give_up(context: Context, held: Held[Note], problem: Problem) -> None:
    note = held.value.model_copy(update={"state": "failed", "problem": problem, "starts": 0})
    if _change(context, held, note, NewEvent(FAILED, {"note": note.id, "code": problem.code})) is None:
        return
    context.log.warning("voice note %s is given up: %s", note.id[:8], problem.message)
    telling.warn(context, note, problem, forever=True, alone=note.late)
    if problem.code not in (GONE.code, CUT_OFF.code):
        copy_of(note.id).unlink(missing_ok=True)
    filing.file_away(context, note, problem)


def _put_off(context: Context, held: Held[Note], error: ClawcortexError) -> None:
    note = queueing.put_off(held.value, error, context.now())
    assert note.problem is not None  # noqa: S101 - it has the error's words
    if _change(context, held, note, NewEvent(RETRIED, {"note": note.id, "code": error.code})) is None:
        return
    context.log.warning("voice note %s waits: %s %s", note.id[:8], error.message, error.hint)
    queueing.enqueue(context, note)
    telling.warn(context, note, note.problem, forever=False, alone=note.late)


def _change(context: Context, held: Held[Note], note: Note, *events: NewEvent) -> Held[Note] | None:
    """Put a note in a note's place; whatever came to be known of its origin meanwhile stays."""
    for _ in range(MOST_CHANGES):
        if context.store.amend([held.becomes(note)], events=events):
            return Held(held.collection, held.key, document_of(note), note)
        found = find(context, held.collection, held.key, Note)
        if found is None or found.value.round != held.value.round or found.value.state != held.value.state:
            return None
        kept = {"origin": found.value.origin, "late": found.value.late, "wanted": found.value.wanted}
        held, note = found, note.model_copy(update=kept)
    return None
