"""What a person is told about a voice note, in one message or in the agent's reply."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from clawcortex.errors import ClawcortexError
from clawcortex.text.chat import plain, quoted
from voice_pipeline.notes.records import Note, Problem
from voice_pipeline.shapes import Changed, Clash, Entry

LINE, QUOTED, MOST = 160, 1_500, 12
SILENCE = {
    "silence": "only silence",
    "no speech": "no voice, only other sounds",
    "nothing understood": "a voice, but no words that could be understood",
}


def heard(note: Note) -> str:
    """Return what the conversation gets of a note: its words, or plainly that there are none."""
    if note.text or note.transcript is None:
        return note.text
    why = SILENCE.get(note.transcript.silence, note.transcript.silence)
    return f"(Nothing was heard in this voice note: {why or 'no words'}.)"


def listed(changed: Changed, now: datetime) -> str:
    """Return what came of it on the list; nothing when nothing did."""
    parts = [
        _several("Put on your list", [_entry(one, now) for one in changed.added]),
        _several("Changed on your list", [_entry(one, now) for one in changed.changed]),
        _several("Not put back, because you had deleted it", [plain(one, LINE) for one in changed.refused]),
        _several(
            "Left as you have it, and noted at the end of the list",
            [_clash(one, now) for one in changed.conflicts],
        ),
    ]
    return "\n".join(part for part in parts if part)


def words(changed: Changed) -> tuple[str, ...]:
    """Return what a reply must speak of to have told it."""
    entries = (*changed.added, *changed.changed)
    return (*(one.text for one in entries), *changed.refused, *(one.text for one in changed.conflicts))


def late(note: Note, at: datetime) -> str:
    """Return what is sent of a note that was heard when nobody waited for it any more."""
    if not note.text:
        return f"🎙️ {_which(note, at)}: {heard(note).strip('()')}"
    return f"🎙️ {_which(note, at)}:\n{quoted(note.text, QUOTED)}"


def failed(note: Note, problem: Problem, at: datetime) -> str:
    """Return what is told of a note that will never be heard."""
    return f"{_which(note, at)} could not be transcribed: {_reason(problem)}"


def waits(note: Note, problem: Problem, at: datetime) -> str:
    """Return what is told of a note that waits for something to be mended."""
    return (
        f"{_which(note, at)} is kept, but cannot be transcribed yet: {_reason(problem)} It is tried again by "
        "itself, and at once by: clawcortex voice-pipeline retry. You get the result here."
    )


def busy(number: int) -> str:
    """Return what is told of a note behind many others."""
    return f"Busy: your voice note is queued as {number}; you get the result here."


def not_listed(note: Note, error: ClawcortexError, *, again: bool) -> str:
    """Return what is told when the list could not be written."""
    problem = Problem(code=error.code, message=error.message, hint=error.hint)
    after = (
        "It is tried again for two hours."
        if again
        else f"It was tried for two hours; the words are in {note.file}."
    )
    return f"Your voice note is not on your list: {_reason(problem)} {after}"


def _which(note: Note, at: datetime) -> str:
    what = "Your voice note" if note.source == "chat" else f"Your recording {plain(note.name, 60)}"
    return f"{what} of {at:%H:%M}"


def _reason(problem: Problem) -> str:
    message, hint = (part.replace("`", "").strip() for part in (problem.message, problem.hint))
    return f"{plain(message, 2 * LINE).rstrip('.')}. {plain(hint, 2 * LINE)}".strip()


def _several(head: str, lines: Iterable[str]) -> str:
    found = [*lines]
    more = [f"and {len(found) - MOST} more"] if len(found) > MOST else []
    return f"{head}: {'; '.join([*found[:MOST], *more])}" if found else ""


def _entry(one: Entry, now: datetime) -> str:
    told = ", ".join(part for part in (plain(one.owner, 40), _due(one.due, now)) if part)
    return plain(one.text, LINE) + (f" — {told}" if told else "")


def _clash(one: Clash, now: datetime) -> str:
    about = plain(one.text, LINE)
    if one.field == "deleted":
        return f"{about} stays out, as you deleted it"
    if one.field == "save":
        return f"what you saved at the same moment is kept in {plain(one.said, 2 * LINE)}"
    if one.field == "frozen":
        return f"{about} stands between merge markers"
    stands, said = (
        _due(part, now) if one.field == "due" else plain(part, 60) for part in (one.stands, one.said)
    )
    return f"{about}: {plain(one.field, 20)} stays {stands or 'out'}, {said or 'nothing'} was said"


def _due(due: str, now: datetime) -> str:
    """Return a date as people write it: "Fri 27 Nov", with the year when that is another."""
    try:
        day = date.fromisoformat(due[:10])
    except ValueError:
        return plain(due, 60)
    shown = f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if day.year != now.year else "")
    return f"{shown} {due[11:16]}".strip()
