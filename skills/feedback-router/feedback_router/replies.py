"""A message that answers: the text an Edit waits for, a reason, or a number in a chat without buttons.

Anything else is None and goes to the agent as ever: commands, and all that nobody waits for.
"""

from __future__ import annotations

import re

from clawcortex.errors import InputError
from clawcortex.skills.context import Context
from clawcortex.skills.known import learned_name
from clawcortex.store.records import ChatType, Scope
from feedback_router.answering import answer, explain
from feedback_router.answers import CANCEL_WORDS, KEPT, NO_REASON_WORDS, STILL_OPEN, THANKS, told
from feedback_router.asking import safe
from feedback_router.keeping import Held, find, find_wait
from feedback_router.machine import NOBODY, Answer, Person, Refused
from feedback_router.records import NUMBERS, Number, Wait, wait_key

LONGEST = 8_000
"""Characters of a text or a reason; a longer message is not meant as one."""
_NUMBER = re.compile(r"\s*#?([1-9][0-9]{0,2})[.)]?\s*", re.ASCII)


def take(context: Context, scope: Scope, text: str, *, authorised: bool = True) -> str | None:
    """Return what a person is told whose message was an answer; None for a message that is none."""
    if not text.strip() or text.lstrip().startswith("/") or scope.sender in NOBODY:
        return None
    key = wait_key(scope.channel, scope.account, scope.chat, scope.sender)
    wait = find_wait(context, key)
    if wait is not None:
        if context.now() < wait.value.until and len(text) <= LONGEST:
            return _waited(context, scope, wait, text)
        context.store.amend([wait.becomes(None)])
    return _numbered(context, scope, text, authorised=authorised)


def person_of(context: Context, scope: Scope, name: str = "", *, authorised: bool) -> Person:
    """Return who speaks, by the name learned of that person; a chat of unknown type counts as a group."""
    return Person(
        id=scope.person,
        name=learned_name(context, scope) or name,
        channel=scope.channel,
        account=scope.account,
        chat=scope.chat,
        sender=scope.sender,
        in_group=scope.chat_type is not ChatType.PRIVATE,
        authorised=authorised,
    )


def _waited(context: Context, scope: Scope, wait: Held[Wait], text: str) -> str | None:
    word = text.strip().strip(".!").casefold()
    edits = wait.value.kind == "edit"
    if word in (CANCEL_WORDS if edits else NO_REASON_WORDS):
        ended = context.store.amend([wait.becomes(None)])
        return (STILL_OPEN if edits else KEPT) if ended else None
    try:
        said = safe(text)
    except InputError:
        return None  # nothing visible: it is no answer
    if not edits:
        return THANKS if explain(context, wait, said) else None
    person = person_of(
        context, scope, wait.value.name, authorised=True
    )  # the press that began the wait was checked
    given = Answer("edit", person, "text", context.now(), text=said)
    outcome = answer(context, wait.value.ask, given, ending=wait.becomes(None))
    if isinstance(outcome, Refused):
        context.store.amend([wait.becomes(None)])
    return told(outcome, context.local)


def number_key(channel: str, account: str, chat: str, number: int) -> str:
    """Return the key of what a number stands for in a chat."""
    return "|".join((channel, account or "default", chat, f"{number:03d}"))


def _numbered(context: Context, scope: Scope, text: str, *, authorised: bool) -> str | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    held = find(context, NUMBERS, number_key(scope.channel, scope.account, scope.chat, int(found[1])), Number)
    if held is None:
        return None
    given = Answer(held.value.option, person_of(context, scope, authorised=authorised), "text", context.now())
    return told(answer(context, held.value.ask, given), context.local)
