"""Who heard something: a person in private, or everybody in a chat. A signal never leaves its audience.

What two agents were told by one person in private has one audience, whatever the agents are; what one person said has
nothing to do with what another did. So there is no signal that tells one of the other.
"""

from __future__ import annotations

from clawcortex.settings import Settings
from clawcortex.skills.context import Context
from clawcortex.skills.visibility import OWNER, UNKNOWN, person
from clawcortex.store.records import LOCAL, ChatType, Scope

OWNERS = f"person/{OWNER}"


def audience_of(scope: Scope, settings: Settings) -> str:
    """Return who hears what is said in a scope; a chat of unknown type counts as a group."""
    if scope.chat_type is ChatType.PRIVATE and scope.sender != UNKNOWN:
        return f"person/{person(scope, settings)}"
    return f"chat/{scope.channel}:{scope.account}:{scope.chat}"


def heard_by(scope: Scope, settings: Settings) -> tuple[str, ...]:
    """Return every audience that may know what was said in a scope; the owner's of a group, where they share it."""
    own = audience_of(scope, settings)
    shared = settings.share_groups_with_owner and scope.chat_type is ChatType.GROUP
    return (own, OWNERS) if shared else (own,)


def kept_by(context: Context) -> frozenset[str]:
    """Return the audiences whose names may stand in the files of the shared workspace.

    Every agent may read those: they hold what is the owner's. Without `owners` in the settings that is whoever is the
    only one to write in private.
    """
    settings = context.settings
    writing = {
        audience_of(scope, settings)
        for scope in context.store.scopes().values()
        if scope.chat_type is ChatType.PRIVATE and scope.sender != UNKNOWN and scope.channel != LOCAL.channel
    }
    alone = writing if len(writing) == 1 and not settings.owners else frozenset[str]()
    return frozenset({OWNERS, *alone})
