"""Whose words may change the list: the owner's own. What is forwarded, and what others say, is only transcribed.

Telegram's private chats have a voice note transcribed before OpenClaw knows whose message it is. The message itself
comes right after, with the transcript in it, who sent it and whether it was forwarded.
"""

from __future__ import annotations

import re
from datetime import timedelta

from clawcortex.openclaw.payloads import Dispatch
from clawcortex.settings import Settings
from clawcortex.skills.context import Context
from clawcortex.skills.operation import hook
from clawcortex.store.records import ChatType, Scope
from voice_pipeline.notes import putting
from voice_pipeline.notes.keeping import LAST, Held, find
from voice_pipeline.notes.records import HEARD, UNNAMED, Note, Origin, chat_key
from voice_pipeline.rights import may_change

FRESH = timedelta(minutes=10)
"""The message of a note comes within seconds; what is older was given up."""
_WORD = re.compile(r"[^\W_]+")
_FORWARDED = re.compile(r"\[Forwarded from ")


@hook("before_dispatch")
def name_speaker(context: Context, event: Dispatch) -> None:
    """Learn whose message a note is that was heard before; in a group another's words might stand in it."""
    scope = event.scope()
    waiting = _unnamed(context, scope)
    if scope.chat_type is not ChatType.PRIVATE:
        return
    for held in waiting:
        if _says(event.text, held.value.text):
            origin = _named(held.value.origin, scope, event.text)
            putting.decide(context, held.key, origin)
            context.store.take_record(UNNAMED, f"{chat_key(scope)}{held.key}")
            return


def refusal(origin: Origin | None, settings: Settings) -> str:
    """Return why this speaker's words do not change the list: "forwarded", "unknown", "other"; "" when they may."""
    if origin is None:
        return ""
    if origin.forwarded:
        return "forwarded"
    if not origin.sender:
        return "unknown"
    return "" if may_change(origin.scope(), settings) else "other"


def _unnamed(context: Context, scope: Scope) -> list[Held[Note]]:
    """Return the notes of this chat that wait for their message; what waited too long is forgotten."""
    chat, found = chat_key(scope), []
    for key in context.store.list_records(UNNAMED, after=chat, until=f"{chat}{LAST}"):
        held = find(context, HEARD, key.removeprefix(chat), Note)
        if held is None or context.now() - held.value.received_at > FRESH:
            context.store.take_record(UNNAMED, key)
        else:
            found.append(held)
    return found


def _says(message: str, transcript: str) -> bool:
    """Return whether a message holds the words of a transcript; OpenClaw writes them as a JSON string."""
    shown = message.replace("\\n", " ").replace("\\t", " ").replace('\\"', '"')
    said = " ".join(_WORD.findall(transcript.casefold()))
    return bool(said) and f" {said} " in f" {' '.join(_WORD.findall(shown.casefold()))} "


def _named(origin: Origin | None, scope: Scope, message: str) -> Origin:
    known = origin or Origin(channel=scope.channel, chat=scope.chat, account=scope.account)
    return known.model_copy(
        update={
            "agent": scope.agent,
            "sender": "" if scope.sender == "unknown" else scope.sender,
            "chat_type": scope.chat_type,
            "forwarded": _FORWARDED.search(message) is not None,
        }
    )
