"""What looks after new memories: their names at once, their meaning when they have vectors."""

from __future__ import annotations

from clawcortex.skills.context import Context
from clawcortex.skills.operation import chore
from cross_agent_intelligence import filing, matters, streaming
from cross_agent_intelligence.syncing import operation as syncing


@chore("detect")
def watch(context: Context) -> bool:
    """Take in the next memories and take out the forgotten ones; return whether more are waiting."""
    done = streaming.step(context)
    if done.forgotten:
        filing.queue(context)
        syncing.queue_again(context)
    return done.left


@chore("match")
def match(context: Context) -> bool:
    """Compare the next memories with what other agents heard; return whether more are waiting."""
    until = streaming.place(context, streaming.NAMES)
    return matters.step(context, until=until, batch=streaming.BATCH).left
