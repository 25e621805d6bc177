"""A desk: the router over a real store, with a host that keeps what it is told and a clock that the test moves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawcortex.openclaw import payloads
from clawcortex.openclaw.host import Agent
from clawcortex.server.consumers import Consumers
from clawcortex.server.resources import Opened, Residence
from clawcortex.server.tasks import run_one
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context
from clawcortex.skills.contribution import Contribution
from clawcortex.skills.registry import Registry
from clawcortex.store.records import ChatType, Event, Scope
from clawcortex.store.sql import times
from clawcortex.testing import FakeHost, FrozenClock, Told
from feedback_router import hooks, operations
from feedback_router.shapes import AskInput, AskOutput

from .asks import NOW

ALL = "the tests' own consumer"


class Desk:
    """The router and everybody around it."""

    def __init__(self, residence: Residence, clock: FrozenClock, workspace: Path, **settings: Any) -> None:
        self.clock = clock
        self.host = FakeHost(agents=[Agent("main", workspace), Agent("work", workspace / "work")])
        given = {"embedding_backend": "hash", "timezone": "UTC", **settings}
        resources = replace(
            residence.opened().resources, settings=Settings(**given), clock=clock, host=self.host
        )
        self.drained: list[Callable[[], object]] = []
        self.opened = Opened(
            replace(resources, drain=self._drain), Registry({"feedback-router": operations.skill})
        )
        residence._opened = self.opened
        self.store = resources.store
        self._consumers = Consumers(residence, count=lambda *_: None, failed=lambda: None)

    def _drain(self) -> None:
        while self.drained:
            self.drained.pop(0)()

    def context(self, scope: Scope | None = None) -> Context:
        """Return the owner's context, or an agent's in a chat."""
        caller = (
            Caller("cli", trusted=True)
            if scope is None
            else Caller("tool", scope, actor=f"agent:{scope.agent}")
        )
        log = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})
        return Context(self.opened.resources, caller, log)

    def ask(self, title: str = "Deploy?", *, scope: Scope | None = None, **given: Any) -> AskOutput:
        """Ask as an agent in a chat, or as the owner."""
        return operations.ask(self.context(scope), AskInput(title=title, **given))

    def press(
        self,
        ask: str,
        option: str = "approve",
        *,
        by: str = "111",
        chat: str = "",
        minutes_ago: float = 0,
        **event: Any,
    ) -> str:
        """Press a button and return what the person is told; nothing for a button that is not ours."""
        at = self.clock.moment.timestamp() - 60 * minutes_ago
        body = {
            "channel": "telegram",
            "accountId": "default",
            "chatId": chat or by,
            "senderId": by,
            "senderName": {"111": "Ann", "222": "Bob"}.get(by, ""),
            "isGroup": chat.startswith("-"),
            "isAuthorized": True,
            "value": f"clawcortex:{ask}:{option}",
            "messageId": "1001",
            "pressedAt": int(at * 1000),
            **event,
        }
        pressed: Any = payloads.parse("button_pressed", {"event": body, "ctx": {}})
        reply = hooks.take_press.run(self.context(pressed.scope()), pressed)
        return str(reply.text) if reply else ""

    def say(self, text: str, *, by: str = "111", chat: str = "", channel: str = "telegram") -> str | None:
        """Write a message and return what the router answers; None when it goes to the agent."""
        event = {"channel": channel, "content": text, "senderId": by, "isGroup": chat.startswith("-")}
        ctx = {"sessionKey": "agent:main:main", "conversationId": chat or by, "accountId": "default"}
        message: Any = payloads.parse("before_dispatch", {"event": event, "ctx": ctx})
        claim = hooks.take_reply.run(self.context(message.scope()), message)
        return str(claim.text) if claim else None

    def prompt(self, *, chat: str = "111", agent: str = "main", fits: int = 99) -> list[str]:
        """Return what an agent is told with its next prompt in a chat, of which so many items fit."""
        ctx = {
            "agentId": agent,
            "channel": "telegram",
            "accountId": "default",
            "chatId": chat,
            "senderId": "111",
        }
        event: Any = payloads.parse("before_prompt_build", {"event": {"prompt": "hi"}, "ctx": ctx})
        part = hooks.tell_decisions.run(self.context(event.scope()), event)
        if part is None:
            return []
        assert isinstance(part, Contribution)
        assert part.delivered is not None
        placed = part.items[:fits]
        part.delivered({one.id for one in placed})
        return [item.text for item in placed]

    def work(self, **later: float) -> list[Told]:
        """Let time pass and everything due happen; return what was sent and edited."""
        if later:
            self.clock.advance(**later)
        before = len(self.host.told)
        while self._consumers.tell(self.opened) or run_one(self.opened):
            pass
        return self.host.told[before:]

    def events(self, kind: str = "") -> list[Event]:
        """Return the events so far."""
        return self.store.read_events(ALL, kinds=(kind,) if kind else (), limit=10_000)


DeskOf = Callable[..., Desk]


@pytest.fixture
def desk_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskOf]:
    """Make a desk with settings of its own."""
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    clock = FrozenClock(NOW)
    monkeypatch.setattr(times, "now", lambda: times.stamp(clock()))  # the machine's clock, as jobs see it
    opened: list[Residence] = []

    def make(**settings: Any) -> Desk:
        residence = Residence(Settings(embedding_backend="hash"), wake=lambda: None, drain=lambda: None)
        residence._open()
        opened.append(residence)
        return Desk(residence, clock, tmp_path / "workspace", **settings)

    yield make
    for residence in opened:
        residence.close()


@pytest.fixture
def desk(desk_of: DeskOf) -> Desk:
    """Return a desk whose owner is Ann."""
    return desk_of(owners=("telegram:111",))


@pytest.fixture
def chat() -> Scope:
    """Return Ann's private chat with the agent `main`."""
    return Scope("main", "telegram", "default", "111", "111", ChatType.UNKNOWN)
