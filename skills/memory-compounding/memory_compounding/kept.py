"""The records of feedback, mistakes and lessons in the store."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import ValidationError

from clawcortex.errors import ConflictError
from clawcortex.skills.context import Context
from clawcortex.store.base import Store
from clawcortex.store.records import Write
from memory_compounding.shapes import Feedback, Lesson, Mistake, Record

FEEDBACK = "compounding.feedback"
ANSWERS = "compounding.answers"
"""By ask: the feedback that its answer became, or a reason that came before the answer."""
MISTAKES = "compounding.mistakes"
LESSONS = "compounding.lessons"
STATE = "compounding.state"
"""By collection: a number that grows with each change, so that what is held in memory is known to be current."""
SESSIONS = "compounding.sessions"
"""By session: which lessons it was told."""
TRIES = 8

Shape = TypeVar("Shape", bound=Record)


def feedback_id(at: datetime, source: str) -> str:
    """Return an id that sorts by time and is the same for the same source."""
    return f"{moment(at)}-{digest(source)}"


def digest(words: str) -> str:
    """Return what words are known by where they themselves need not stand."""
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def moment(at: datetime) -> str:
    """Return how ids of this moment begin."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def read(context: Context, collection: str, key: str, shape: type[Shape]) -> Shape | None:
    """Return a record; None when there is none, or one that this version cannot read."""
    found = context.store.get_record(collection, key)
    return None if found is None else parsed(context, collection, key, found, shape)


def parsed(context: Context, collection: str, key: str, found: object, shape: type[Shape]) -> Shape | None:
    """Return a document as its shape; None, with a line in the log, when it is none."""
    try:
        return shape.model_validate(found)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        context.log.warning("%s %s cannot be read: %s", collection, key, fault["msg"])
        return None


def every(context: Context, collection: str, shape: type[Shape]) -> list[Shape]:
    """Return all records of a collection, by key."""
    found = context.store.list_records(collection).items()
    return [one for key, value in found if (one := parsed(context, collection, key, value, shape))]


def feedback_of(context: Context, since: datetime, until: datetime) -> list[Feedback]:
    """Return feedback of since <= at < until, in order of time."""
    rows = context.store.list_records(FEEDBACK, after=moment(since), until=moment(until))
    found = (parsed(context, FEEDBACK, key, value, Feedback) for key, value in rows.items())
    return [one for one in found if one is not None]


def mistake(context: Context, key: str) -> Mistake | None:
    """Return a mistake."""
    return read(context, MISTAKES, key, Mistake)


def lesson(context: Context, key: str) -> Lesson | None:
    """Return a lesson."""
    return read(context, LESSONS, key, Lesson)


def generation(store: Store, collection: str) -> int:
    """Return how often a collection changed."""
    return int(str((store.get_record(STATE, collection) or {}).get("generation", 0)))


def step(store: Store, collection: str) -> Write:
    """Return the change that says that a collection changes; of two at once one is refused."""
    before = store.get_record(STATE, collection)
    return Write(STATE, collection, before, {"generation": generation(store, collection) + 1})


def busy(what: str) -> ConflictError:
    """Return the error of a change that others were always quicker than."""
    return ConflictError(
        f"{what} was changed by others {TRIES} times while it was being changed",
        hint="Try again; when it lasts, look into the log for what changes it.",
    )
