"""Apply an answer exactly once: the ask moves to the decisions and the event is added in one transaction."""

from __future__ import annotations

from clawcortex.errors import BusyError
from clawcortex.skills.context import Context
from clawcortex.skills.events import DecisionAnswered, DecisionExplained
from clawcortex.store.records import NewEvent, Write
from feedback_router import machine
from feedback_router.keeping import Held, document_of, find_ask, find_decision, new
from feedback_router.machine import Answer, Decided, Outcome, Person, Refused, Why
from feedback_router.records import DECISIONS, NEWS, WAITS, Ask, Decision, Wait, wait_key

TRIES = 20
"""A write is tried again only when somebody else's came between: a message was sent, a reminder, an answer."""


def answer(
    context: Context, ask: str, given: Answer, *, waiting: bool = True, ending: Write | None = None
) -> Outcome:
    """Apply an answer; whoever comes second is refused with what stands.

    `waiting` says that the person's next message may be taken for a text or a reason; `ending` removes the wait
    that this answer ends.
    """
    for _ in range(TRIES):
        held = find_ask(context, ask)
        over = None if held else find_decision(context, ask)
        owners = context.settings.owners
        outcome = machine.press(
            held.value if held else None, over.value if over else None, given, owners=owners
        )
        if held is None or isinstance(outcome, Refused):
            return outcome
        if isinstance(outcome, Decided):
            wait = _reason_wait(outcome, given) if waiting and outcome.asks_reason else None
            extra = _wait_writes(context, given.person, wait, ending)
            if close(context, held, outcome.decision, extra):
                _audit(context, outcome.decision)
                return outcome if wait else Decided(outcome.decision)
        elif not waiting or context.store.amend(
            [held.becomes(held.value), *_wait_writes(context, given.person, outcome.wait, None)]
        ):
            return outcome
    raise BusyError("this question changes all the time", hint="Answer it again in a moment.")


def close(context: Context, held: Held[Ask], decision: Decision, extra: list[Write] | None = None) -> bool:
    """Move an ask to the decisions; False, and nothing changed, when it is not as it was seen."""
    ask = held.value
    writes = [held.becomes(None), new(DECISIONS, ask.id, decision), *(extra or [])]
    if ask.by.startswith("agent:") and ask.origin and decision.state != "cancelled":
        writes.append(Write(NEWS, news_key(ask), None, {"ask": ask.id}))
    return context.store.amend(writes, events=[answered(decision)])


def news_key(ask: Ask) -> str:
    """Return where a decision waits to be told to the agent that asked, in the chat in which it asked."""
    return f"{ask.agent}|{ask.origin.key if ask.origin else ''}|{ask.id}"


def answered(decision: Decision) -> NewEvent:
    """Return the event of a decision."""
    ask = decision.ask
    return DecisionAnswered(
        ask_id=ask.id,
        key=ask.key,
        agent=ask.agent,
        category=ask.category,
        title=ask.title,
        description=ask.description,
        choice=decision.choice,
        text=decision.text,
        reason=decision.reason,
        by=decision.by,
        via=decision.via,
        asked_at=ask.asked_at,
        answered_at=decision.answered_at,
    ).new()


def explain(context: Context, wait: Held[Wait], reason: str) -> bool:
    """Add a reason to a decision that has none, and end the wait; False when the wait was ended already."""
    for _ in range(TRIES):
        held = find_decision(context, wait.value.ask)
        if held is None or held.value.reason:
            return context.store.amend([wait.becomes(None)])
        told = held.value.model_copy(update={"reason": reason})
        event = DecisionExplained(ask_id=wait.value.ask, reason=reason).new()
        if context.store.amend([held.becomes(told), wait.becomes(None)], events=[event]):
            return True
        if context.store.get_record(WAITS, wait.key) != wait.document:
            return False
    raise BusyError("this decision changes all the time", hint="Send the reason again in a moment.")


def expire_now(context: Context, held: Held[Ask]) -> bool:
    """Close an ask whose time is over; False when it is not, or somebody was faster."""
    decision = machine.expire(held.value, context.now())
    return decision is not None and close(context, held, decision)


def cancel(context: Context, ask: str, reason: str) -> Outcome:
    """Close an ask without an answer."""
    for _ in range(TRIES):
        held = find_ask(context, ask)
        if held is None:
            over = find_decision(context, ask)
            return Refused(Why.DECIDED, over.value) if over else Refused(Why.UNKNOWN)
        decision = machine.cancel(held.value, context.now(), by=context.caller.actor, reason=reason)
        if close(context, held, decision):
            _audit(context, decision)
            return Decided(decision)
    raise BusyError("this question changes all the time", hint="Cancel it again in a moment.")


def _reason_wait(outcome: Decided, given: Answer) -> Wait | None:
    if given.person.sender in machine.NOBODY:
        return None
    until = given.at + machine.REASON_WAITS
    return Wait(ask=outcome.decision.ask.id, kind="reason", until=until, name=given.person.name)


def _wait_writes(context: Context, person: Person, wait: Wait | None, ending: Write | None) -> list[Write]:
    """Return the writes that begin a wait in place of the person's last, or end the one given."""
    if wait is None or person.sender in machine.NOBODY:
        return [ending] if ending else []
    key = wait_key(person.channel, person.account, person.chat, person.sender)
    return [Write(WAITS, key, context.store.get_record(WAITS, key), document_of(wait))]


def _audit(context: Context, decision: Decision) -> None:
    details = {"choice": decision.choice, "via": decision.via, "by": decision.by}
    context.store.audit(context.caller.actor, "decide", decision.ask.id, details)
