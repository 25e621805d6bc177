"""Who may see what: the one rule that keeps private memories private.

A private memory belongs to an agent and a person, a group memory to an agent and a chat.
A chat of unknown type counts as a group.
"""

from __future__ import annotations

from clawcortex.settings import Settings
from clawcortex.store.records import LOCAL, ChatType, Scope

UNKNOWN = "unknown"
"""The sender of a turn that came from no channel."""
OWNER = "owner"
"""Who all identities of an owner are."""


def same_chat(one: Scope, other: Scope) -> bool:
    """Return whether both scopes are the same chat of the same account."""
    return (one.channel, one.account, one.chat) == (other.channel, other.account, other.chat)


def person(scope: Scope, settings: Settings) -> str:
    """Return who speaks privately; all of an owner's identities are one person."""
    local = scope.channel == LOCAL.channel and scope.sender == LOCAL.sender
    return OWNER if local or scope.person in settings.owners else f"{scope.account}:{scope.person}"


def may_see(asker: Scope, memory: Scope, settings: Settings) -> bool:
    """Return whether the one who asks may see what was said in the memory's scope."""
    known = memory.sender != UNKNOWN or same_chat(asker, memory)  # nobody in particular is no person
    same_person = known and person(asker, settings) == person(memory, settings)
    if memory.agent != asker.agent and not (settings.share_between_agents and same_person):
        return False
    if memory.chat_type is ChatType.PRIVATE:
        return asker.chat_type is ChatType.PRIVATE and same_person
    if same_chat(asker, memory):
        return True
    is_owner = asker.chat_type is ChatType.PRIVATE and person(asker, settings) == OWNER
    return settings.share_groups_with_owner and is_owner and memory.chat_type is ChatType.GROUP


def in_owners_chat(scope: Scope, settings: Settings) -> bool:
    """Return whether it is a private chat of an owner; as long as nobody is named one, anybody's private chat."""
    return scope.chat_type is ChatType.PRIVATE and (not settings.owners or person(scope, settings) == OWNER)
