"""What was learned of the people and chats that came by: whether a chat is private, and what a sender is called."""

from __future__ import annotations

from dataclasses import replace

from clawcortex.skills.context import Context
from clawcortex.store.records import ChatType, Scope

CHATS = "chats"
NAMES = "names"


def learn_chat_type(context: Context, scope: Scope) -> None:
    """Remember whether a chat is private or a group."""
    if scope.chat_type is ChatType.UNKNOWN:
        return  # not told this time: what was learned before still holds
    if chat_type(context, scope.channel, scope.account, scope.chat) is not scope.chat_type:
        context.store.put_record(
            CHATS, f"{scope.channel}:{scope.account}:{scope.chat}", {"type": scope.chat_type.value}
        )


def chat_type(context: Context, channel: str, account: str, chat: str) -> ChatType:
    """Return what kind of chat this is, UNKNOWN where nobody wrote yet."""
    known = context.store.get_record(CHATS, f"{channel}:{account}:{chat}")
    return ChatType(str(known["type"])) if known else ChatType.UNKNOWN


def with_chat_type(context: Context, scope: Scope) -> Scope:
    """Return the scope with the chat type learned before; unknown stays unknown."""
    if scope.chat_type is not ChatType.UNKNOWN:
        return scope
    return replace(scope, chat_type=chat_type(context, scope.channel, scope.account, scope.chat))


def learn_name(context: Context, scope: Scope, name: str) -> None:
    """Remember what a sender is called."""
    if learned_name(context, scope) != name:
        context.store.put_record(NAMES, scope.person, {"name": name})


def name_of(context: Context, scope: Scope) -> str:
    """Return what the sender is called, the sender's id when that is not known."""
    return learned_name(context, scope) or scope.sender


def learned_name(context: Context, scope: Scope) -> str:
    """Return what the sender is called, empty when that is not known."""
    known = context.store.get_record(NAMES, scope.person)
    return str(known["name"]) if known else ""
