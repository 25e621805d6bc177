"""The panels that belong to no skill: health, speed of recall, what was injected, jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, cast

from clawcortex.server.injected import Injected, Lately
from clawcortex.server.metrics import Metrics
from clawcortex.server.resources import Residence
from clawcortex.server.watching import Watch
from clawcortex.skills.context import Context
from clawcortex.skills.panel import Act, Panel, Row, Share, Table, panel

if TYPE_CHECKING:
    from clawcortex.store.sql.store import SqlStore
    from clawcortex.upkeep.jobs import Queued

PROMPT = "before_prompt_build"
MOST_JOBS = 50
EXAMINE = Act("examine", "Check everything now")


class House:
    """What the process knows of itself."""

    name = "house"

    def __init__(self, residence: Residence, metrics: Metrics, lately: Lately, watch: Watch) -> None:
        self._residence = residence
        self._metrics = metrics
        self._lately = lately
        self._watch = watch
        self._examining = threading.Lock()
        self.panels: tuple[Panel, ...] = (
            panel("health", "Health")(self._health),
            panel("latency", "Time to a prompt's block")(self._latency),
            panel("injected", "Put into prompts lately")(self._injected),
            panel("jobs", "Jobs")(self._jobs),
            panel("backups", "Backups")(self._backups),
        )
        self.acts: dict[str, Callable[[], str]] = {EXAMINE.operation: self._examine}

    def _examine(self) -> str:
        """Run the doctor; one at a time."""
        from clawcortex.upkeep.doctor import LOOKS

        with self._examining:
            checks = self._watch.examine(LOOKS)
        failed = sum(not check.passed for check in checks)
        return f"{len(checks)} checks, {f'{failed} failed' if failed else 'all well'}."

    def _health(self, context: Context) -> Table:
        """Show the parts of the server, and what the doctor found on his last rounds."""
        del context
        parts = [
            Row((name, "ok" if state == "ready" else "wait", state, "", ""))
            for name, state in self._residence.parts().items()
        ]
        seen = [(at, one) for at, checks in list(self._watch.found.values()) for one in checks]
        found = [
            Row(
                (one.name, "ok" if one.passed else "FAIL", one.found, "" if one.passed else one.next_step, at)
            )
            for at, one in sorted(seen, key=lambda pair: pair[1].passed)
        ]
        note = "" if found else "The doctor looks every few minutes; not yet since the start."
        return Table(("Part", "", "Found", "To do", "Seen"), (*parts, *found), note, (EXAMINE,))

    def _latency(self, context: Context) -> Table:
        """Count prompts by the time from a prompt's arrival to its answer, of all prompts since the server started."""
        del context
        samples = [
            (sample.labels["le"], sample.value)
            for family in self._metrics.hook_seconds.collect()
            for sample in family.samples
            if sample.name.endswith("_bucket") and sample.labels.get("event") == PROMPT
        ]
        total = max((value for _, value in samples), default=0.0)
        rows, below = [], 0.0
        for bound, value in samples:
            inside, below = value - below, value
            label = "more" if bound == "+Inf" else f"to {float(bound) * 1000:g} ms"
            rows.append(Row((label, Share(inside / total if total else 0.0, f"{inside:.0f}"))))
        return Table(("Took", "Prompts"), tuple(rows), f"Prompts: {total:.0f}.")

    def _injected(self, context: Context) -> Table:
        """Show the newest blocks: which items, their scores and tokens, and what the budget cut. No text is kept."""
        del context
        rows = tuple(
            Row((one.at, f"{one.agent} {one.session}", one.block.tokens, _kept(one), _left(one)))
            for one in self._lately.newest()
        )
        return Table(("When", "Session", "Tokens", "Items: heading, id, score", "Left out"), rows)

    def _jobs(self, context: Context) -> Table:
        """Show what waits, runs, or was given up and why, in the order in which it came."""
        from clawcortex.upkeep.jobs import queued

        found = list(queued(cast("SqlStore", context.store)))
        cut = f"{len(found)} in all; the newest {MOST_JOBS} are shown." if len(found) > MOST_JOBS else ""
        return Table(
            ("Kind", "State", "Due", "Tries", "Error"), tuple(_job(one) for one in found[-MOST_JOBS:]), cut
        )

    def _backups(self, context: Context) -> Table:
        """Say whether there is a fresh backup, whether one was restored for a try, and where they lie."""
        from clawcortex.upkeep.backup.health import findings

        rows = tuple(
            Row((one.name, "ok" if one.passed else "FAIL", one.found, "" if one.passed else one.next_step))
            for one in findings(context.settings)
        )
        return Table(("What", "", "Found", "To do"), rows)


def _job(one: Queued) -> Row:
    due = datetime.fromisoformat(one.due) if one.due else ""
    return Row((one.kind, one.state, due, one.attempts, one.error))


def _kept(one: Injected) -> str:
    return "; ".join(f"{line.heading}: {line.id} {line.score:.2f}".strip() for line in one.block.kept)


def _left(one: Injected) -> str:
    left = f"{len(one.block.dropped)} items" if one.block.dropped else ""
    return "; ".join(part for part in (left, *one.block.notes) if part)
