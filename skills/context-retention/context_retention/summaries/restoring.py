"""The last 24 hours of summaries for a prompt that follows a compaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from clawcortex.periods import hour_of
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Item as Shown
from clawcortex.skills.visibility import may_see
from clawcortex.store.records import Scope
from clawcortex.text.tokens import count_tokens
from context_retention.summaries.kept import read
from context_retention.summaries.shapes import Item, Section

REACH = timedelta(hours=24)
LABEL_TOKENS = 14
"""What an item's own label, name and date cost."""


def last_day(context: Context, asker: Scope, tokens: int, *, without: Collection[str]) -> list[Shown]:
    """Return what was decided, is to be done, is open and was said, newest hour first, within the tokens.

    Only sections of chats that the asker may see; nothing whose words are among `without`.
    """
    told = set(without)
    shown: list[Shown] = []
    for label, item in _items(context, asker):
        cost = count_tokens(item.text) + LABEL_TOKENS
        if cost > tokens or any(item.text in text for text in told):
            continue
        tokens -= cost
        told.add(item.text)
        at = f"{context.local(item.at):%Y-%m-%d %H:%M}"
        source = ", ".join(part for part in (label, item.speaker, at) if part)
        shown.append(Shown(text=item.text, score=0.9, source=source, id=item.turns[0]))
    return shown


def _items(context: Context, asker: Scope) -> Iterator[tuple[str, Item]]:
    sections = list(_sections(context, asker))
    kinds = (("Decided", "decisions"), ("To do", "actions"), ("Open", "questions"), ("Said", "highlights"))
    for label, kind in kinds:
        for section in sections:
            items: tuple[Item, ...] = getattr(section, kind)
            for item in reversed(items):
                yield label, item


def _sections(context: Context, asker: Scope) -> Iterator[Section]:
    """Yield the sections that the asker may see, newest hour first."""
    now = context.now()
    period = hour_of(now, context.local)
    while period.ends > now - REACH:
        summary = read(context, asker.agent, "hour", period.key)
        for section in summary.sections if summary else ():
            if may_see(asker, section.chat.scope, context.settings):
                yield section
        period = hour_of(period.begins - timedelta(microseconds=1), context.local)
