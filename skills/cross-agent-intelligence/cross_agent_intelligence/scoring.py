"""What a mention is worth: novelty, agents, recency and importance, not how often something is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cross_agent_intelligence.records import Parts

SURELY, WEIGHTS = 0.4, {"agents": 0.2, "recency": 0.2, "importance": 0.2}
"""What two agents that heard of the same is worth in any case, and what else adds to it; novelty weighs it all."""
TELLING: Mapping[str, float] = {
    "decision": 1.0, "company": 1.0, "project": 1.0, "person": 0.95, "product": 0.95, "handle": 0.9, "link": 0.9,
    "matter": 0.9, "place": 0.7, "money": 0.6, "date": 0.4,
}  # fmt: skip
"""How much it tells that two agents heard of the same: a date alone next to nothing."""
SAME = 0.8
"""Share of common stems from which on two texts say the same."""
TIRED, RESTED_S = 0.5, 86_400.0
"""How much less the next signal of an entity is news after one that was just raised; half of it is over in a day."""


def likeness(one: Collection[int], other: Collection[int]) -> float:
    """Return the share of the shorter text's stems that stand in the other, in [0, 1]."""
    left, right = set(one), set(other)
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0


def parts_of(
    *,
    agents: int,
    raised_s: Collection[float],
    alike: float,
    gap_s: float,
    window_s: float,
    importance: float,
) -> Parts:
    """Return what a mention's score is made of.

    `agents` heard of it, this one included; `raised_s` ago its signals were raised; `alike` is the likeness with the
    nearest of those; `gap_s` ago the others last heard of it.
    """
    tired: float = sum(0.5 ** (max(ago, 0.0) / RESTED_S) for ago in raised_s)
    return Parts(
        novelty=(1.0 - alike) / (1.0 + TIRED * tired),
        agents=1.0 - 0.5 ** max(agents - 1, 0),
        recency=0.5 ** (max(gap_s, 0.0) / (window_s / 2)),
        importance=min(max(importance, 0.0), 1.0),
    )


def score_of(parts: Parts, kind: str) -> float:
    """Return the score in [0, 1]."""
    worth: float = SURELY + sum(weight * float(getattr(parts, name)) for name, weight in WEIGHTS.items())
    score: float = worth * parts.novelty**0.5 * TELLING.get(kind, 0.5)
    return round(score, 4)
