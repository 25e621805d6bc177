"""What waits and what was decided, short enough for a chat."""

from __future__ import annotations

from collections.abc import Sequence

from clawcortex.text.chat import cut, plain, units
from feedback_router.records import Ask, Decision
from feedback_router.rendering import LIMIT, Local, verdict
from feedback_router.statistics import Pattern, Patterns

LINES = 12


def pending_digest(asks: Sequence[Ask], count: int, local: Local) -> str:
    """Return the open questions, oldest first."""
    if not count:
        return "Nothing waits for you."
    lines = [f"{count} question{'s' if count > 1 else ''} wait{'s' if count == 1 else ''} for you"]
    shown = asks[:LINES]
    for ask in shown:
        until = f" · until {local(ask.expires_at):%a %H:%M}" if ask.expires_at else ""
        lines.append(f"❓ {plain(ask.agent, 30)} · {plain(ask.title, 100)}{until}")
    if count > len(shown):
        lines.append(f"… and {count - len(shown)} more")
    return _fitted(lines)


def patterns_digest(patterns: Patterns, days: int) -> str:
    """Return the patterns of some days."""
    if not patterns.all.asks:
        return f"No decisions in {days} days."
    lines = [f"Decisions of {days} days: {_line(patterns.all)}"]
    for heading, group in (
        ("By agent", patterns.agents),
        ("By category", patterns.categories),
        ("By time of day", patterns.times_of_day),
    ):
        lines.append(f"\n{heading}")
        lines += [f"• {plain(one.name, 60)}: {_line(one)}" for one in group[:LINES]]
    return _fitted(lines)


def report_digest(
    agent: str, pattern: Pattern, decisions: Sequence[Decision], days: int, local: Local
) -> str:
    """Return one agent's last decisions."""
    lines = [f"{plain(agent, 40)}, {days} days: {_line(pattern)}"]
    for one in decisions[:LINES]:
        lines.append(f"• {plain(one.ask.title, 80)}: {verdict(one, local)}")
        lines += [f"  {plain(word, 120)}" for word in (one.reason or one.text,) if word]
    return _fitted(lines)


def _line(pattern: Pattern) -> str:
    parts = [f"{pattern.asks} asked"]
    if pattern.acceptance is not None and pattern.interval is not None:
        low, high = pattern.interval.low, pattern.interval.high
        parts.append(f"{pattern.acceptance:.0%} approved ({low:.0%} to {high:.0%})")
    if pattern.latency is not None:
        parts.append(f"answered after {_span(pattern.latency.median_s)}")
    return ", ".join(parts)


def _span(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"


def _fitted(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    return text if units(text) <= LIMIT else cut(text, LIMIT // 2)
