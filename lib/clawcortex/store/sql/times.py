"""Moments as the database keeps them: whole microseconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clawcortex.errors import InputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stamp(moment: datetime) -> int:
    """Return a moment as microseconds; refuse one without a timezone."""
    if moment.tzinfo is None:
        raise InputError(
            f"the time {moment.isoformat()} has no timezone", hint="Give it with an offset, as +00:00."
        )
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the UTC moment of a stamp."""
    return _EPOCH + timedelta(microseconds=microseconds)


def now() -> int:
    """Return the present as a stamp."""
    return stamp(datetime.now(UTC))
