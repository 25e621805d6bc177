"""The folders in the shared workspace: voice/incoming, and where recordings and transcripts go from there.

    voice/transcripts/2026-05-01T090000-1a2b3c4d.json
    voice/processed/memo.ogg        voice/failed/memo.ogg, memo.ogg.reason.txt

What a person puts under a name meanwhile is left alone: only the recording that was heard is moved.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from clawcortex.errors import ClawcortexError, storage_error
from clawcortex.files import write_atomic
from clawcortex.skills.context import Context
from voice_pipeline.notes.copying import checksum_of
from voice_pipeline.notes.records import Note, Problem
from voice_pipeline.shapes import TranscriptFile

INCOMING, PROCESSED, FAILED, TRANSCRIPTS = (
    f"voice/{name}" for name in ("incoming", "processed", "failed", "transcripts")
)
SCHEMA = "urn:clawcortex:voice-pipeline.transcript:1"
LONGEST_NAME = 120
"""Bytes of a name before its suffix: 255 have to do for the name of its reason too."""


def incoming(context: Context) -> Path | None:
    """Return the folder that recordings are put into; None as long as nobody made it."""
    folder = context.shared_workspace() / INCOMING
    return context.shared_folder(INCOMING) if folder.is_dir() else None


def write_transcript(context: Context, note: Note) -> str:
    """Write what was heard as JSON, for people and other skills; return its path in the shared workspace."""
    assert note.transcript is not None  # noqa: S101 - only what was heard is written
    folder = context.shared_folder(TRANSCRIPTS)
    context.shared_folder(INCOMING)  # from the first note on it is there to be found
    heard_at = context.local(note.received_at)
    name = f"{heard_at:%Y-%m-%dT%H%M%S}-{note.id[:8]}.json"
    speaker = note.origin.scope().person if note.origin and note.origin.sender else ""
    file = TranscriptFile(
        received_at=heard_at,
        source=note.source,
        name=note.name,
        speaker="owner" if note.origin is None else speaker,
        **note.transcript.model_dump(),
    )
    content = {"$schema": SCHEMA} | file.model_dump(mode="json")
    write_atomic(folder / name, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())
    return f"{TRANSCRIPTS}/{name}"


def is_there(context: Context, note: Note) -> bool:
    """Return whether the file that a note came from still lies in voice/incoming."""
    folder = incoming(context)
    return folder is not None and (folder / note.name).is_file()


def file_away(context: Context, note: Note, problem: Problem | None = None) -> None:
    """Move the file that a note came from to `processed`, or with the reason to `failed`."""
    folder = incoming(context)
    if folder is not None and checksum_of(folder / note.name) == note.id:
        set_aside(context, folder / note.name, problem)


def set_aside(context: Context, path: Path, problem: Problem | None) -> None:
    """Move a file of voice/incoming where it belongs; a link is moved as the link it is."""
    folder = context.shared_folder(PROCESSED if problem is None else FAILED)
    target = _free(folder, os.fsencode(path.name).decode(errors="replace"))
    try:
        path.rename(target)
    except FileNotFoundError:
        return  # a person was faster
    except OSError as error:
        raise storage_error(error, target) from error
    if problem is not None:
        reason = f"{problem.message}\n{problem.hint}\n"
        write_atomic(target.with_name(f"{target.name}.reason.txt"), reason.encode())


def problem_of(error: ClawcortexError) -> Problem:
    """Return an error's words."""
    return Problem(code=error.code, message=error.message, hint=error.hint)


def _free(folder: Path, name: str) -> Path:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - of a name, not of a path
    stem, suffix = (_cut(part, most) for part, most in ((stem, LONGEST_NAME), (suffix, 16)))
    path, number = folder / f"{stem}{suffix}", 1
    while os.path.lexists(path):
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


def _cut(part: str, most: int) -> str:
    return part.encode()[:most].decode(errors="ignore")
