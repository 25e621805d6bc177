"""Bring an agent's summaries up to date: hours from turns, days from hours, weeks from days.

A period is made once it is over, and made again when its sources changed: turns that came late, hours that were
made again. What was evicted since does not change a summary, what was forgotten does (`forgetting`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from clawcortex import periods
from clawcortex.periods import Kind, Period
from clawcortex.skills.context import Context
from clawcortex.store.base import Ints
from clawcortex.store.records import Memory
from context_retention.summaries import gathering
from context_retention.summaries.extraction import Extractor
from context_retention.summaries.gathering import Held, Use
from context_retention.summaries.kept import PROGRESS, SUMMARIES, keep, read, record_key
from context_retention.summaries.model import Asker, Line
from context_retention.summaries.rollup import rolled
from context_retention.summaries.shapes import Item, Section, Skipped, Summary

HEALED = {"hour": timedelta(days=2), "day": timedelta(days=8), "week": timedelta(days=22)}
"""How far behind the last one made a run looks for what came late."""
MOST_MADE = 400
RUN_S = 240.0
"""A run makes at most so many, and begins none after so many seconds; the next run goes on."""


@dataclass
class Run:
    """One agent brought up to date, and what came of it."""

    context: Context
    agent: str
    asker: Asker | None
    since: datetime | None = None
    made: list[Summary] = field(default_factory=list)
    same: list[Summary] = field(default_factory=list)
    pending: int = 0
    _began: float = field(default_factory=time.monotonic)

    def summarize(self, kind: Kind) -> None:
        """Make what is missing of this kind and, before it, of the smaller ones."""
        turns = gathering.held(self.context, self.agent)
        first = turns.next_after(datetime.fromtimestamp(0, UTC))
        if first is None:
            return
        earliest = datetime.fromtimestamp(first, UTC)
        over = self._hours(turns, self._begin("hour", earliest))
        if kind in ("day", "week"):
            over = self._larger("day", self._begin("day", earliest), over)
        if kind == "week":
            self._larger("week", self._begin("week", earliest), over)

    def _begin(self, kind: Kind, earliest: datetime) -> datetime:
        if self.since is not None:
            return max(self.since, earliest)
        known = self.context.store.get_record(PROGRESS, f"{self.agent}/{kind}")
        if known is None:
            return earliest
        reached = datetime.fromisoformat(str(known["until"]))
        return max(earliest, min(reached, self.context.now()) - HEALED[kind])

    def _reached(self, kind: Kind, until: datetime) -> None:
        """Remember how far the summaries go; a clock that was set back takes nothing back.

        A run from a named beginning says nothing of what lies before it.
        """
        if self.since is not None:
            return
        key = f"{self.agent}/{kind}"
        known = self.context.store.get_record(PROGRESS, key)
        if known is None or datetime.fromisoformat(str(known["until"])) < until:
            self.context.store.put_record(PROGRESS, key, {"until": until.isoformat(), "version": 1})

    @property
    def _full(self) -> bool:
        return len(self.made) >= MOST_MADE or time.monotonic() - self._began > RUN_S

    def _hours(self, turns: Held, begin: datetime) -> datetime:
        """Make the hours that are over; return up to when none is missing."""
        over = self.context.now()
        used = gathering.uses(self.context, self.agent, begin) if begin < over else []
        for period in hours_with_turns(self.context, turns, begin, over):
            if self._full:
                self.pending += 1
                over = min(over, period.begins)
                continue
            self.hour(period, turns.within(period.begins, period.ends), used)
        self._reached("hour", over)
        return over

    def _larger(self, kind: Kind, begin: datetime, over: datetime) -> datetime:
        """Make the days or weeks that are over; return up to when none is missing."""
        for period in _periods(kind, begin, over, self.context):
            if self._full:
                self.pending += 1
                over = min(over, period.begins)
                continue
            self.rollup(period)
        self._reached(kind, over)
        return over

    def hour(
        self, period: Period, positions: Ints, used: Sequence[Use], *, forced: bool = False
    ) -> Summary | None:
        """Return the summary of an hour, made when it has none or its turns changed; None without a turn."""
        old = read(self.context, self.agent, "hour", period.key)
        # where turns were evicted, the model is not asked again: it would not see them
        again = forced or (self._again and old is not None and bool(old.why) and len(positions) >= old.rows)
        if old is not None and _unchanged(old, positions) and not again:
            self.same.append(old)
            return old
        while len(positions):
            summary = self._summed(period, positions, used, old)
            keep(self.context, summary)
            left = gathering.still_held(self.context, positions)
            if len(left) == len(positions):
                return self._done(summary, old)
            positions = left  # somebody had turns forgotten meanwhile: they must not stay in here
        self.context.store.take_record(SUMMARIES, record_key(self.agent, "hour", period.key))
        return None

    def _done(self, summary: Summary, old: Summary | None) -> Summary:
        (self.same if summary == old else self.made).append(summary)
        return summary

    @property
    def _again(self) -> bool:
        """Whether what the model failed at is asked again: somebody named the beginning."""
        return self.since is not None and self.asker is not None

    def _summed(self, period: Period, positions: Ints, used: Sequence[Use], old: Summary | None) -> Summary:
        skipped: list[Skipped] = []
        tools = gathering.tools_in(used, period)
        parts: dict[tuple[str, ...], Extractor] = {}
        for page in gathering.pages(self.context, positions, skipped):
            for memory in page:
                key = gathering.chat_of(memory)
                if key not in parts:
                    parts[key] = Extractor(gathering.chat_named(self.context, memory), len(positions))
                parts[key].feed(memory)
        for one in skipped:
            self.context.log.warning("the turn at position %d is passed over: %s", one.position, one.reason)
        sections = tuple(part.finish(self.context, tools.get(key, {})) for key, part in parts.items())
        if old is not None:
            sections = tuple(_with_tools(section, old) for section in sections)
        lines = [[_line(memory) for memory in part.sampled] for part in parts.values()]
        sections, why, dropped = self._improved(sections, lines)
        return Summary(
            agent=self.agent,
            period="hour",
            start=period.key,
            label=period.label,
            file=period.file,
            begins=period.begins,
            ends=period.ends,
            method="extractive" if why else "model",
            why=why,
            digest=digest_of(positions.tobytes()),
            newest=int(positions.max()),
            rows=len(positions),
            skipped=tuple(skipped),
            dropped=dropped,
            sections=sections,
        )

    def rollup(self, period: Period, *, forced: bool = False) -> Summary | None:
        """Return the summary of a day or a week, made when it has none or its sources changed."""
        old = read(self.context, self.agent, period.kind, period.key)
        parts = self.parts(period)
        if not parts and not forced:
            return old
        current = old is not None and old.digest == _content(parts)
        if old is not None and current and not forced and not (self._again and old.why):
            self.same.append(old)
            return old
        while parts:
            summary = self._rolled(period, parts)
            keep(self.context, summary)
            parts = self.parts(period)
            if _content(parts) == summary.digest:
                return self._done(summary, old)
        self.context.store.take_record(SUMMARIES, record_key(self.agent, period.kind, period.key))
        return None

    def parts(self, period: Period) -> list[Summary]:
        """Return the smaller summaries that a day or a week is made from."""
        smaller: Iterator[Period] = (
            periods.hours_in(period, self.context.local)
            if period.kind == "day"
            else periods.days_in(period, self.context.local)
        )
        found = (read(self.context, self.agent, one.kind, one.key) for one in smaller)
        return [one for one in found if one is not None]

    def _rolled(self, period: Period, parts: Sequence[Summary]) -> Summary:
        sections = rolled(parts)
        lines = [_lines(section) for section in sections]
        sections, why, dropped = self._improved(sections, lines)
        return Summary(
            agent=self.agent,
            period=period.kind,
            start=period.key,
            label=period.label,
            file=period.file,
            begins=period.begins,
            ends=period.ends,
            method="extractive" if why else "model",
            why=why,
            digest=_content(parts),
            newest=max(part.newest for part in parts),
            rows=sum(part.rows for part in parts),
            sources=tuple(part.start for part in parts),
            labels={part.start: part.label for part in parts},
            skipped=tuple(one for part in parts for one in part.skipped),
            dropped=dropped,
            sections=sections,
        )

    def _improved(
        self, sections: tuple[Section, ...], lines: Sequence[Sequence[Line]]
    ) -> tuple[tuple[Section, ...], str, int]:
        """Return the sections by the model: all of them or none, then with the reason."""
        if self.asker is None:
            return sections, "turns were forgotten", 0
        before = self.asker.dropped
        improved = []
        for section, given in zip(sections, lines, strict=True):
            better = self.asker.improve(section, given, waiting=any(q.waiting for q in section.questions))
            if better is None:
                return sections, self.asker.why, 0
            improved.append(better)
        return tuple(improved), "" if any(lines) else "nothing to ask about", self.asker.dropped - before


def hours_with_turns(context: Context, turns: Held, begin: datetime, over: datetime) -> Iterator[Period]:
    """Yield the hours that are over and hold turns, from the one that `begin` lies in."""
    at: datetime = periods.hour_of(begin, context.local).begins
    while (found := turns.next_after(at)) is not None:
        period = periods.hour_of(max(at, datetime.fromtimestamp(found, UTC)), context.local)
        if period.ends > over:
            return
        yield period
        at = period.ends


def _periods(kind: Kind, begin: datetime, over: datetime, context: Context) -> Iterator[Period]:
    make = periods.day_of if kind == "day" else periods.week_of
    day: date = context.local(begin).date()
    while (period := make(day, context.local)).ends <= over:
        yield period
        day = context.local(period.ends + timedelta(hours=1)).date()


def _unchanged(old: Summary, positions: Ints) -> bool:
    """Return whether nothing came since; what went by eviction stays summed up."""
    if old.digest == digest_of(positions.tobytes()):
        return True
    return len(positions) < old.rows and (not len(positions) or int(positions.max()) <= old.newest)


def _with_tools(section: Section, old: Summary) -> Section:
    """Keep the tools of an earlier summary when the event log does not tell of them any more."""
    known = {gathering.key_of(one.chat): one.tools for one in old.sections}
    tools = section.tools or known.get(gathering.key_of(section.chat), {})
    return section.model_copy(update={"tools": tools})


def _line(memory: Memory) -> Line:
    return Line(memory.text, memory.speaker, memory.created_at, (memory.turn,))


def _lines(section: Section) -> list[Line]:
    """Return what smaller summaries say as lines for the model."""
    kinds: tuple[tuple[str, Sequence[Item]], ...] = (
        ("decision", section.decisions), ("action", section.actions), ("open question", section.questions),
        ("mood", section.moods), ("relation", section.relations), ("said", section.highlights),
    )  # fmt: skip
    found = [
        Line(item.text, item.speaker, item.at, item.turns, item.source, kind)
        for kind, items in kinds
        for item in items
    ]
    return sorted(found, key=lambda line: line.at)


def _content(parts: Sequence[Summary]) -> str:
    return digest_of(*(part.model_dump_json().encode() for part in parts))


def digest_of(*parts: bytes) -> str:
    """Return what tells whether a summary's sources changed."""
    return hashlib.sha256(b"\x1f".join(parts)).hexdigest()
