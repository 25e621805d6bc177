"""Fakes for tests, shipped as real subclasses of what they stand for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clawcortex.models.hash import HashEmbedder

__all__ = ["FrozenClock", "HashEmbedder", "frozen_clock"]

MOMENT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


class FrozenClock:
    """A clock for `Resources.clock` that stands until it is moved."""

    def __init__(self, now: datetime = MOMENT) -> None:
        self.moment = now

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.moment

    def advance(self, **by: float) -> datetime:
        """Move on by what `timedelta` takes (days=1, minutes=5) and return the new moment."""
        self.moment += timedelta(**by)
        return self.moment


def frozen_clock(now: datetime = MOMENT) -> FrozenClock:
    """Return a clock that stands at `now` (default: a fixed moment in 2026)."""
    return FrozenClock(now)
