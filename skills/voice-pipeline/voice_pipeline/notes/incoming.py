"""What is put into voice/incoming becomes notes; what cannot is set aside with its reason."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

from clawcortex.errors import ClawcortexError, DeniedError, InputError, StorageError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import chore
from voice_pipeline.notes import filing, queueing
from voice_pipeline.notes.copying import copy_of
from voice_pipeline.notes.intake import take
from voice_pipeline.notes.keeping import every_waiting
from voice_pipeline.notes.records import Problem

SETTLED = timedelta(seconds=5)
"""A file that was written to since then may be half of itself."""
OVERDUE = timedelta(minutes=5)
"""A note that is due for so long has lost its job: its server was killed between the two."""

KEPT = timedelta(days=30)
"""So long a note that was given up is listed, if not too many came after it."""
NAMELESS = Problem(code="bad_name", message="its name is not UTF-8", hint="Give it another name.")


@chore("incoming")
def look(context: Context) -> bool:
    """Take what lies in voice/incoming, queue what has lost its job, forget what failed long ago."""
    waiting = every_waiting(context)
    failed = [held for held in waiting if held.value.state == "failed"]
    for place, held in enumerate(reversed(failed)):
        if place >= queueing.MOST or context.now() - held.value.received_at > KEPT:
            context.store.amend([held.becomes(None)])
            copy_of(held.key).unlink(missing_ok=True)
    for held in waiting:
        note = held.value
        if note.state == "waiting" and context.now() - (note.next_try or note.received_at) > OVERDUE:
            queueing.enqueue(context, note)
    folder = filing.incoming(context)
    known = {(held.value.name, held.value.bytes) for held in waiting if held.value.state == "waiting"}
    for path in sorted(folder.iterdir()) if folder else ():
        if path.name.startswith("."):
            continue
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        settled = context.now().timestamp() - found.st_mtime >= SETTLED.total_seconds()
        if not _is_text(path.name):
            filing.set_aside(context, path, NAMELESS)
        elif settled and not stat.S_ISDIR(found.st_mode) and (path.name, found.st_size) not in known:
            _take(context, path)
    return False


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _take(context: Context, path: Path) -> None:
    try:
        note = take(context, path, name=path.name, source="folder")
    except (InputError, DeniedError) as error:  # it will never do, or leads out of the folder
        context.log.warning("%s is set aside: %s", os.fsencode(path.name), error.message)
        filing.set_aside(context, path, filing.problem_of(error))
    except StorageError as error:
        context.log.warning("%s is taken later: %s %s", os.fsencode(path.name), error.message, error.hint)
    except ClawcortexError as error:
        context.log.info("%s is not taken: %s", os.fsencode(path.name), error.message)
    else:
        if note.state == "heard":
            filing.set_aside(context, path, None)
