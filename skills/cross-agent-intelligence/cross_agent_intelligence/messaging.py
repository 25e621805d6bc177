"""A signal as a message to the owner, where the settings say so: once, and not in quiet hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clawcortex.errors import HostError
from clawcortex.periods import quiet_until
from clawcortex.skills.context import Context
from clawcortex.skills.operation import task
from clawcortex.text.tokens import clip
from cross_agent_intelligence.audiences import OWNERS
from cross_agent_intelligence.records import RAISED, Signal, read
from cross_agent_intelligence.telling import said_when, told_to

MESSAGE = "signals.message"
WORDS = 80


def queue(context: Context, signal: str) -> None:
    """Queue the message about a signal, if messages are wanted."""
    if wanted(context):
        payload = {"signal": signal}
        at = quiet_until(context.settings.quiet_hours, context.local(context.now()))
        context.store.enqueue(MESSAGE, payload, key=f"{MESSAGE}/{signal}", run_at=at)


def wanted(context: Context) -> bool:
    """Return whether there is somebody to write to, and they want it."""
    return context.settings.signal_messages == "owner" and bool(context.settings.owners)


@task(MESSAGE, lease_s=180.0)
def send(context: Context, payload: Mapping[str, Any]) -> None:
    """Tell the first owner of a signal among their own chats."""
    signal = read(context, RAISED, str(payload["signal"]), Signal)
    if signal is None or signal.audience != OWNERS or not wanted(context):
        return
    telling = told_to(context, signal, None)
    if telling is None:
        return
    about = telling.name or "The same matter"
    others = ", ".join(one for one in signal.agents if one != signal.said_in.agent)
    words = clip(telling.words, WORDS)
    write(context, f"📡 {about}: {others} knows of it, and {said_when(context, telling)} was told “{words}”")


def write(context: Context, text: str) -> None:
    """Write to the first owner, once; HostError when it surely was not sent, so that it is tried again."""
    channel, _, target = context.settings.owners[0].partition(":")
    try:
        context.host.message(agent=context.host.agents()[0].id, channel=channel, target=target, text=text)
    except HostError as error:
        if not error.uncertain and not error.lasting:
            raise
        context.log.warning("the owner may not have had a message: %s", error.message)
