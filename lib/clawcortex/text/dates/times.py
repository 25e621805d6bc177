"""Times of day: "9p", "half past eight", "at nine thirty"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clawcortex.text.linear import Match, Pattern, linear


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day."""

    hour: int
    minute: int = 0
    second: int = 0
    sure: bool = False
    """Whether morning or afternoon is clear."""
    halved: bool = False
    """Whether "am" or "pm" was said."""
    marked: bool = True
    """Whether it is a time without company: 9:30, 9 am, noon; not "at nine"."""


_HALVES = r"(?P<half>[ap]\.? ?m\b\.?|[ap]\b)"
_ABOUT = r"(?:at |@ ?|around |about |by |from |before |until |till |after )(?:about |around |exactly )?"


def _clock(match: Match) -> Clock | None:
    groups = match.groupdict()
    hour, minute, second = (int(groups.get(name) or 0) for name in ("h", "m", "s"))
    half = groups.get("half") or ""
    if hour > 24 or minute > 59 or second > 59 or (half and hour > 12):
        return None
    if half:
        hour = hour % 12 + 12 * (half[0] == "p")
    zero_led = match["h"].startswith("0")
    marked = bool(len(half) > 1 or groups.get("colon") or groups.get("oclock"))
    return Clock(
        hour % 24, minute, second, bool(half) or hour > 12 or hour == 0 or zero_led, bool(half), marked
    )


def _military(match: Match) -> Clock | None:
    hour, minute = divmod(int(match["hm"]), 100)
    return Clock(hour, minute, sure=True, marked=False) if hour < 24 and minute < 60 else None


def _past(match: Match) -> Clock | None:
    spoken = {"half": 30, "a quarter": 15, "quarter": 15}
    minutes = spoken.get(match["minutes"]) or int(match["minutes"])
    total = int(match["h"]) * 60 + (minutes if match["side"] in {"past", "after"} else -minutes)
    half = match.groupdict().get("half") or ""
    if half:
        total = total % 720 + 720 * (half[0] == "p")
    return Clock(total // 60 % 24, total % 60, sure=bool(half) or total >= 780)


def _named(match: Match) -> Clock:
    return Clock(0 if match["name"] == "midnight" else 12, sure=True)


TIMES: list[tuple[Pattern, Callable[[Match], Clock | None]]] = [
    (linear(pattern), read)
    for pattern, read in (
        (
            (
                r"\b(?P<core>(?P<h>[0-9]{1,2})(?P<colon>:)(?P<m>[0-5][0-9])(?::(?P<s>[0-5][0-9]))?"
                rf"(?: ?{_HALVES}|\b))"
            ),
            _clock,
        ),
        (
            r"\b(?P<core>(?P<h>[0-9]{1,2})(?:[. ](?P<m>[0-5][0-9]))? (?P<half>[ap]\.? ?m\b\.?))",
            _clock,
        ),
        (rf"\b(?P<core>(?P<h>[0-9]{{1,2}})(?:\.(?P<m>[0-5][0-9]))?{_HALVES})", _clock),
        (r"\b(?P<core>(?P<h>[0-9]{1,2}) (?P<m>[0-5][0-9]))\b", _clock),
        (r"\b(?P<core>(?P<h>[0-9]{1,2}) ?(?P<oclock>o ?'? ?clock))\b", _clock),
        (rf"\b{_ABOUT}(?P<core>(?P<h>[0-9]{{1,2}})(?: (?P<m>[0-5][0-9]))?(?: minutes)?)\b", _clock),
        (
            (
                r"\b(?P<core>(?P<h>[0-9]{1,2})(?: (?P<m>[0-5][0-9]))?) (?:in the|this) (?:early |late )?"
                r"(?:morning|afternoon|evening)\b"
            ),
            _clock,
        ),
        (
            rf"\b(?P<core>(?P<minutes>[0-9]{{1,2}})(?: minutes)? (?P<side>past|to) (?P<h>[0-9]{{1,2}}) ?{_HALVES})",
            _past,
        ),
        (r"\bat (?P<core>(?P<hm>[0-2]?[0-9][0-5][0-9]))\b", _military),
        (
            (
                r"\b(?P<core>(?P<minutes>half|a quarter|quarter) (?P<side>past|after|to|before|till) "
                rf"(?P<h>[0-9]{{1,2}})(?: ?{_HALVES}|\b))"
            ),
            _past,
        ),
        (
            (
                rf"\b(?:at|by|around|before|about) (?P<core>(?P<minutes>5|10|20|25)(?: minutes)? (?P<side>past|to) "
                rf"(?P<h>[0-9]{{1,2}})(?: ?{_HALVES}|\b))"
            ),
            _past,
        ),
        (r"\b(?P<core>(?P<name>noon|mid-? ?day|midnight))\b", _named),
    )
]
