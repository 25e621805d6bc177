"""Patterns in decisions: what is accepted, by whom, on what, when, and after how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from math import sqrt
from statistics import median
from typing import Literal

from pydantic import Field

from feedback_router.records import Decision, Shape

JUDGED = ("approve", "reject", "edit")
"""Choices that say whether something was right as it was; a skip, an own option and an expiry do not."""
Z = 1.959963984540054
"""Of a 95 % interval."""
TIMES = (("night", 0, 6), ("morning", 6, 12), ("afternoon", 12, 18), ("evening", 18, 24))


class Interval(Shape):
    """A 95 % Wilson interval of a rate."""

    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class Latency(Shape):
    """Seconds from ask to answer, of what a person answered."""

    median_s: float = Field(ge=0)
    p90_s: float = Field(ge=0)


class Pattern(Shape):
    """What became of one group of asks."""

    name: str
    asks: int = Field(ge=0)
    choices: dict[str, int] = Field(description="How often each was chosen, expired and cancelled too")
    acceptance: float | None = Field(
        description="Approved among approved, rejected and edited; null for none"
    )
    interval: Interval | None
    latency: Latency | None


class Patterns(Shape):
    """Patterns of a stretch of time; `feedback/decision-patterns.json` holds it."""

    version: Literal[1] = 1
    generated_at: datetime
    since: datetime
    all: Pattern
    agents: list[Pattern]
    categories: list[Pattern] = Field(description='Named "agent/category"')
    times_of_day: list[Pattern] = Field(description="When it was asked, in the owner's time")


def wilson(accepted: int, judged: int) -> Interval | None:
    """Return the 95 % interval of a rate seen `accepted` times of `judged`; None for nothing seen."""
    if judged == 0:
        return None
    rate, square = accepted / judged, Z * Z
    centre = rate + square / (2 * judged)
    spread = Z * sqrt(rate * (1 - rate) / judged + square / (4 * judged * judged))
    low, high = ((centre + sign * spread) / (1 + square / judged) for sign in (-1, 1))
    return Interval(low=min(max(low, 0.0), rate), high=max(min(high, 1.0), rate))


def time_of_day(local: datetime) -> str:
    """Return the quarter of the day."""
    return next(name for name, begins, ends in TIMES if begins <= local.hour < ends)


def measure(name: str, decisions: Sequence[Decision]) -> Pattern:
    """Return the pattern of a group."""
    choices = Counter(decision.choice for decision in decisions)
    judged = sum(choices[choice] for choice in JUDGED)
    waited = sorted(
        (decision.answered_at - decision.ask.asked_at).total_seconds()
        for decision in decisions
        if decision.state == "answered"
    )
    return Pattern(
        name=name,
        asks=len(decisions),
        choices=dict(sorted(choices.items())),
        acceptance=choices["approve"] / judged if judged else None,
        interval=wilson(choices["approve"], judged),
        latency=Latency(median_s=median(waited), p90_s=_part(waited, 0.9)) if waited else None,
    )


def _part(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def find_patterns(
    decisions: Iterable[Decision], *, since: datetime, now: datetime, local: Callable[[datetime], datetime]
) -> Patterns:
    """Return the patterns of decisions, those with most asks first."""
    every = list(decisions)
    order = {name: place for place, (name, _, _) in enumerate(TIMES)}
    return Patterns(
        generated_at=now,
        since=since,
        all=measure("all", every),
        agents=_groups(every, lambda one: one.ask.agent),
        categories=_groups(every, lambda one: f"{one.ask.agent}/{one.ask.category}"),
        times_of_day=sorted(
            _groups(every, lambda one: time_of_day(local(one.ask.asked_at))), key=lambda one: order[one.name]
        ),
    )


def _groups(decisions: Iterable[Decision], named: Callable[[Decision], str]) -> list[Pattern]:
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(named(decision), []).append(decision)
    found = [measure(name, group) for name, group in groups.items()]
    return sorted(found, key=lambda one: (-one.asks, one.name))
