"""What may be asked for: hear a recording, what waits, try again."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import InputError, NotFoundError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import operation
from clawcortex.store.records import ChatType
from voice_pipeline import shapes
from voice_pipeline.notes import hearing, putting, queueing, telling, wording
from voice_pipeline.notes.copying import copy_of
from voice_pipeline.notes.intake import take
from voice_pipeline.notes.keeping import every_waiting, find_note
from voice_pipeline.notes.records import PROGRESS, Note, Origin

MOST_WAIT = 4
"""So many callers may wait for their transcripts; each holds one of the server's threads."""
LOOK_S = 1.0
"""A note that another server hears is seen this late."""
CHAT_TYPES = {"direct": ChatType.PRIVATE, "private": ChatType.PRIVATE, "": ChatType.UNKNOWN}
_seats = threading.BoundedSemaphore(MOST_WAIT)


@operation("transcribe", effect="write")
def transcribe(context: Context, request: shapes.TranscribeInput) -> shapes.Transcribed:
    """Turn a recording into text, once, and put what it says to do on the list, if its speaker may change it."""
    origin = _origin(request)
    recording = _recording(context, request)
    name = request.name or (recording.name if isinstance(recording, Path) else "recording")
    note = take(
        context,
        recording,
        name=name,
        source="chat" if origin else "owner",
        origin=origin,
        language=request.language,
        engine=request.engine,
        wanted=request.update,
    )
    if note.state == "heard" and note.listing == "":
        putting.decide(context, note.id)
    if note.problem is not None:  # told again only if it could not be before, for want of a name
        telling.warn(context, note, note.problem, forever=note.state == "failed", alone=False)
    busy = note.state == "waiting" and note.problem is None and queueing.is_busy(context, note)
    if note.state == "waiting" and not busy and not note.late:
        note = _wait(context, note, request.wait_s)
    if note.state == "waiting":
        note = _leave(context, note)
        if busy and note.state == "waiting":
            telling.queued(context, note, queueing.place_of(note, every_waiting(context)).number)
    return _answer(context, note)


def _origin(request: shapes.TranscribeInput) -> Origin | None:
    if not request.channel:
        return None
    if not request.chat:
        raise InputError(
            "a channel without a chat", hint="Give both, or neither for a recording of your own."
        )
    return Origin(
        channel=request.channel,
        chat=request.chat.removeprefix(f"{request.channel}:"),
        account=request.account or "default",
        thread=request.thread,
        agent=request.agent,
        sender=request.sender,
        chat_type=CHAT_TYPES.get(request.chat_type, ChatType.GROUP),
        forwarded=request.forwarded,
    )


def _recording(context: Context, request: shapes.TranscribeInput) -> Path | bytes:
    if bool(request.path) == bool(request.audio):
        raise InputError("a recording is needed", hint="Give its `path` or its bytes as `audio`, not both.")
    if request.audio:
        try:
            return base64.b64decode(request.audio, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InputError(f"`audio` is not base64: {error}", hint="Encode the file's bytes.") from error
    path = Path(request.path).expanduser()
    if not path.is_absolute():
        raise InputError(f"{request.path[:200]!r} is no full path", hint="Begin it with a slash.")
    workspaces = (agent.workspace for agent in context.host.agents())
    return paths.confine(path, context.shared_workspace(), paths.openclaw_dir() / "media", *workspaces)


def _wait(context: Context, note: Note, seconds: float) -> Note:
    """Return the note when it was heard, when something is in its way, or when the time is over."""
    until = time.monotonic() + seconds
    if not _seats.acquire(blocking=False):
        return note
    try:
        while note.state == "waiting" and note.problem is None and (left := until - time.monotonic()) > 0:
            context.store.listen(min(left, LOOK_S))
            held = find_note(context, note.id)
            if held is None:
                break
            note = held.value
    finally:
        _seats.release()
    return note


def _leave(context: Context, note: Note) -> Note:
    """Mark a note that nobody waits for any more; its transcript is sent when it is there."""
    while (held := find_note(context, note.id)) is not None:
        if held.value.state != "waiting" or held.value.late:
            return held.value
        late = held.value.model_copy(update={"late": True})
        if context.store.amend([held.becomes(late)]):
            return late
    return note


def _answer(context: Context, note: Note) -> shapes.Transcribed:
    place = queueing.place_of(note, every_waiting(context)) if note.state == "waiting" else None
    problem = note.problem
    told = "" if place is None else f"busy, queued as {place.number}"
    return shapes.Transcribed(
        id=note.id,
        state=note.state,
        text=note.text,
        say=wording.heard(note),
        position=place.number if place else 0,
        reason=problem.message if problem else told,
        hint=problem.hint if problem else "",
        next_try=note.next_try if note.state == "waiting" else None,
        transcript=note.transcript,
        file=note.file,
    )


@operation("pending")
def pending(context: Context, request: shapes.PendingInput) -> shapes.Pending:
    """List the voice notes that are not heard yet, with what they wait for, and those that never will be."""
    notes = [held.value for held in every_waiting(context)]
    return shapes.Pending(
        waiting=sum(one.state == "waiting" for one in notes),
        failed=sum(one.state == "failed" for one in notes),
        notes=[
            shapes.PendingNote(
                id=one.id,
                name=one.name,
                state=one.state,
                received_at=context.local(one.received_at),
                tries=one.round,
                progress=_progress(context, one),
                next_try=context.local(one.next_try) if one.state == "waiting" and one.next_try else None,
                reason=one.problem.message if one.problem else "",
                hint=one.problem.hint if one.problem else "",
            )
            for one in notes[: request.limit]
        ],
    )


def _progress(context: Context, note: Note) -> str:
    far = context.store.get_record(PROGRESS, note.id)
    if far is None:
        return ""
    heard, of = (float(str(far[name])) for name in ("heard_s", "of_s"))
    return f"{heard:.0f} of {of:.0f} s heard" if of else f"{heard:.0f} s heard"


@operation("retry", effect="write")
def retry(context: Context, request: shapes.RetryInput) -> shapes.Retried:
    """Hear now what waits for its next try; with an id also a note that was given up."""
    if request.id:
        found = [held for held in every_waiting(context) if held.key.startswith(request.id)]
        if len(found) != 1:
            raise NotFoundError(
                f"{len(found)} voice notes that wait or failed begin with {request.id!r}",
                hint="`clawcortex voice-pipeline pending` lists them.",
            )
    else:
        found = [
            held for held in every_waiting(context) if held.value.state == "waiting" and held.value.next_try
        ]
    lost = [held.key for held in found if not copy_of(held.key).exists()]
    if lost:
        raise NotFoundError(
            f"the recording {lost[0][:8]} was not kept: it could not be heard",
            hint="Send it again, or move it from voice/failed to voice/incoming.",
        )
    queued = [held.key for held in found if hearing.requeue(context, held)]
    return shapes.Retried(queued=queued)
