"""The life of an ask, without a store or a clock: open, then answered, expired or cancelled, and nothing after that.

press   an option, from wherever      -> Decided | Awaited (Edit wants a text) | Refused
word    the text an Edit waited for   -> Decided | Refused
expire, cancel                        -> Decided | Refused
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from feedback_router.records import Ask, Decision, Via, Wait

EDIT_WAITS = timedelta(minutes=10)
REASON_WAITS = timedelta(minutes=3)
"""How long a person's next message is taken for the text, or the reason, that was asked for."""
OWNER = "owner"
NOBODY = ("", "unknown")
"""Senders that no channel names."""


class Why(StrEnum):
    """Why a press changes nothing."""

    UNKNOWN = "unknown"
    UNAUTHORISED = "unauthorised"
    EXPIRED = "expired"
    DECIDED = "decided"
    NO_OPTION = "no_option"


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers, and where."""

    id: str
    """ "telegram:111", or "owner" at the machine."""
    name: str = ""
    channel: str = ""
    account: str = "default"
    chat: str = ""
    sender: str = ""
    in_group: bool = True
    authorised: bool = False
    """What the channel says of the sender; nothing said is no."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person chose, how and when."""

    option: str
    person: Person
    via: Via
    at: datetime
    text: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """The ask is over; `asks_reason` says that a reason may follow."""

    decision: Decision
    asks_reason: bool = False


@dataclass(frozen=True, slots=True)
class Awaited:
    """The ask stays open: the person's next message is the text."""

    wait: Wait


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing changes, and why; `decision` is what stands already, or what an expired ask becomes."""

    why: Why
    decision: Decision | None = None


Outcome = Decided | Awaited | Refused


def may_answer(ask: Ask, person: Person, owners: Collection[str]) -> bool:
    """Return whether this person may answer: an owner, one of the allowed, or who was asked in private."""
    if person.id == OWNER:
        return True
    if not person.authorised or person.sender in NOBODY:
        return False
    if person.id in owners or person.id in ask.allowed:
        return True
    private = not person.in_group and ask.place is not None and not ask.allowed
    return (
        private and ask.place is not None and ask.place.is_chat(person.channel, person.account, person.chat)
    )


def press(
    ask: Ask | None, decision: Decision | None, answer: Answer, *, owners: Collection[str] = ()
) -> Outcome:
    """Return what an answer leads to, given what stands in the store under the ask's id."""
    known = ask or (decision.ask if decision else None)
    if known is None:
        return Refused(Why.UNKNOWN)
    if not may_answer(known, answer.person, owners):
        return Refused(Why.UNAUTHORISED)
    if ask is None:
        why = Why.EXPIRED if decision and decision.state == "expired" else Why.DECIDED
        return Refused(why, decision)
    if is_over(ask, answer.at):
        return Refused(Why.EXPIRED)
    option = ask.option(answer.option)
    if option is None:
        return Refused(Why.NO_OPTION)
    if option.key == "edit" and not answer.text:
        return Awaited(Wait(ask=ask.id, kind="edit", until=answer.at + EDIT_WAITS, name=answer.person.name))
    over = _closed(ask, answer, option.choice)
    return Decided(over, asks_reason=option.key == "reject" and not answer.reason)


def is_over(ask: Ask, at: datetime) -> bool:
    """Return whether nobody may answer any more."""
    return ask.expires_at is not None and at >= ask.expires_at


def _closed(ask: Ask, answer: Answer, choice: str) -> Decision:
    return Decision(
        ask=ask,
        state="answered",
        choice=choice,
        text=answer.text,
        reason=answer.reason,
        by=answer.person.id,
        name=answer.person.name,
        via=answer.via,
        answered_at=max(answer.at, ask.asked_at),
    )


def expire(ask: Ask, at: datetime) -> Decision | None:
    """Return the ask as expired; None when its time is not over."""
    if not is_over(ask, at):
        return None
    return Decision(ask=ask, state="expired", choice="expired", by="expiry", via="expiry", answered_at=at)


def escalate(ask: Ask, at: datetime) -> Ask | None:
    """Return the ask with as much time again for the owners; None when its policy or its past says no."""
    if ask.on_expiry != "escalate" or ask.escalated or ask.expires_at is None or not is_over(ask, at):
        return None
    longer = at + (ask.expires_at - ask.asked_at)
    return ask.model_copy(update={"escalated": True, "expires_at": longer})


def cancel(ask: Ask, at: datetime, *, by: str, reason: str = "") -> Decision:
    """Return the ask as cancelled."""
    return Decision(
        ask=ask, state="cancelled", choice="cancelled", by=by, reason=reason, via="cli", answered_at=at
    )
