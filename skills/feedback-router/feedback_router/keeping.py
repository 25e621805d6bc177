"""Read the router's records as what they are; one that cannot be read is logged and counts as not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from clawcortex.skills.context import Context
from clawcortex.store.records import Write
from feedback_router.records import (
    ASKS,
    DECISIONS,
    MESSAGES,
    NEWS,
    WAITS,
    Ask,
    Decision,
    Message,
    Place,
    Shape,
    Wait,
)

Kind = TypeVar("Kind", bound=Shape)
PAGE = 2_000


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


def find_ask(context: Context, ask: str) -> Held[Ask] | None:
    """Return an open ask."""
    return find(context, ASKS, ask, Ask)


def find_decision(context: Context, ask: str) -> Held[Decision] | None:
    """Return what became of an ask."""
    return find(context, DECISIONS, ask, Decision)


def find_either(context: Context, ask: str) -> Ask | Decision | None:
    """Return an ask, open or decided; it only moves from one to the other, so this order misses none."""
    held = find_ask(context, ask) or find_decision(context, ask)
    return held.value if held else None


def find_message(context: Context, key: str) -> Held[Message] | None:
    """Return a message that was sent."""
    return find(context, MESSAGES, key, Message)


def find_wait(context: Context, key: str) -> Held[Wait] | None:
    """Return what a person's next message is for."""
    return find(context, WAITS, key, Wait)


def find(context: Context, collection: str, key: str, kind: type[Kind]) -> Held[Kind] | None:
    """Return one record."""
    document = context.store.get_record(collection, key)
    if document is None:
        return None
    value = _read(context, collection, key, document, kind)
    return None if value is None else Held(collection, key, document, value)


def every_ask(context: Context) -> Iterator[Ask]:
    """Yield the open asks, oldest first."""
    yield from every(context, ASKS, Ask)


def every_decision(context: Context, since_id: str = "") -> Iterator[Decision]:
    """Yield the decisions on what was asked since, oldest first."""
    yield from every(context, DECISIONS, Decision, after=since_id)


def every_news(context: Context, agent: str, origin: Place, limit: int) -> list[tuple[str, str]]:
    """Return (key, ask) of decisions that the agent was not told yet in the chat in which it asked."""
    first = f"{agent}|{origin.key}|"
    found = context.store.list_records(NEWS, after=first, until=f"{first}~", limit=limit)
    return [(key, str(document.get("ask", ""))) for key, document in found.items()]


def every(
    context: Context, collection: str, kind: type[Kind], *, after: str = "", until: str = ""
) -> Iterator[Kind]:
    """Yield a collection's records by key, page by page."""
    while True:
        page = context.store.list_records(collection, after=after, until=until, limit=PAGE)
        for key, document in page.items():
            value = _read(context, collection, key, document, kind)
            if value is not None:
                yield value
        if len(page) < PAGE:
            return
        after = next(reversed(page))


def _read(
    context: Context, collection: str, key: str, document: dict[str, object], kind: type[Kind]
) -> Kind | None:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        context.log.warning("%s/%s cannot be read: %s", collection, key, error.errors()[0]["msg"])
        return None
