"""What is known of conversations: chat types, and where one conversation ends and the next begins.

OpenClaw's `/new` keeps the session id, and two people may share a session key,
so a stored session is named "<session key>#<epoch>" and counts its own beginnings.
"""

from __future__ import annotations

from dataclasses import replace

from clawcortex.skills.context import Context
from clawcortex.store.records import ChatType, Scope

CHATS = "chats"
NAMES = "names"
SESSIONS = "sessions"


def _chat_key(scope: Scope) -> str:
    return f"{scope.channel}:{scope.account}:{scope.chat}"


def learn_chat_type(context: Context, scope: Scope) -> None:
    """Remember whether a chat is private or a group."""
    if scope.chat_type is ChatType.UNKNOWN:
        return  # not told this time: what was learned before still holds
    known = context.store.get_record(CHATS, _chat_key(scope))
    if known is None or known.get("type") != scope.chat_type.value:
        context.store.put_record(CHATS, _chat_key(scope), {"type": scope.chat_type.value})


def with_chat_type(context: Context, scope: Scope) -> Scope:
    """Return the scope with the chat type learned before; unknown stays unknown."""
    if scope.chat_type is not ChatType.UNKNOWN:
        return scope
    known = context.store.get_record(CHATS, _chat_key(scope))
    return replace(scope, chat_type=ChatType(str(known["type"]))) if known else scope


def learn_name(context: Context, scope: Scope, name: str) -> None:
    """Remember what a sender is called."""
    known = context.store.get_record(NAMES, scope.person)
    if known is None or known.get("name") != name:
        context.store.put_record(NAMES, scope.person, {"name": name})


def name_of(context: Context, scope: Scope) -> str:
    """Return what the sender is called, the sender's id when that is not known."""
    known = context.store.get_record(NAMES, scope.person)
    return str(known["name"]) if known else scope.sender


def _epoch(context: Context, agent: str, session_key: str) -> int:
    known = context.store.get_record(SESSIONS, f"{agent}|{session_key}")
    return int(str(known["epoch"])) if known else 0


def session_name(context: Context, agent: str, session_key: str) -> str:
    """Return the name under which the running conversation is stored."""
    return f"{session_key}#{_epoch(context, agent, session_key)}"


def previous_session(context: Context, agent: str, session_key: str) -> str:
    """Return the name of the conversation before the last boundary."""
    return f"{session_key}#{max(0, _epoch(context, agent, session_key) - 1)}"


def begin_session(context: Context, agent: str, session_key: str, event: str = "") -> None:
    """Count the beginning of a new conversation under the same session key; the same event counts once."""
    known = context.store.get_record(SESSIONS, f"{agent}|{session_key}")
    if event and known and known.get("event") == event:
        return
    epoch = _epoch(context, agent, session_key) + 1
    context.store.put_record(SESSIONS, f"{agent}|{session_key}", {"epoch": epoch, "event": event})
