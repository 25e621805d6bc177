"""A desk with this skill alone: a store, a model with a script, and what was told on the way."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context, Progress, Resources
from clawcortex.store.base import Store
from clawcortex.store.records import Scope
from clawcortex.testing import FakeHost, FrozenClock, Scripted
from recursive_prompting import operations, shapes

if TYPE_CHECKING:
    from clawcortex.models.base import Embedder
    from clawcortex.store.index import Index

LOG = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})


def issue(
    quote: str, problem: str = "it is wrong", severity: str = "serious", fix: str = ""
) -> dict[str, str]:
    return {"severity": severity, "quote": quote, "problem": problem, "fix": fix}


def critique(*issues: dict[str, str]) -> str:
    """Return a critic's answer."""
    return json.dumps({"issues": issues})


FINE = critique()


@dataclass
class Desk:
    """What a test needs of the skill, without a server."""

    store: Store
    host: FakeHost
    clock: FrozenClock = field(default_factory=FrozenClock)
    settings: Settings = field(default_factory=lambda: Settings(timezone="UTC"))
    told: list[shapes.Step] = field(default_factory=list)

    def context(self, agent: str = "") -> Context:
        """Return the owner's context, or that of an agent's tool call."""
        resources = Resources(
            settings=self.settings,
            store=self.store,
            index=cast("Index", None),
            embedder=cast("Embedder", None),  # this skill asks no memories
            clock=self.clock,
            wake=lambda: None,
            drain=lambda: None,
            host=self.host,
        )
        owner = Caller("cli", trusted=True)
        caller = Caller("tool", Scope(agent=agent), actor=f"agent:{agent}") if agent else owner
        return Context(resources, caller, LOG, tell=self.hear)

    def hear(self, progress: Progress) -> None:
        assert isinstance(progress, shapes.Step)
        self.told.append(progress)

    def script(self, *answers: Scripted) -> None:
        """Give the model its next answers."""
        self.host.script.extend(answers)

    def refine(
        self, prompt: str = "Say it.", *answers: Scripted, agent: str = "", **given: Any
    ) -> shapes.RefineOutput:
        """Refine with these answers of the model."""
        self.script(*answers)
        request = shapes.RefineInput.model_validate({"prompt": prompt, **given})
        return operations.refine(self.context(agent), request)

    def runs(self, **given: Any) -> tuple[shapes.Run, ...]:
        return operations.history(self.context(), shapes.HistoryInput(**given)).runs
