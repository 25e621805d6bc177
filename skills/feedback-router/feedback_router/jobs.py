"""What follows an ask and an answer: send, edit, remind, expire, each a job that may run again without harm.

The events stand in the same transaction as the records, so that no kill comes between an ask and its jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from clawcortex.errors import HostError
from clawcortex.periods import quiet_until
from clawcortex.skills.context import Context
from clawcortex.skills.events import DecisionAnswered, DecisionAsked, DecisionExplained
from clawcortex.skills.operation import consumer, task
from clawcortex.store.records import Event
from feedback_router import machine, pacing
from feedback_router.answering import expire_now
from feedback_router.asking import owner_places
from feedback_router.keeping import Held, every_ask, find_ask, find_decision, find_message
from feedback_router.records import Ask
from feedback_router.sending import SENDING, enqueue_edit, free_at, pace_of, refresh, send

SEND, EDIT, REMIND, EXPIRE = (f"feedback-router.{name}" for name in ("send", "edit", "remind", "expire"))
LEASE_S, SHORT_LEASE_S = 120.0, 20.0
"""A message may take a minute; a job that a kill cut off waits for its lease to run out."""
REMIND_FROM = timedelta(hours=1)
"""An ask that lives shorter is not reminded of."""
SOON = timedelta(seconds=2)
MOST_EDITS = 60
"""So often an edit is tried, ten minutes apart at last: about nine hours."""
REMINDER = "⏰ Still waiting for you"
ESCALATED = "⏰ Nobody answered this in time"
MISSED = "You answered this while clawcortex was away. Please do it once more."


@consumer("dispatch", kinds=(DecisionAsked.event, DecisionAnswered.event, DecisionExplained.event))
def dispatch(context: Context, event: Event) -> None:
    """Queue what an ask, an answer or a reason leads to; each job has its key, so that twice is once."""
    if event.kind == DecisionAsked.event:
        held = find_ask(context, DecisionAsked.of(event).ask_id)
        if held is not None:
            _begin(context, held.value)
        return
    payload = (
        DecisionAnswered.of(event) if event.kind == DecisionAnswered.event else DecisionExplained.of(event)
    )
    over = find_decision(context, payload.ask_id)
    for message in over.value.ask.messages if over else ():
        enqueue_edit(context, message, str(event.seq))


def _begin(context: Context, ask: Ask) -> None:
    if ask.place is not None:
        again(context, SEND, {"ask": ask.id}, 0, None)
    _time(context, ask)


def _time(context: Context, ask: Ask) -> None:
    """Queue the end of an ask, and a reminder half-way there."""
    if ask.expires_at is None:
        return
    round_ = int(ask.escalated)
    again(context, EXPIRE, {"ask": ask.id}, round_, ask.expires_at)
    lasts = ask.expires_at - ask.asked_at
    if ask.place is not None and lasts >= REMIND_FROM and not ask.escalated:
        again(context, REMIND, {"ask": ask.id}, 0, ask.asked_at + lasts / 2)


def again(
    context: Context, kind: str, payload: Mapping[str, Any], tries: int, run_at: datetime | None
) -> None:
    """Queue a job, once for each try."""
    key = ":".join((kind, *(str(payload[name]) for name in sorted(payload) if name != "tries"), str(tries)))
    context.store.enqueue(kind, {**payload, "tries": tries}, key=key, run_at=run_at)


@task(SEND, lease_s=LEASE_S)
def send_ask(context: Context, payload: Mapping[str, Any]) -> None:
    """Send an ask to its chat, or the batch that it waits in; later when the chat cannot be written to now."""
    held, head = find_ask(context, str(payload["ask"])), str(payload.get("head", ""))
    if held is None or held.value.place is None or (held.value.messages and not head):
        return None
    ask, place, tries = held.value, held.value.place, int(payload["tries"])
    with context.store.exclusive(SENDING) as mine:
        now = context.now()
        if not mine:
            return again(context, SEND, payload, tries + 1, now + SOON)
        free = free_at(context, place, live=ask.live and not head, now=now)
        if free > now:
            return again(context, SEND, payload, tries + 1, free)
        group = [ask] if head else _group(context, ask, now)
        try:
            send(context, place, group, head=head)
        except HostError as error:
            context.log.warning("ask %s not sent: %s %s", ask.id, error.message, error.hint)
            return again(context, SEND, payload, tries + 1, pace_of(context, place).blocked_until)
    if ask.id not in {one.id for one in group}:
        again(context, SEND, payload, tries + 1, None)
    return None


def _group(context: Context, ask: Ask, now: datetime) -> list[Ask]:
    """Return what goes into the next message to the ask's chat: the oldest that wait, several when they are many."""
    quiet = quiet_until(context.settings.quiet_hours, context.local(now)) is not None
    waiting = [
        one
        for one in every_ask(context)
        if one.place == ask.place
        and not one.messages
        and not machine.is_over(one, now)
        and (one.live or not quiet)
    ]
    return waiting[: pacing.batched(len(waiting))] or [ask]


@task(EDIT, lease_s=LEASE_S)
def edit_message(context: Context, payload: Mapping[str, Any]) -> None:
    """Bring a message up to date with what was decided."""
    held, tries = find_message(context, str(payload["message"])), int(payload["tries"])
    if held is None:
        return None
    with context.store.exclusive(SENDING) as mine:
        now = context.now()
        blocked = pace_of(context, held.value.place).blocked_until
        if not mine or (blocked and blocked > now):
            return again(
                context, EDIT, payload, tries + 1, blocked if blocked and blocked > now else now + SOON
            )
        try:
            refresh(context, held)
        except HostError as error:
            context.log.warning("a message is not up to date: %s %s", error.message, error.hint)
            if tries < MOST_EDITS:
                again(context, EDIT, payload, tries + 1, pace_of(context, held.value.place).blocked_until)
    return None


@task(REMIND, lease_s=SHORT_LEASE_S)
def remind(context: Context, payload: Mapping[str, Any]) -> None:
    """Show an ask that nobody answered once more."""
    held = find_ask(context, str(payload["ask"]))
    if held is not None and held.value.messages:
        again(context, SEND, {"ask": held.value.id, "head": REMINDER}, 0, None)


@task(EXPIRE, lease_s=SHORT_LEASE_S)
def expire(context: Context, payload: Mapping[str, Any]) -> None:
    """Close an ask whose time is over, or put it to the owners; presses made in time come first."""
    held = find_ask(context, str(payload["ask"]))
    if held is None:
        return None
    if held.value.escalated and not machine.is_over(held.value, context.now()):
        return _pass_on(context, held.value)  # killed between the change and its jobs
    context.resources.drain()
    held = find_ask(context, held.value.id)
    if held is None:
        return None
    longer = machine.escalate(held.value, context.now())
    if longer is not None:
        return _escalate(context, held, longer)
    if not expire_now(context, held):
        _later(context, held.value.id, int(payload["tries"]))  # somebody was faster, or this clock is behind
    return None


def _escalate(context: Context, held: Held[Ask], longer: Ask) -> None:
    owners = owner_places(context)
    others = [place for place in owners if place != held.value.place]
    moved = longer.model_copy(update={"place": next(iter(others or owners), longer.place)})
    if context.store.amend([held.becomes(moved)]):
        _pass_on(context, moved)
    else:
        _later(context, longer.id, 0)


def _later(context: Context, ask: str, tries: int) -> None:
    again(context, EXPIRE, {"ask": ask}, tries + 2, context.now() + SOON)  # 0 and 1 are the ends themselves


def _pass_on(context: Context, ask: Ask) -> None:
    _time(context, ask)
    if ask.place is not None:
        again(context, SEND, {"ask": ask.id, "head": ESCALATED}, 0, None)


def show_again(context: Context, ask: str) -> None:
    """Send an open ask once more: what was pressed while the server was away cannot be gone on with."""
    again(context, SEND, {"ask": ask, "head": MISSED}, 0, None)
