"""Feedback written down once: by the operation `log`, and from the decisions that the event log tells of."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from clawcortex.errors import InputError
from clawcortex.skills.context import Context
from clawcortex.skills.events import DecisionAnswered, DecisionExplained, FeedbackRecorded
from clawcortex.skills.operation import consumer
from clawcortex.store.records import Event, NewEvent, Write
from memory_compounding import kept, lessons
from memory_compounding.kept import ANSWERS, FEEDBACK
from memory_compounding.shapes import KINDS, Feedback, Kind, LogInput
from memory_compounding.wording import tidy

EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=10)
"""How far another clock may be ahead of ours."""
LONGEST_SUBJECT = 500


def kind_of(named: str) -> Kind:
    """Return the kind of that name; InputError lists those there are."""
    found = next((kind for kind in KINDS if kind == named.strip().casefold()), None)
    if found is None:
        raise InputError(f"{named[:40]!r} is no kind of feedback", hint=f"Give one of: {', '.join(KINDS)}.")
    return found


def sane(at: datetime, now: datetime) -> datetime:
    """Return a time in UTC; InputError when nobody can have given feedback then."""
    if not EARLIEST <= at <= now + AHEAD:
        raise InputError(
            f"{at.isoformat()} cannot be the time of a feedback",
            hint=f"Give a time from {EARLIEST:%Y-%m-%d} to now, with its offset from UTC.",
        )
    return at.astimezone(UTC)


def logged(context: Context, request: LogInput) -> Feedback:
    """Return what is to be recorded of a call; an agent speaks for itself and now."""
    trusted = context.caller.trusted
    now = context.now()
    kind = kind_of(request.kind)
    subject = tidy(request.subject, LONGEST_SUBJECT)
    if not subject:
        raise InputError(
            "the subject is empty", hint="Say what the feedback is about: the draft, the booking."
        )
    at = sane(request.timestamp, now) if trusted and request.timestamp else now
    agent = (
        (tidy(request.agent, 200) or context.caller.scope.agent) if trusted else context.caller.scope.agent
    )
    unlike = context.request_id or secrets.token_hex(8)
    return Feedback(
        id=kept.feedback_id(at, f"log/{agent}/{request.key or unlike}"),
        kind=kind,
        agent=agent,
        subject=subject,
        reason=tidy(request.reason),
        category=tidy(request.category, 100).casefold(),
        before=tidy(request.before),
        after=tidy(request.after),
        at=at,
        recorded_at=now,
        by=context.caller.actor,
        trusted=trusted,
    )


def record(context: Context, feedback: Feedback, once: str = "") -> tuple[str, bool]:
    """Store feedback and tell the others; return its id, and False when it, or what `once` names, is there already."""
    writes = [Write(FEEDBACK, feedback.id, None, feedback.model_dump(mode="json"))]
    if once:
        writes.append(Write(ANSWERS, once, None, {"feedback": feedback.id, "reason": feedback.reason}))
    if context.store.amend(writes, events=[told(feedback)]):
        return feedback.id, True
    known = (context.store.get_record(ANSWERS, once) or {}) if once else {}
    return str(known.get("feedback", feedback.id)), False


def told(feedback: Feedback) -> NewEvent:
    """Return the event that says that feedback was recorded."""
    return FeedbackRecorded(
        feedback_id=feedback.id,
        kind=feedback.kind,
        agent=feedback.agent,
        subject=feedback.subject,
        reason=feedback.reason,
        at=feedback.at,
        ask_id=feedback.ask_id,
    ).new()


@consumer("decisions", kinds=(DecisionAnswered.event, DecisionExplained.event))
def learn(context: Context, event: Event) -> None:
    """Record each decision once, and the reason that came after it."""
    if event.kind == DecisionExplained.event:
        explained = DecisionExplained.of(event)
        _explain(context, explained.ask_id, tidy(explained.reason))
        return
    answered = DecisionAnswered.of(event)
    if answered.key.startswith(lessons.ASKED) and lessons.decide(context, answered):
        return
    if answered.choice in KINDS and tidy(answered.title):
        _answer(context, answered)


def _answer(context: Context, answered: DecisionAnswered) -> None:
    for _ in range(kept.TRIES):
        before = context.store.get_record(ANSWERS, answered.ask_id)
        if before and before.get("feedback"):
            return
        reason = str((before or {}).get("reason", "")) or tidy(answered.reason)
        feedback = Feedback(
            id=kept.feedback_id(answered.answered_at, f"ask/{answered.ask_id}"),
            kind=kind_of(answered.choice),
            agent=answered.agent,
            subject=tidy(answered.title, LONGEST_SUBJECT),
            reason=reason,
            category=tidy(answered.category, 100).casefold(),
            before=tidy(answered.description) if answered.choice == "edit" else "",
            after=tidy(answered.text) if answered.choice == "edit" else "",
            at=answered.answered_at.astimezone(UTC),
            recorded_at=context.now(),
            by=answered.by,
            source="decision",
            ask_id=answered.ask_id,
        )
        writes = [
            Write(ANSWERS, answered.ask_id, before, {"feedback": feedback.id, "reason": reason}),
            Write(FEEDBACK, feedback.id, None, feedback.model_dump(mode="json")),
        ]
        if context.store.amend(writes, events=[told(feedback)]):
            return
    raise kept.busy(f"the answer to {answered.ask_id}")


def _explain(context: Context, ask_id: str, reason: str) -> None:
    """Add a reason to a decision; kept for later when the decision is not told of yet."""
    for _ in range(kept.TRIES):
        before = context.store.get_record(ANSWERS, ask_id)
        known = str((before or {}).get("feedback", ""))
        stored = context.store.get_record(FEEDBACK, known) if known else None
        feedback = stored and kept.parsed(context, FEEDBACK, known, stored, Feedback)
        if not reason or (before or {}).get("reason") == reason:
            return
        writes = [Write(ANSWERS, ask_id, before, {"feedback": known, "reason": reason})]
        events = []
        if feedback:
            after = feedback.model_copy(update={"reason": reason})
            writes.append(Write(FEEDBACK, known, stored, after.model_dump(mode="json")))
            events.append(told(after))
        if context.store.amend(writes, events=events):
            return
    raise kept.busy(f"the reason of {ask_id}")
