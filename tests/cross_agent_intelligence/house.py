"""A house with this skill alone: two agents, people who write to them, a clock that is moved by hand."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.models.base import Embedder
from clawcortex.models.hash import HashEmbedder
from clawcortex.openclaw.host import Agent
from clawcortex.openclaw.payloads import Payload, parse
from clawcortex.server.composer import Block, compose
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context, Resources
from clawcortex.skills.contribution import Contribution
from clawcortex.skills.known import CHATS
from clawcortex.store.base import Store
from clawcortex.store.index import Index
from clawcortex.store.opening import open_store
from clawcortex.store.records import Added, ChatType, NewEvent, NewMemory, Provenance, Scope, Selection
from clawcortex.testing import FakeHost, FrozenClock
from clawcortex.text.terms import terms
from cross_agent_intelligence import knowledge, operations, shapes, skill
from cross_agent_intelligence.recognising.shapes import Kind
from cross_agent_intelligence.records import RAISED, Signal, every
from cross_agent_intelligence.resolving.shapes import Entity

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LOG = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})
ANN, BOB = "111", "222"
NAMES: dict[str, Kind] = {"Acme": "company", "Brandt": "person", "Falcon": "project"}


@dataclass
class House:
    """What a test needs of the skill, without a server."""

    store: Store
    embedder: Embedder
    index: Index
    clock: FrozenClock
    folder: Path
    host: FakeHost
    settings: Settings
    said: list[Added] = field(default_factory=list)

    def context(self, caller: Caller | None = None) -> Context:
        """Return the owner's context, or somebody else's."""
        resources = Resources(
            settings=self.settings,
            store=self.store,
            index=self.index,
            embedder=self.embedder,
            clock=self.clock,
            wake=lambda: None,
            drain=lambda: None,
            host=self.host,
        )
        return Context(resources, caller or Caller("cli", trusted=True), LOG)

    def as_agent(self, agent: str, who: str = ANN, chat: str = "") -> Context:
        """Return the context of a tool that an agent calls in somebody's chat."""
        scope = self.scope(agent, who, chat)
        return self.context(Caller("tool", scope, actor=f"agent:{agent}"))

    def set(self, **settings: Any) -> None:
        """Change settings."""
        self.settings = Settings(**{**self.settings.model_dump(exclude_defaults=True), **settings})

    def scope(self, agent: str, who: str = ANN, chat: str = "") -> Scope:
        """Return where a person writes to an agent: in private, or in a group."""
        kind = ChatType.GROUP if chat else ChatType.PRIVATE
        where = Scope(agent, "telegram", "default", chat or who, who, kind)
        self.store.put_record(CHATS, f"telegram:default:{where.chat}", {"type": kind.value})
        return where

    def say(
        self,
        agent: str,
        text: str,
        who: str = ANN,
        chat: str = "",
        provenance: Provenance = Provenance.OWNER,
        importance: float = 0.4,
    ) -> int:
        """Let somebody tell an agent something a minute after the last, and let the skill follow; return its `n`."""
        at = self.clock.advance(minutes=1)
        made = NewMemory(
            text=text,
            key=f"{at.isoformat()}|{agent}|{who}",
            created_at=at,
            scope=self.scope(agent, who, chat),
            session=f"{agent}#{who}",
            speaker={ANN: "Ann", BOB: "Bob"}[who] if provenance is Provenance.OWNER else agent,
            provenance=provenance,
            importance=importance,
            terms=tuple(terms(text)),
        )
        [added] = self.store.add([made])
        self.said.append(added)
        self.follow()
        return added.n

    def tell(self, *events: NewEvent) -> None:
        """Add events to the log."""
        for one in events:
            self.store.append_event(one.kind, one.payload)

    def forget(self, n: int) -> None:
        """Forget a memory, and let the skill follow."""
        self.store.delete(Selection(positions=(n,)))
        self.follow()

    def follow(self) -> None:
        """Do what the server does: embed, then chores, consumers and jobs, until nothing is left."""
        while waiting := self.store.unembedded(self.embedder.model, limit=64):
            numbers, texts = zip(*waiting, strict=True)
            self.store.put_vectors(self.embedder.model, numbers, self.embedder.encode(texts))
        for chore in skill.chores:
            while chore.run(self.context()):
                pass
        for consumer in skill.consumers:
            for event in self.store.read_events(consumer.name, kinds=consumer.kinds):
                consumer.run(self.context(), event)
                self.store.ack_events(consumer.name, event.seq)
        kinds = {task.kind: task.lease_s for task in skill.tasks}
        while job := self.store.lease(kinds):
            next(task for task in skill.tasks if task.kind == job.kind).run(self.context(), job.payload)
            self.store.finish(job)

    def know(self, names: dict[str, Kind]) -> None:
        """Let a person have confirmed these names."""
        for name, kind in names.items():
            self.keep(Entity(f"e-{name.casefold()}", name, kind, {name: 1}, 1, confirmed=True))

    def keep(self, entity: Entity) -> None:
        """Let an entity be known."""
        self.store.put_record(knowledge.ENTITIES, entity.id, asdict(entity) | {"version": 1})
        knowledge.forget(self.context())

    def signals(self) -> list[Signal]:
        """Return all signals in order of time."""
        return [one for _, one in every(self.context(), RAISED, Signal)]

    def shown(self, context: Context | None = None, **wanted: Any) -> list[shapes.ShownSignal]:
        """Return the signals that somebody is shown."""
        return operations.signals(context or self.context(), shapes.SignalsInput(**wanted)).signals

    def prompt(self, agent: str, who: str = ANN, chat: str = "", text: str = "hello") -> Block:
        """Return the block before a prompt; it is delivered."""
        self.scope(agent, who, chat)
        payload = event(agent, who, chat or who, text)
        found = [
            one.run(self.context(), payload) for one in skill.hooks if one.event == "before_prompt_build"
        ]
        parts = [part for part in found if isinstance(part, Contribution)]
        block = compose(parts, budget=self.settings.prompt_tokens, nonce="0" * 16)
        for part in parts:
            if part.delivered is not None:
                part.delivered(block.placed)
        return block

    def filed(self) -> dict[str, Any]:
        """Return what stands in cross-signals.json some seconds later."""
        self.clock.advance(seconds=5)
        self.follow()
        found: dict[str, Any] = json.loads((self.folder / "cross-signals.json").read_text(encoding="utf-8"))
        return found

    def events(self, kind: str) -> list[dict[str, object]]:
        """Return the payloads of all events of a kind."""
        return [one.payload for one in self.store.read_events("tests", kinds=(kind,), limit=1_000)]


def event(agent: str, who: str, chat: str, text: str, hook: str = "before_prompt_build") -> Payload:
    """Return an event of OpenClaw as index.js sends it."""
    ctx = {
        "agentId": agent, "sessionKey": f"agent:{agent}:main", "channel": "telegram", "accountId": "default",
        "chatId": chat, "senderId": who, "trigger": "user", "runId": "r",
    }  # fmt: skip
    return parse(hook, {"event": {"prompt": text}, "ctx": ctx})


def made(folder: Path, embedder: Embedder | None = None, **settings: Any) -> House:
    """Return a house whose workspace exists; it knows a few names."""
    folder.mkdir(exist_ok=True)
    model = embedder or HashEmbedder()
    chosen = Settings(**{"timezone": "Europe/Berlin", **settings})
    store = open_store(chosen)
    index = Index(store, model.model, model.dimensions, flat_limit=1_000, snapshot_folder=paths.cache_dir())
    host = FakeHost(agents=[Agent("main", folder), Agent("work", folder / "work")])
    house = House(store, model, index, FrozenClock(MONDAY), folder, host, chosen)
    house.know(NAMES)
    return house
