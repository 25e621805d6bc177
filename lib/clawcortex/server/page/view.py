"""Everything the page shows at one moment, read from the panels and the search; each part fails alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from clawcortex.errors import ClawcortexError, InputError
from clawcortex.server.calls import Calls
from clawcortex.server.logs import call_log
from clawcortex.server.page.house import House
from clawcortex.server.resources import Opened
from clawcortex.skills.context import Caller, Context
from clawcortex.skills.operation import Operation, Skill
from clawcortex.skills.panel import Act, Cell, Panel, Row, Table
from clawcortex.store.records import LOCAL

OWNER = Caller("page", LOCAL, trusted=True)
LONGEST_QUERY = 2_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A button as the page has it: the browser sends back its id, and names neither operation nor arguments."""

    id: str
    place: str
    act: Act


@dataclass(frozen=True, slots=True)
class Part:
    """One panel with what it shows, or why it cannot."""

    place: str
    """Skill and panel: "feedback-router.waiting"."""
    title: str
    summary: str
    table: Table
    fault: str = ""

    def offer(self, act: Act) -> Offer:
        """Return the button of an act."""
        named = json.dumps([self.place, act.operation, act.label, act.arguments], sort_keys=True)
        return Offer(sha256(named.encode()).hexdigest()[:24], self.place, act)

    def offers(self) -> Iterator[Offer]:
        """Yield every button."""
        return (self.offer(act) for act in self.table.every_act())


class View:
    """Read the panels and the search of one request."""

    def __init__(self, opened: Opened, house: House, calls: Calls, request_id: str) -> None:
        self._opened = opened
        self._house = house
        self._calls = calls
        self._request_id = request_id

    def local(self, moment: datetime) -> datetime:
        """Return a time as the person's clock shows it."""
        return self._context("page", "show").local(moment)

    def parts(self) -> list[Part]:
        """Return every panel: health first, then the skills', then the rest of the house."""
        first, *rest = ((self._house.name, panel) for panel in self._house.panels)
        skills = [(skill.name, panel) for skill, panel in self._opened.registry.panels()]
        return [self._read(owner, panel) for owner, panel in (first, *skills, *rest)]

    def part(self, place: str) -> Part | None:
        """Return one panel, as it is now."""
        every = [(skill.name, panel) for skill, panel in self._opened.registry.panels()]
        every += [(self._house.name, panel) for panel in self._house.panels]
        return next((self._read(owner, one) for owner, one in every if f"{owner}.{one.name}" == place), None)

    def found(self, words: str) -> list[Part]:
        """Return what each search finds: the same as agents get, over all memories."""
        return [self._ask(skill, one, words) for skill, one in self._opened.registry.searches()]

    def _read(self, owner: str, panel: Panel) -> Part:
        place = f"{owner}.{panel.name}"
        context = self._context(owner, f"panel {panel.name}")
        try:
            table = panel.run(context)
        except ClawcortexError as error:
            return Part(place, panel.title, panel.summary, Table(()), f"{error.message}. {error.hint}")
        except Exception as error:  # a skill is foreign code: its panel fails alone
            context.log.exception("the panel cannot be shown")
            return Part(place, panel.title, panel.summary, Table(()), f"It failed: {type(error).__name__}.")
        return Part(place, panel.title, panel.summary, table)

    def _context(self, owner: str, what: str) -> Context:
        log = call_log(self._request_id, skill=owner, operation=what)
        return Context(self._opened.resources, OWNER, log, self._request_id)

    def _ask(self, skill: Skill, operation: Operation[Any, Any], words: str) -> Part:
        search = operation.search
        assert search is not None  # noqa: S101 - for the type checker
        place, title = f"found.{skill.name}.{operation.name}", f"Found for “{words}”"
        try:
            if len(words) > LONGEST_QUERY:
                raise InputError(f"the search is over {LONGEST_QUERY} characters", hint="Use fewer words.")
            body = {search.takes: words}
            answer = json.loads(self._calls.run(skill, operation, body, OWNER, self._request_id))
        except ClawcortexError as error:
            return Part(place, title, operation.summary, Table(()), f"{error.message}. {error.hint}")
        rows = tuple(Row(tuple(_cell(one, name) for name in search.columns)) for one in answer[search.shows])
        note = "" if rows else "Nothing was found."
        return Part(place, title, operation.summary, Table(tuple(search.columns.values()), rows, note))


def _cell(found: Mapping[str, Any], name: str) -> Cell:
    value = found.get(name)
    if isinstance(value, Mapping):
        return ", ".join(
            f"{key} {one:.2f}" if isinstance(one, float) else f"{key} {one}" for key, one in value.items()
        )
    if isinstance(value, str) and name.endswith("_at"):
        return datetime.fromisoformat(value)
    return value if isinstance(value, int | float) else str("" if value is None else value)
