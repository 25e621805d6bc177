"""Whose words change PRIORITIES.md, and where it is shown, when an agent asks for somebody on a channel.

Who calls from the machine itself, and a caller whom no channel names, is the owner.
"""

from __future__ import annotations

from clawcortex.errors import DeniedError
from clawcortex.settings import Settings
from clawcortex.skills.context import Context
from clawcortex.skills.known import with_chat_type
from clawcortex.skills.visibility import UNKNOWN, in_owners_chat
from clawcortex.store.records import Scope
from voice_pipeline.shapes import Changed

STANDS = "as it is"


def may_change(scope: Scope, settings: Settings) -> bool:
    """Return whether it is the owner who speaks: in private, or anywhere as one of the `owners`."""
    return scope.person in settings.owners or in_owners_chat(scope, settings)


def check_change(context: Context) -> None:
    """Refuse what somebody else says; DeniedError."""
    scope = asker(context)
    if scope is not None and not may_change(scope, context.settings):
        raise DeniedError(
            "only the owner's own words change PRIORITIES.md",
            hint="Say so; the owner can ask in a private chat, or anywhere once named in `owners` of settings.toml.",
        )


def check_show(context: Context) -> None:
    """Refuse to show the list where others read it; DeniedError."""
    scope = asker(context)
    if scope is not None and not in_owners_chat(scope, context.settings):
        raise DeniedError(
            "PRIORITIES.md is shown in the owner's private chat only", hint="Say so; the owner can ask there."
        )


def tellable(context: Context, scope: Scope | None, changed: Changed) -> Changed:
    """Return what a write did as it may be told there: where others read it without the values on the list."""
    if scope is None or in_owners_chat(with_chat_type(context, scope), context.settings):
        return changed
    bare = {"owner": "", "due": "", "status": ""}
    return changed.model_copy(
        update={
            "changed": [one.model_copy(update=bare) for one in changed.changed],
            "conflicts": [one.model_copy(update={"stands": STANDS}) for one in changed.conflicts],
        }
    )


def asker(context: Context) -> Scope | None:
    """Return who asks an agent on a channel; None for the owner at the machine."""
    caller = context.caller
    if caller.origin != "tool" or caller.scope.sender == UNKNOWN:
        return None
    return with_chat_type(context, caller.scope)
