"""When a chat may be written to: not in quiet hours, not faster than channels bear, later after a 429."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from feedback_router.records import Shape

INTERVAL = timedelta(seconds=1)
PER_MINUTE = 18
"""Telegram bears about one message a second in a chat, and 20 a minute in a group."""
LONGEST_PAUSE = timedelta(minutes=10)
BATCH_FROM = 6
"""So many asks that wait for one chat, more than five, go out as one message."""
BATCH_MOST = 8
"""Asks in one message: with a row of buttons each it still fits on a telephone."""


class Pace(Shape):
    """How fast a chat was written to."""

    version: Literal[1] = 1
    sent: tuple[datetime, ...] = ()
    blocked_until: datetime | None = None
    refusals: int = 0


def ready_at(pace: Pace, now: datetime) -> datetime:
    """Return the first moment, `now` or later, at which the next message may go out."""
    moments = [now]
    if pace.blocked_until:
        moments.append(pace.blocked_until)
    if pace.sent:
        moments.append(pace.sent[-1] + INTERVAL)
    if len(pace.sent) >= PER_MINUTE:
        moments.append(pace.sent[-PER_MINUTE] + timedelta(minutes=1))
    return max(moments)


def after_sending(pace: Pace, now: datetime) -> Pace:
    """Return the pace with one more message; what was refused before is forgiven."""
    return Pace(sent=(*pace.sent, now)[-PER_MINUTE:])


def after_refusal(pace: Pace, now: datetime, retry_after_s: float = 0.0) -> Pace:
    """Return the pace after a 429 or a gateway that is down: each one in a row waits twice as long."""
    pause = min(timedelta(seconds=2 ** min(pace.refusals + 1, 10)), LONGEST_PAUSE)
    until = now + max(pause, timedelta(seconds=max(retry_after_s, 0.0)))
    return pace.model_copy(update={"blocked_until": until, "refusals": pace.refusals + 1})


def batched(waiting: int) -> int:
    """Return how many of the asks that wait for a chat go into the next message."""
    return min(waiting, BATCH_MOST) if waiting >= BATCH_FROM else 1
