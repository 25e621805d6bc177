"""The operations of feedback-router, and the skill they make."""

from __future__ import annotations

from datetime import timedelta

from clawcortex.errors import ConflictError, DeniedError, InputError, NotFoundError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Schedule, Skill, operation
from feedback_router import answering, asking, hooks, jobs, panels, shapes
from feedback_router.answers import told
from feedback_router.asking import Question
from feedback_router.digest import patterns_digest, pending_digest, report_digest
from feedback_router.keeping import every_ask, find_either
from feedback_router.machine import NOBODY, OWNER, Answer, Awaited, Decided, Person, Refused, Why
from feedback_router.nightly import decisions_since, write_patterns
from feedback_router.records import Ask, Decision, Place
from feedback_router.statistics import Patterns, find_patterns, measure


@operation("ask", expose="agent", effect="write")
def ask(context: Context, request: shapes.AskInput) -> shapes.AskOutput:
    """Ask a person to decide with one tap, or see what became of a question with the same dedupe_key."""
    item, fresh = asking.put(context, _question(context, request))
    return _outcome(item, fresh=fresh)


def _question(context: Context, request: shapes.AskInput) -> Question:
    caller, trusted = context.caller, context.caller.trusted
    if bool(request.channel) != bool(request.target):
        raise InputError("channel and target belong together", hint="Give both or neither.")
    if len(request.options) == 1:
        raise InputError("one option is no choice", hint="Give 2 to 8 options, or none for the usual four.")
    if not trusted and (request.agent or request.allowed or request.urgent):
        raise DeniedError("an agent asks as itself, and says neither who may answer nor that it is urgent")
    agent = (request.agent or context.host.agents()[0].id) if trusted else caller.scope.agent
    named = (
        Place(channel=request.channel, target=request.target, account=request.account, thread=request.thread)
        if request.target
        else None
    )
    owners = asking.owner_places(context)
    place = (named or next(iter(owners), None)) if trusted else asking.place_for(context, named, caller.scope)
    asking.check_group(context, place, request.allowed)
    origin = None if trusted else asking.origin_of(caller.scope)
    by = "owner" if trusted else caller.actor
    return Question(
        agent=asking.check_agent(context, agent),
        by=by,
        title=request.title,
        description=request.description,
        category=request.category,
        options=request.options,
        key=f"{by}:{request.dedupe_key}" if request.dedupe_key else "",  # no skill's own key
        expires_in=timedelta(seconds=request.expires_in),
        on_expiry=request.on_expiry,
        place=place,
        origin=origin,
        allowed=tuple(request.allowed),
        live=request.urgent or (origin is not None and place == origin and caller.scope.sender not in NOBODY),
    )


def _outcome(item: Ask | Decision, *, fresh: bool) -> shapes.AskOutput:
    over = item if isinstance(item, Decision) else None
    asked = over.ask if over else item
    assert isinstance(asked, Ask)  # noqa: S101 - for the type checker
    return shapes.AskOutput(
        id=asked.id,
        fresh=fresh,
        state=over.state if over else "open",
        choice=over.choice if over else "",
        text=over.text if over else "",
        reason=over.reason if over else "",
        asked_at=asked.asked_at,
        expires_at=asked.expires_at,
        sent_to=_named(asked.place),
    )


def _named(place: Place | None) -> str:
    return f"{place.channel}:{place.target}" if place else ""


@operation("answer", effect="write")
def answer(context: Context, request: shapes.AnswerInput) -> shapes.Decided:
    """Answer an open question from the command line."""
    item = find_either(context, request.id)
    options = item.options if isinstance(item, Ask) else ()
    wanted = request.choice.casefold()
    option = next((one.key for one in options if wanted in (one.key, one.label.casefold())), request.choice)
    text, reason = (asking.safe(one) if one.strip() else "" for one in (request.text, request.reason))
    given = Answer(option, Person(OWNER), "cli", context.now(), text=text, reason=reason)
    outcome = answering.answer(context, request.id, given, waiting=False)
    if isinstance(outcome, Awaited):
        raise InputError("an edit needs its text", hint='Add --text "…".')
    if isinstance(outcome, Refused):
        raise _refusal(context, request.id, outcome)
    return _decided(outcome.decision)


def _refusal(context: Context, ask: str, refused: Refused) -> NotFoundError | ConflictError | InputError:
    said = told(refused, context.local)
    if refused.why is Why.UNKNOWN:
        return NotFoundError(f"no question {ask}", hint="`clawcortex feedback-router pending` lists them.")
    if refused.why is Why.NO_OPTION:
        return InputError(said, hint="`clawcortex feedback-router pending` shows what each question offers.")
    return ConflictError(said, hint="`clawcortex feedback-router report` shows what was decided.")


def _decided(decision: Decision) -> shapes.Decided:
    asked = decision.ask
    return shapes.Decided(
        id=asked.id,
        agent=asked.agent,
        category=asked.category,
        title=asked.title,
        asked_at=asked.asked_at,
        **decision.model_dump(exclude={"ask", "version"}),
    )


@operation("cancel", effect="write")
def cancel(context: Context, request: shapes.CancelInput) -> shapes.Decided:
    """Take an open question back."""
    reason = asking.safe(request.reason) if request.reason.strip() else ""
    outcome = answering.cancel(context, request.id, reason)
    if not isinstance(outcome, Decided):
        assert isinstance(outcome, Refused)  # noqa: S101 - a cancellation awaits nothing
        raise _refusal(context, request.id, outcome)
    return _decided(outcome.decision)


@operation("pending")
def pending(context: Context, request: shapes.PendingInput) -> shapes.PendingOutput:
    """List the questions that wait for an answer."""
    found = [one for one in every_ask(context) if request.agent in ("", one.agent)]
    shown = found[: request.limit]
    return shapes.PendingOutput(
        count=len(found),
        asks=[
            shapes.Waiting(
                id=one.id,
                agent=one.agent,
                category=one.category,
                title=one.title,
                description=one.description,
                options={option.choice: option.label for option in one.options},
                asked_at=one.asked_at,
                expires_at=one.expires_at,
                sent_to=_named(one.place),
                sent=bool(one.messages),
            )
            for one in shown
        ],
        digest=pending_digest(shown, len(found), context.local),
    )


class PatternsOutput(Patterns):
    """Patterns, with the same for a chat."""

    digest: str
    path: str


@operation("patterns", effect="write")
def patterns(context: Context, request: shapes.PatternsInput) -> PatternsOutput:
    """Find what is accepted, per agent, category and time of day, with Wilson intervals and latencies."""
    since = context.now() - timedelta(days=request.days)
    found = find_patterns(
        decisions_since(context, since), since=since, now=context.now(), local=context.local
    )
    path = write_patterns(context, found) if request.write else ""
    return PatternsOutput(**dict(found), digest=patterns_digest(found, request.days), path=path)


@operation("report")
def report(context: Context, request: shapes.ReportInput) -> shapes.ReportOutput:
    """Show how one agent's questions were answered, with the reasons given."""
    agent = asking.check_agent(context, request.agent)
    since = context.now() - timedelta(days=request.days)
    decisions = [one for one in decisions_since(context, since) if one.ask.agent == agent]
    found = find_patterns(decisions, since=since, now=context.now(), local=context.local)
    newest = sorted(decisions, key=lambda one: one.answered_at, reverse=True)[: request.limit]
    every = measure(agent, decisions)
    return shapes.ReportOutput(
        agent=agent,
        since=since,
        all=every,
        categories=found.categories,
        decisions=[_decided(one) for one in newest],
        waiting=sum(one.agent == agent for one in every_ask(context)),
        digest=report_digest(agent, every, newest, request.days, context.local),
    )


skill = Skill(
    name="feedback-router",
    title="Feedback router",
    summary="One-tap decisions: an agent asks, a person taps, it is recorded once and the agent is told.",
    version="0.1.0",
    operations=(ask, answer, pending, cancel, patterns, report),
    hooks=(hooks.take_press, hooks.take_reply, hooks.tell_decisions),
    tasks=(jobs.send_ask, jobs.edit_message, jobs.remind, jobs.expire),
    consumers=(jobs.dispatch, hooks.ask_wanted),
    panels=(panels.waiting, panels.accepted),
    schedules=(Schedule("0 0 * * *", "patterns", {"write": True}),),
    files={"decision-patterns": Patterns},
    keeps=("feedback",),
)
