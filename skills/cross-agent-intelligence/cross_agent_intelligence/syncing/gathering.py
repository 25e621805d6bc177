"""One day of every agent: its hours' summaries and what the event log tells of decisions; nothing else is read."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from clawcortex.errors import HostError, InputError
from clawcortex.periods import Period
from clawcortex.skills.context import Context
from clawcortex.skills.events import (
    DecisionAnswered,
    DecisionAsked,
    FeedbackRecorded,
    LessonPromoted,
    Payload,
)
from clawcortex.store.records import Event
from cross_agent_intelligence.audiences import heard_by, kept_by
from cross_agent_intelligence.syncing.shapes import SUMMARIES, Day, Hour, Line, Section, Statement

MOST = 12
"""Lines of each kind of one agent."""
WRONG = frozenset({"reject", "edit"})
KINDS: dict[str, type[Payload]] = {
    one.event: one for one in (DecisionAsked, DecisionAnswered, FeedbackRecorded, LessonPromoted)
}


def agents_of(context: Context, warnings: list[str]) -> list[str]:
    """Return the agents that OpenClaw has, those it has sessions of, and those that said something."""
    known = {scope.agent for scope in context.store.scopes().values()}
    try:
        known |= {one.id for one in context.host.agents()}
        known |= {one.agent for one in context.host.sessions()}
    except (HostError, InputError) as error:
        warnings.append(f"{error.message} {error.hint}")
    return sorted(known)


def nodes_of(context: Context, warnings: list[str]) -> list[str]:
    """Return the machines beside the gateway's own on which agents may run now."""
    try:
        return sorted(one.name or one.id for one in context.host.nodes() if one.connected)
    except HostError as error:
        warnings.append(f"{error.message} {error.hint}")
        return []


def gather(context: Context, day: Period, agents: list[str]) -> list[Day]:
    """Return what each agent's day holds; words of chats only where other agents may see them."""
    days = {agent: Day(agent) for agent in agents}
    shared = context.settings.share_between_agents or len(agents) == 1
    kept = kept_by(context)
    for agent, one in days.items():
        for section in _sections(context, agent, day):
            seen = shared and bool(kept & set(heard_by(section.chat.scope, context.settings)))
            _add(context, one, section, seen=seen)
    _add_events(context, days, day, kept)
    for one in days.values():
        for lines in (one.learned, one.decided, one.wrong, one.waiting):
            lines[:] = list({line.text.casefold(): line for line in reversed(lines)}.values())[::-1][-MOST:]
    return [one for one in days.values() if one.lines or one.withheld]


def _sections(context: Context, agent: str, day: Period) -> Iterator[Section]:
    prefix = f"{agent}/hour/"
    first, last = (f"{prefix}{at:%Y-%m-%dT%H:%MZ}" for at in (day.begins, day.ends))
    before = f"{first[:-1]}"  # the bound is left out, and the first hour must not be
    for key, value in context.store.list_records(SUMMARIES, after=before, until=last).items():
        try:
            yield from Hour.model_validate(value).sections
        except ValidationError as error:
            context.log.warning("the summary %s cannot be read: %s", key, error.title)


def _add(context: Context, day: Day, section: Section, *, seen: bool) -> None:
    open_ones = [one for one in section.questions if one.waiting]
    if not seen:
        day.withheld += sum(map(len, (section.highlights, section.decisions, section.actions, open_ones)))
        return
    decided = {one.text for one in section.decisions}
    day.learned += [_line(context, one) for one in section.highlights if one.text not in decided]
    day.decided += [_line(context, one) for one in section.decisions]
    day.waiting += [_line(context, one) for one in (*section.actions, *open_ones)]


def _line(context: Context, one: Statement) -> Line:
    when = f"{context.local(one.at):%H:%M}"
    who = one.who or one.speaker
    return Line(one.text, ", ".join(part for part in (who, when, one.due and f"due {one.due}") if part))


def _add_events(context: Context, days: dict[str, Day], period: Period, kept: frozenset[str]) -> None:
    events = context.store.events_between(period.begins, period.ends, kinds=tuple(KINDS))
    told = [one for event in events if (one := _payload(context, event)) is not None]
    foreign = {
        one.ask_id
        for one in told
        if isinstance(one, DecisionAnswered) and not _is_kept(one.by, kept, context)
    }
    answered = {one.ask_id for one in told if isinstance(one, DecisionAnswered)}
    for one in told:
        names = one.agents if isinstance(one, LessonPromoted) else (one.agent,)  # type: ignore[attr-defined]
        for name in names:
            day = days.setdefault(name, Day(name))
            if getattr(one, "ask_id", "") in foreign:
                day.withheld += isinstance(one, DecisionAnswered)
            else:
                _add_event(day, one, answered)


def _payload(context: Context, event: Event) -> Payload | None:
    try:
        return KINDS[event.kind].of(event)
    except InputError as error:
        context.log.warning("%s", error.message)
        return None


def _is_kept(by: str, kept: frozenset[str], context: Context) -> bool:
    """Return whether a person's decisions may stand in the file: the owner's, or of the only one there is."""
    named = by == "owner" or by in context.settings.owners or not by.count(":")
    return named or any(audience.endswith(f":{by}") for audience in kept)


def _add_event(day: Day, one: Payload, answered: set[str]) -> None:
    if isinstance(one, DecisionAnswered):
        said = one.text or one.reason
        day.decided.append(Line(f"{one.title}: {one.choice}", said))
    elif isinstance(one, DecisionAsked) and one.ask_id not in answered:
        day.waiting.append(Line(one.title, "asked, not answered yet"))
    elif isinstance(one, FeedbackRecorded) and one.kind in WRONG:
        day.wrong.append(Line(f"{one.subject}: {one.kind}", one.reason))
    elif isinstance(one, LessonPromoted):
        day.learned.append(Line(one.text, f"a lesson, corrected {one.count} times"))
