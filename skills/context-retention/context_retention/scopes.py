"""Scopes of memories: named by a trusted caller, seen by one who asks, related to each other.

`clawcortex.skills.visibility` has the one rule of who may see what.
"""

from __future__ import annotations

from collections.abc import Mapping

from clawcortex.settings import Settings
from clawcortex.skills.visibility import UNKNOWN, may_see, person, same_chat
from clawcortex.store.records import LOCAL, ChatType, Scope


def parse_chat(chat: str) -> tuple[str, str, str]:
    """Split "telegram:default:111", "telegram:111" or "111" into channel, account and chat."""
    parts = chat.split(":", 2)
    if len(parts) == 1:
        return LOCAL.channel, LOCAL.account, chat
    if len(parts) == 2:
        return parts[0], "default", parts[1]
    return parts[0], parts[1], parts[2]


def named_scope(*, agent: str = "", chat: str = "", sender: str = "", chat_type: str = "") -> Scope:
    """Return the scope that a trusted caller names; without a chat it is the owner at the machine."""
    if not chat:
        return Scope(agent=agent or LOCAL.agent, sender=sender or LOCAL.sender)
    channel, account, name = parse_chat(chat)
    kind = ChatType(chat_type) if chat_type else ChatType.UNKNOWN
    return Scope(agent or LOCAL.agent, channel, account, name, sender or name, kind)


def related(one: Scope, other: Scope, settings: Settings) -> bool:
    """Return whether what is said in one scope may replace what was said in the other.

    It takes one agent, one person, and both private or both in the same group.
    """
    if one.agent != other.agent or (one.chat_type is ChatType.PRIVATE) != (
        other.chat_type is ChatType.PRIVATE
    ):
        return False
    if one.chat_type is not ChatType.PRIVATE or UNKNOWN in (one.sender, other.sender):
        return same_chat(one, other) and one.sender == other.sender
    return person(one, settings) == person(other, settings)


def visible(scopes: Mapping[int, Scope], asker: Scope, settings: Settings) -> list[int]:
    """Return the numbers of the scopes that the one who asks may see."""
    return [number for number, scope in scopes.items() if may_see(asker, scope, settings)]


def chosen(scopes: Mapping[int, Scope], *, agent: str = "", chat: str = "") -> list[int]:
    """Return the numbers of the scopes that a trusted caller named; nothing named means all."""
    place = parse_chat(chat) if chat else None
    return [
        number
        for number, scope in scopes.items()
        if (not agent or scope.agent == agent)
        and (place is None or (scope.channel, scope.account, scope.chat) == place)
    ]
