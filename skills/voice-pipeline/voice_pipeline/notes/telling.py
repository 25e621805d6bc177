"""Tell a person about a note once: by the agent's reply to it, and where the reply does not, by one message.

coming    the list is being written
promised  and a prompt said so: what comes of it is sent
ready     a prompt of the chat may carry it; when none comes, or it was late anyway, it is sent
offered   a prompt carried it: the reply is looked at when the turn is over
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from clawcortex.errors import HostError
from clawcortex.openclaw.payloads import AgentEnd, PromptBuild
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.known import chat_type
from clawcortex.skills.operation import hook, task
from clawcortex.store.records import ChatType, Write
from clawcortex.text.terms import terms
from voice_pipeline.notes import wording
from voice_pipeline.notes.keeping import LAST, Held, document_of, find, tellings_of
from voice_pipeline.notes.records import TELLINGS, WARNED, Note, Origin, Problem, Telling, chat_key

SAY = "voice-pipeline.say"
LEASE_S = 120.0
"""A message may take a minute."""
GRACE = timedelta(seconds=45)
"""So long a prompt may take to come that tells it."""
TURN = timedelta(minutes=10)
"""A turn whose end was not heard of by then is over."""
MOST_TRIES, FIRST_WAIT = 10, timedelta(seconds=10)
ENOUGH = 0.6
"""Share of a text's stems that must come up in a reply that tells it."""
TOKENS, RANK = 500, 5
HEADING = "Tell the person about their voice note, in your reply and in their language"
CARED_FOR = "clawcortex looks after this voice note: do not call voice_pipeline_update for it."
COMING = (
    "clawcortex is putting this voice note on PRIORITIES.md and tells the person itself. Say nothing of the list, "
    "and do not call voice_pipeline_update for it."
)
FORWARDED = (
    "This voice note was forwarded: nothing of it was put on PRIORITIES.md. Ask whether it should be, before you "
    "call voice_pipeline_update."
)


def announce(context: Context, note: Note) -> None:
    """Say that the list is being written, for a prompt that is built meanwhile."""
    if note.origin is not None and not note.late:
        _put(
            context,
            note.origin,
            Telling(note=note.id, origin=note.origin, state="coming", since=context.now()),
        )


def explain(context: Context, note: Note) -> None:
    """Let the agent know why nothing was put on the list."""
    if note.origin is not None and not note.late:
        _put(
            context,
            note.origin,
            Telling(note=note.id, origin=note.origin, state="ready", since=context.now()),
        )


def tell(context: Context, note: Note, text: str, words: Sequence[str]) -> None:
    """Tell what came of a note; one that was heard late comes with its words, and without waiting for a prompt."""
    if note.late or note.source == "folder":
        text = "\n".join(part for part in (wording.late(note, context.local(note.received_at)), text) if part)
    origin = note.origin or (_owners_chat(context) if note.source == "folder" else None)
    if origin is None or not _addressed(context, origin):
        return
    if not text:
        context.store.take_record(TELLINGS, origin.key + note.id)
        return
    alone = note.late or note.origin is None
    _ready(context, note, origin, note.id, text, words, alone=alone)


def warn(context: Context, note: Note, problem: Problem, *, forever: bool, alone: bool) -> None:
    """Tell why a note is not heard: each that failed for good, and once for all that wait for the same."""
    origin = note.origin
    if origin is None or not _addressed(context, origin):
        return
    once = Write(
        WARNED, origin.key + (note.id if forever else problem.code), None, {"at": context.now().isoformat()}
    )
    if not context.store.amend([once]):
        return
    at = context.local(note.received_at)
    text = wording.failed(note, problem, at) if forever else wording.waits(note, problem, at)
    _ready(context, note, origin, f"{note.id}:{problem.code}", text, (problem.hint,), alone=alone)


def queued(context: Context, note: Note, number: int) -> None:
    """Tell that a note waits behind others."""
    if note.origin is not None and _addressed(context, note.origin):
        text = wording.busy(number)
        _ready(context, note, note.origin, f"{note.id}:busy", text, (text,), alone=False)


def forget_warnings(context: Context, note: Note) -> None:
    """Warn again when it happens again: a note of the chat was heard."""
    if note.origin is not None:
        chat = note.origin.key
        for key in context.store.list_records(WARNED, after=chat, until=f"{chat}{LAST}"):
            context.store.take_record(WARNED, key)


def _addressed(context: Context, origin: Origin) -> bool:
    """Return whether a note was meant for the agent: in a group it is heard before anybody knows."""
    known = chat_type(context, origin.channel, origin.account, origin.chat)
    return bool(origin.sender) or known is ChatType.PRIVATE


def _owners_chat(context: Context) -> Origin | None:
    """Return the private chat of the first owner."""
    for owner in context.settings.owners:
        channel, _, sender = owner.partition(":")
        if sender:
            return Origin(channel=channel, chat=sender, sender=sender)
    return None


def _ready(
    context: Context, note: Note, origin: Origin, name: str, text: str, words: Sequence[str], *, alone: bool
) -> None:
    before = find(context, TELLINGS, origin.key + name, Telling)
    telling = Telling(
        note=note.id,
        origin=origin,
        state="ready",
        text=text,
        words=tuple(words),
        alone=alone or (before is not None and before.value.state == "promised"),
        since=context.now(),
    )
    _put(context, origin, telling, name)
    _say_later(context, origin.key + name, telling, timedelta(0) if telling.alone else GRACE)


def _put(context: Context, origin: Origin, telling: Telling, name: str = "") -> None:
    context.store.put_record(TELLINGS, origin.key + (name or telling.note), document_of(telling))


def _say_later(context: Context, key: str, telling: Telling, wait: timedelta) -> None:
    payload = {"telling": key, "tries": telling.tries}
    # Each job is its own: what it finds to be told, or no more, says the record.
    context.store.enqueue(SAY, payload, key=f"{SAY}:{key}:{token_hex(8)}", run_at=context.now() + wait)


@hook("before_prompt_build")
def mention(context: Context, event: PromptBuild) -> Contribution | None:
    """Give the agent what its reply is to tell."""
    stale = context.now() - TURN
    open_ = [
        held
        for held in tellings_of(context, chat_key(event.scope()))
        if (held.value.state == "ready" and not held.value.alone)
        or (held.value.state in ("coming", "promised") and held.value.since > stale)
    ]
    if not open_:
        return None
    items = tuple(Item(_said(held.value), 1.0, "voice-pipeline", held.key) for held in open_)

    def offered(placed: Collection[str]) -> None:
        for held in open_:
            if held.key in placed:
                context.store.amend([held.becomes(_after(held.value, event.run, context.now()))])

    return Contribution(
        "voice-pipeline",
        HEADING,
        items,
        rank=RANK,
        budget_tokens=TOKENS,
        extends_budget=True,
        approved=True,
        delivered=offered,
    )


def _after(telling: Telling, run: str, now: datetime) -> Telling | None:
    """Return what is left to do after a prompt that carried it."""
    if telling.state != "ready":
        return telling.model_copy(update={"state": "promised"})
    return telling.model_copy(update={"state": "offered", "run": run, "since": now}) if telling.text else None


def _said(telling: Telling) -> str:
    if telling.state != "ready":
        return COMING
    return f"{telling.text} {CARED_FOR}" if telling.text else FORWARDED


@hook("agent_end")
def check_reply(context: Context, event: AgentEnd) -> None:
    """Look whether the reply told it; send what it did not."""
    said = " ".join(turn.text for turn in event.turns() if turn.role == "assistant")
    for held in tellings_of(context, chat_key(event.scope())):
        telling = held.value
        if telling.state != "offered" or telling.run != event.run:
            continue
        if event.event.success and tells(said, telling.words):
            context.store.amend([held.becomes(None)])
            continue
        ready = telling.model_copy(update={"state": "ready", "run": "", "since": context.now()})
        if context.store.amend([held.becomes(ready)]):
            _say_later(context, held.key, ready, timedelta(0))


def tells(reply: str, words: Sequence[str]) -> bool:
    """Return whether a reply speaks of each of these."""
    known = set(terms(reply))
    for text in words:
        stems = set(terms(text))
        if stems and len(stems & known) < ENOUGH * len(stems):
            return False
    return bool(words)


@task(SAY, lease_s=LEASE_S)
def say(context: Context, payload: Mapping[str, Any]) -> None:
    """Send what no reply told. It is forgotten before it is sent: a kill in between costs it, and never doubles it."""
    held = find(context, TELLINGS, str(payload["telling"]), Telling)
    if held is None or held.value.state not in ("ready", "offered") or not held.value.text:
        return
    telling = held.value
    if telling.state == "offered":
        waited = context.now() - telling.since
        if waited < TURN:
            _say_later(context, held.key, telling, TURN - waited)
            return
    if not context.store.amend([held.becomes(None)]):
        return  # a prompt took it at this moment, or something newer is to be told
    try:
        _send(context, telling)
    except HostError as error:
        context.log.warning("a chat is not told about a voice note: %s %s", error.message, error.hint)
        if not error.uncertain and telling.tries < MOST_TRIES:
            _send_again(context, held, error.retry_after_s)


def _send(context: Context, telling: Telling) -> None:
    origin = telling.origin
    agents = [one.id for one in context.host.agents()]
    context.host.message(
        agent=origin.agent if origin.agent in agents else agents[0],
        channel=origin.channel,
        target=origin.chat,
        account="" if origin.account == "default" else origin.account,
        thread=origin.thread,
        text=telling.text,
    )


def _send_again(context: Context, held: Held[Telling], after_s: float | None) -> None:
    later = held.value.model_copy(update={"state": "ready", "tries": held.value.tries + 1})
    wait = max(FIRST_WAIT * 2**held.value.tries, timedelta(seconds=after_s or 0))
    if context.store.amend([Write(TELLINGS, held.key, None, document_of(later))]):
        _say_later(context, held.key, later, wait)
