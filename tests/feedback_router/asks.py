"""Asks and answers that tests begin with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from feedback_router.callback import new_id
from feedback_router.machine import Answer, Person
from feedback_router.records import DEFAULT_OPTIONS, Ask, Place, Via

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOME = Place(channel="telegram", target="111")
GROUP = Place(channel="telegram", target="-100400")


def person(sender: str = "111", chat: str = "", *, group: bool = False, authorised: bool = True) -> Person:
    """Return somebody who writes on Telegram, by default in private."""
    return Person(
        id=f"telegram:{sender}",
        name={"111": "Ann", "222": "Bob"}.get(sender, sender),
        channel="telegram",
        chat=chat or sender,
        sender=sender,
        in_group=group,
        authorised=authorised,
    )


ANN, BOB = person("111"), person("222")


def an_ask(**given: Any) -> Ask:
    """Return an open ask, put to Ann in private."""
    fields: dict[str, Any] = {
        "id": new_id(NOW),
        "agent": "main",
        "by": "agent:main",
        "category": "deploy",
        "title": "Deploy version 1.4?",
        "options": DEFAULT_OPTIONS,
        "asked_at": NOW,
        "expires_at": NOW + timedelta(hours=2),
        "place": HOME,
    }
    return Ask(**{**fields, **given})


def a_press(option: str = "approve", by: Person = ANN, *, minutes: float = 1, via: Via = "button") -> Answer:
    """Return somebody's press of an option some minutes after the ask."""
    return Answer(option, by, via, NOW + timedelta(minutes=minutes))
