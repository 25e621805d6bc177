"""Put a question: checked, without secrets, once for each dedupe key, and committed before anyone is written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from clawcortex.errors import BusyError, DeniedError, InputError, NotFoundError
from clawcortex.skills.context import Context
from clawcortex.skills.events import DecisionAsked
from clawcortex.skills.known import chat_type
from clawcortex.store.records import ChatType, Scope, Write
from clawcortex.text.clean import clean
from clawcortex.text.fence import escape as one_line
from clawcortex.text.redaction import redact
from feedback_router.callback import new_id
from feedback_router.keeping import find_either, new
from feedback_router.records import (
    ASKS,
    DEFAULT_OPTIONS,
    KEYS,
    RESERVED,
    STANDARD,
    Ask,
    Decision,
    Option,
    Place,
    Policy,
)

TITLE, DESCRIPTION, CATEGORY = 300, 4_000, 64
"""Most characters that are taken; what a message shows of them is less."""
MOST_OPEN = 200
"""So many questions may wait before an agent is told to wait, too."""
TRIES = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and of whom, as it was put."""

    agent: str
    by: str
    """Its keys are its own: nobody else's question has the same."""
    title: str
    description: str = ""
    category: str = ""
    options: Sequence[str] = ()
    key: str = ""
    expires_in: timedelta | None = None
    on_expiry: Policy = "skip"
    place: Place | None = None
    origin: Place | None = None
    allowed: tuple[str, ...] = ()
    live: bool = False


def put(context: Context, question: Question) -> tuple[Ask | Decision, bool]:
    """Keep a question and return it with True; with False what its dedupe key was asked or decided before."""
    key = f"{question.by}|{question.key}" if question.key else ""
    for _ in range(TRIES):
        taken = context.store.get_record(KEYS, key) if key else None
        known = find_either(context, str(taken.get("ask", ""))) if taken else None
        if known is not None:
            return known, False
        if question.by.startswith("agent:"):
            check_room(context)
        ask = _made(context, question)
        writes = [new(ASKS, ask.id, ask)]
        if key:  # as it was read above: a key that somebody took since then makes this fail
            writes.append(Write(KEYS, key, taken, {"ask": ask.id}))
        asked = DecisionAsked(
            ask_id=ask.id,
            key=ask.key,
            agent=ask.agent,
            category=ask.category,
            title=ask.title,
            asked_at=ask.asked_at,
            expires_at=ask.expires_at,
        )
        if context.store.amend(writes, events=[asked.new()]):
            context.store.audit(context.caller.actor, "ask", ask.id, {"agent": ask.agent, "by": ask.by})
            return ask, True
    raise BusyError("somebody else asks the same at this moment", hint="Call again.")


def _made(context: Context, question: Question) -> Ask:
    now = context.now()
    title = _line(question.title)
    if not one_line(title):
        raise InputError("the title shows nothing", hint="Put the question into words.")
    return Ask(
        id=new_id(now),
        key=question.key,
        agent=question.agent,
        by=question.by,
        category=_line(question.category)[:CATEGORY] or "general",
        title=title[:TITLE],
        description=safe(question.description)[:DESCRIPTION] if question.description.strip() else "",
        options=chosen_options(question.options),
        asked_at=now,
        expires_at=now + question.expires_in if question.expires_in else None,
        on_expiry=question.on_expiry,
        place=question.place,
        origin=question.origin,
        allowed=question.allowed,
        live=question.live,
    )


def _line(text: str) -> str:
    return " ".join(safe(text).split()) if text.strip() else ""


def safe(text: str) -> str:
    """Return a text without controls and secrets; InputError when nothing is left."""
    return redact(clean(text)).text


def chosen_options(labels: Sequence[str]) -> tuple[Option, ...]:
    """Return the options of these labels, the four known ones for none; InputError for what cannot be told apart."""
    if not labels:
        return DEFAULT_OPTIONS
    options = []
    for number, label in enumerate(labels, 1):
        word = " ".join(clean(label).split())
        key = word.lower() if word.lower() in STANDARD else f"o{number}"
        if word.lower() in RESERVED:
            raise InputError(f"option {word!r} is what an ask itself becomes", hint="Call it something else.")
        if not 1 <= len(word) <= 40:
            raise InputError(f"option {word[:50]!r} has {len(word)} characters", hint="Use 1 to 40.")
        options.append(Option(key=key, label=STANDARD.get(key, word)))
    if len({one.choice.lower() for one in options}) < len(options):
        raise InputError("two options are the same", hint="Give each option a label of its own.")
    return tuple(options)


def check_agent(context: Context, agent: str) -> str:
    """Return the agent's id; NotFoundError names those there are."""
    known = [one.id for one in context.host.agents()]
    if agent not in known:
        raise NotFoundError(f"OpenClaw has no agent {agent[:80]!r}", hint=f"Agents: {', '.join(known)}.")
    return agent


def check_group(context: Context, place: Place | None, allowed: Sequence[str]) -> None:
    """Refuse a question to a group in which nobody could answer it."""
    if place is None or allowed or context.settings.owners:
        return
    if chat_type(context, place.channel, place.account, place.target) is ChatType.GROUP:
        raise InputError(
            "in a group nobody may answer as long as clawcortex does not know its owner",
            hint='Name yourself in settings.toml, as owners = ["telegram:111"].',
        )


def check_room(context: Context) -> None:
    """Refuse an agent's question when too many wait already: nobody would answer them."""
    if context.store.count_records(ASKS) >= MOST_OPEN:
        raise BusyError(
            f"{MOST_OPEN} questions wait for an answer already",
            hint="Ask again when some are answered; `clawcortex feedback-router pending` lists them.",
        )


def owner_places(context: Context) -> list[Place]:
    """Return the private chats of the owners, in the order of the settings."""
    named = (owner.partition(":") for owner in context.settings.owners)
    return [Place(channel=channel, target=sender) for channel, _, sender in named if sender]


def place_for(context: Context, named: Place | None, scope: Scope) -> Place | None:
    """Return where an agent's question goes: the chat it came from or an owner's; DeniedError for any other."""
    here = origin_of(scope)
    owners = owner_places(context)
    if named is None:
        return here or (owners[0] if owners else None)
    allowed = [*owners, *([here] if here else [])]
    if any(one.is_chat(named.channel, named.account, named.target) for one in allowed):
        return named
    raise DeniedError(
        f"an agent may not ask {named.channel}:{named.target[:80]}",
        hint="Leave channel and target out, or name one of the `owners` in settings.toml.",
    )


def origin_of(scope: Scope) -> Place | None:
    """Return the chat that a tool was called from; None where there is none."""
    if scope.channel in ("unknown", "local") or not scope.chat:
        return None
    return Place(channel=scope.channel, account=scope.account, target=scope.chat)
