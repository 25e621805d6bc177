"""What the agents are told of PRIORITIES.md: at a session's first prompt what comes first, later each change, once.

Only in the owner's private chat: in a group, and to anybody else, the list stays unsaid.
"""

from __future__ import annotations

from collections.abc import Collection

from clawcortex.openclaw.payloads import Compaction, PromptBuild, SessionStart
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.known import with_chat_type
from clawcortex.skills.operation import hook
from clawcortex.skills.visibility import in_owners_chat
from clawcortex.text.tokens import clip
from voice_pipeline import listing
from voice_pipeline.news import NEWS

SESSIONS = "priorities.sessions"
"""Up to which change each reader in each session was told."""
FIRST = 5
TOKENS = 360
LONGEST = 48
"""Tokens of one priority, so that all of the first have room."""
LONGEST_CHANGE = 120
RANK = 25
"""Behind what the owner wished, before what is recalled."""


@hook("before_prompt_build")
def remind(context: Context, event: PromptBuild) -> Contribution | None:
    """Tell the agent what comes first on the list, or what changed since it was told."""
    scope = with_chat_type(context, event.scope())
    if not in_owners_chat(scope, context.settings):
        return None
    key = f"{_session(event)}{scope.account}:{scope.person}"
    known = context.store.get_record(SESSIONS, key)
    told = str(known["told"]) if known else ""
    news = context.store.list_records(NEWS, after=told)
    if known is not None and not news:
        return None
    if known is None:
        heading, items = "What comes first on the person's list, PRIORITIES.md", _first(context)
    else:
        heading = "Changed on the person's list, PRIORITIES.md"
        items = [_change(version, change) for version, change in news.items()]

    def note(placed: Collection[str]) -> None:
        if known is not None:
            told_now = told
            for version in news:
                if version not in placed:
                    break
                told_now = version
        elif items and not any(one.id in placed for one in items):
            return
        else:
            told_now = max(news, default="")
        context.store.put_record(SESSIONS, key, {"told": told_now, "at": context.now().isoformat()})

    return Contribution(
        "voice-pipeline", heading, tuple(items), rank=RANK, budget_tokens=TOKENS, delivered=note
    )


@hook("session_start")
def begin(context: Context, event: SessionStart) -> None:
    """Tell the list again in a new conversation."""
    _forget(context, event)


@hook("after_compaction")
def compacted(context: Context, event: Compaction) -> None:
    """Tell the list again when a compaction took it out of the conversation."""
    if event.compacted > 0:
        _forget(context, event)


def _session(event: PromptBuild | SessionStart | Compaction) -> str:
    """Return what the keys of a session's readers begin with."""
    return f"{event.agent}/{event.session_key}/"


def _forget(context: Context, event: SessionStart | Compaction) -> None:
    begins = _session(event)
    for key in context.store.list_records(SESSIONS, after=begins, until=f"{begins}\U0010ffff"):
        context.store.take_record(SESSIONS, key)


def _first(context: Context) -> list[Item]:
    return [
        Item(clip(line, LONGEST), 1.0, f"priority {number}", f"priority:{number}")
        for number, line in enumerate(listing.briefs(context, FIRST), 1)
    ]


def _change(version: str, change: dict[str, object]) -> Item:
    return Item(clip(str(change["text"]), LONGEST_CHANGE), 1.0, str(change["source"]), version)
