"""One message to the owner when something is wrong, one when it is well again, and none in between.

A check counts as failed once it failed twice in a row. What was told stands in the store, so that neither a restart
nor a second server tells it again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from clawcortex.errors import ClawcortexError
from clawcortex.store.records import Write
from clawcortex.upkeep.doctor import Check

if TYPE_CHECKING:
    from clawcortex.skills.context import Resources

log = logging.getLogger(__name__)

RECORD = ("upkeep", "alerts")
TWICE = 2
LONGEST = 1_500
"""Characters of one message."""


def note(resources: Resources, checks: Sequence[Check]) -> list[str]:
    """Remember what failed, tell the owner what is new, and return the lines that were told."""
    before = resources.store.get_record(*RECORD)
    after, lines = compared(before or {}, checks)
    if after == (before or {}):
        return []
    if not resources.store.amend([Write(*RECORD, before=before, after=after)]):
        return []  # another server was faster: it tells
    if lines:
        _tell(resources, lines)
    return lines


def compared(before: dict[str, object], checks: Iterable[Check]) -> tuple[dict[str, object], list[str]]:
    """Return how often each check failed in a row by now, and what is to be told of the difference."""
    after = dict(before)
    lines = []
    for check in checks:
        had = int(str(before.get(check.name, 0)))
        if check.passed:
            after.pop(check.name, None)
            if had >= TWICE:
                lines.append(f"✅ {check.name} is well again: {check.found}")
            continue
        after[check.name] = min(had + 1, TWICE)
        if had == TWICE - 1:
            lines.append(f"⚠️ {check.name}: {check.found}\n{check.next_step}".rstrip())
    return after, lines


def _tell(resources: Resources, lines: Sequence[str]) -> None:
    text = "clawcortex\n\n" + "\n\n".join(lines)
    for line in lines:
        log.warning("alert: %s", line)
    agent = resources.host.agents()[0].id
    for owner in resources.settings.owners:
        channel, _, person = owner.partition(":")
        try:
            resources.host.message(agent=agent, channel=channel, target=person, text=text[:LONGEST])
        except ClawcortexError as error:  # the line stands in the log, and the doctor says it, too
            log.warning("the owner %s could not be told: %s", owner, error)
