"""A house with this skill alone: a store, a clock that is moved by hand."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from clawcortex.models.base import Embedder
from clawcortex.openclaw.host import Agent, Completion
from clawcortex.openclaw.payloads import Payload, parse
from clawcortex.server.composer import Block, compose
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context, Resources
from clawcortex.skills.contribution import Contribution
from clawcortex.skills.events import DecisionAnswered, DecisionExplained
from clawcortex.skills.known import learn_chat_type
from clawcortex.store.base import Store
from clawcortex.store.records import ChatType, Event, NewEvent, Scope
from clawcortex.testing import FakeHost, FrozenClock, Scripted
from memory_compounding import kept, prompt, skill
from memory_compounding.kept import FEEDBACK, LESSONS, MISTAKES
from memory_compounding.shapes import Feedback, Lesson, Mistake

if TYPE_CHECKING:
    from clawcortex.store.index import Index

ANN = Scope("main", "telegram", "default", "111", "111", ChatType.PRIVATE)
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
LOG = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})


class TwoModels(FakeHost):
    """A host whose model for where a correction belongs has a script of its own: that is asked in between."""

    sorter: FakeHost

    def complete(self, system: str, prompt: str, *, purpose: str, **more: Any) -> Completion:
        """Return the next answer of the script that this purpose has."""
        if purpose == "sort":
            return self.sorter.complete(system, prompt, purpose=purpose, **more)
        return super().complete(system, prompt, purpose=purpose, **more)


@dataclass
class House:
    """What a test needs of the skill, without a server."""

    store: Store
    embedder: Embedder
    clock: FrozenClock
    workspace: Path
    host: TwoModels
    settings: Settings
    decided: int = 0

    def context(self, caller: Caller | None = None) -> Context:
        """Return the owner's context, or somebody else's."""
        resources = Resources(
            settings=self.settings,
            store=self.store,
            index=cast("Index", None),  # this skill asks no memories
            embedder=self.embedder,
            clock=self.clock,
            wake=lambda: None,
            drain=lambda: None,
            host=self.host,
        )
        return Context(resources, caller or Caller("cli", trusted=True), LOG)

    def agents(self, agent: str = "main") -> Context:
        """Return the context of an agent's tool call."""
        return self.context(Caller("tool", Scope(agent=agent), actor=f"agent:{agent}"))

    def set(self, **settings: Any) -> None:
        """Change settings."""
        self.settings = self.settings.model_copy(update=settings)

    def script(self, *answers: Scripted) -> None:
        """Give the agent's model its next answers."""
        self.host.script.extend(answers)

    def sort(self, *answers: Scripted) -> None:
        """Say what the agent's model answers next to where a correction belongs."""
        self.host.sorter.script.extend(answers)

    def tell(self, *events: NewEvent) -> None:
        """Add events to the log, and let the consumers and the queue follow."""
        for event in events:
            self.store.append_event(event.kind, event.payload)
        self.follow()

    def follow(self) -> None:
        """Do what the server does: tell the consumers, then do the jobs, until nothing is left."""
        while any(self._told(consumer.name) for consumer in skill.consumers):
            pass
        kinds = {task.kind: task.lease_s for task in skill.tasks}
        while job := self.store.lease(kinds):
            next(task for task in skill.tasks if task.kind == job.kind).run(self.context(), job.payload)
            self.store.finish(job)

    def _told(self, name: str) -> bool:
        consumer = next(one for one in skill.consumers if one.name == name)
        events = self.store.read_events(name, kinds=consumer.kinds)
        for event in events:
            consumer.run(self.context(), event)
            self.store.ack_events(name, event.seq)
        return bool(events)

    def again(self, events: Sequence[Event]) -> None:
        """Tell events again to whoever listens to their kind."""
        for event in events:
            for consumer in skill.consumers:
                if event.kind in consumer.kinds:
                    consumer.run(self.context(), event)

    def decide(self, choice: str, reason: str = "", **more: Any) -> DecisionAnswered:
        """Tell of one decision, a minute after the last."""
        self.decided += 1
        at = self.clock.advance(minutes=1)
        answered = answer(f"ask{self.decided}", choice, reason, at, **more)
        self.tell(answered.new())
        return answered

    def explain(self, ask_id: str, reason: str) -> None:
        """Tell of a reason that came later."""
        self.tell(DecisionExplained(ask_id=ask_id, reason=reason).new())

    def prompt(
        self, text: str = "hello", *, agent: str = "main", session: str = "", chat: str = ANN.chat
    ) -> Block:
        """Return the block before a prompt, and what follows when it was delivered."""
        part = self.reminded(text, agent=agent, session=session, chat=chat)
        parts = [part] if isinstance(part, Contribution) else []
        block = compose(parts, budget=self.settings.prompt_tokens, nonce="0" * 16)
        for one in parts:
            if one.delivered is not None:
                one.delivered(block.placed)
        return block

    def reminded(
        self, text: str, *, agent: str = "main", session: str = "", chat: str = ANN.chat
    ) -> Contribution | None:
        """Return what the hook contributes to a prompt."""
        payload = event("before_prompt_build", {"prompt": text}, agent, session, chat)
        found: Contribution | None = prompt.remind.run(self.context(), payload)
        return found

    def feedback(self) -> list[Feedback]:
        """Return all feedback in order of time."""
        return kept.every(self.context(), FEEDBACK, Feedback)

    def mistakes(self) -> dict[str, Mistake]:
        """Return all mistakes."""
        return {one.key: one for one in kept.every(self.context(), MISTAKES, Mistake)}

    def lessons(self) -> list[Lesson]:
        """Return all lessons, the oldest first."""
        return sorted(kept.every(self.context(), LESSONS, Lesson), key=lambda one: one.promoted_at)


def event(
    hook: str, body: dict[str, Any], agent: str = "main", session: str = "", chat: str = ANN.chat
) -> Payload:
    """Return an event of OpenClaw as index.js sends it."""
    ctx = {
        "agentId": agent, "sessionKey": session or f"agent:{agent}:main", "channel": "telegram",
        "accountId": "default", "chatId": chat, "senderId": "111", "trigger": "user", "runId": "r",
    }  # fmt: skip
    return parse(hook, {"event": body, "ctx": ctx})


def answer(ask_id: str, choice: str, reason: str, at: datetime, **more: Any) -> DecisionAnswered:
    """Return a decision as the router tells of it."""
    given: dict[str, Any] = {
        "agent": "main", "title": "Mail to Brandt", "category": "email", "by": "telegram:111", "via": "button",
        "asked_at": at, "answered_at": at,
    }  # fmt: skip
    return DecisionAnswered(ask_id=ask_id, choice=choice, reason=reason, **given | more)


def made(store: Store, embedder: Embedder, workspace: Path) -> House:
    """Return a house whose workspace exists."""
    workspace.mkdir(exist_ok=True)
    settings = Settings(timezone="Europe/Berlin")
    host = TwoModels(agents=[Agent("main", workspace), Agent("sales", workspace)])
    host.sorter = FakeHost()
    house = House(store, embedder, FrozenClock(MONDAY), workspace, host, settings)
    learn_chat_type(house.context(), ANN)
    return house
