"""Notes and tellings in the store; a record that cannot be read is logged and counts as not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from clawcortex.skills.context import Context
from clawcortex.store.records import Write
from voice_pipeline.notes.records import HEARD, TELLINGS, WAITING, Note, Shape, Telling

Kind = TypeVar("Kind", bound=Shape)
LAST = "\U0010ffff"
"""Behind every key that begins the same."""


@dataclass(frozen=True, slots=True)
class Held(Generic[Kind]):
    """A record with the document it was read from, for `amend` to compare."""

    collection: str
    key: str
    document: dict[str, object]
    value: Kind

    def becomes(self, value: Shape | None) -> Write:
        """Return the write that puts something in its place, provided that nobody else did."""
        return Write(self.collection, self.key, self.document, None if value is None else document_of(value))


def document_of(value: Shape) -> dict[str, object]:
    """Return a record as the store keeps it."""
    return value.model_dump(mode="json")


def new(collection: str, key: str, value: Shape) -> Write:
    """Return the write of a record that is not there yet."""
    return Write(collection, key, None, document_of(value))


def find(context: Context, collection: str, key: str, kind: type[Kind]) -> Held[Kind] | None:
    """Return one record."""
    document = context.store.get_record(collection, key)
    return None if document is None else _held(context, collection, key, document, kind)


def find_note(context: Context, note: str) -> Held[Note] | None:
    """Return a note, heard or not; it only moves from waiting to heard, so this order misses none."""
    return find(context, WAITING, note, Note) or find(context, HEARD, note, Note)


def every_waiting(context: Context) -> list[Held[Note]]:
    """Return the notes that are not heard, those that came first at the beginning."""
    found = _every(context, WAITING, context.store.list_records(WAITING), Note)
    return sorted(found, key=lambda held: (held.value.received_at, held.key))


def tellings_of(context: Context, chat: str) -> list[Held[Telling]]:
    """Return what a chat, named by its key, is to be told."""
    found = context.store.list_records(TELLINGS, after=chat, until=f"{chat}{LAST}")
    return list(_every(context, TELLINGS, found, Telling))


def _every(
    context: Context, collection: str, found: dict[str, dict[str, object]], kind: type[Kind]
) -> Iterator[Held[Kind]]:
    for key, document in found.items():
        held = _held(context, collection, key, document, kind)
        if held is not None:
            yield held


def _held(
    context: Context, collection: str, key: str, document: dict[str, object], kind: type[Kind]
) -> Held[Kind] | None:
    try:
        return Held(collection, key, document, kind.model_validate(document))
    except ValidationError as error:
        context.log.error("%s %s cannot be read: %s", collection, key, error.errors(include_input=False))  # noqa: TRY400 - what is wrong is all there is to know
        return None
