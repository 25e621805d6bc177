"""How the tests of voice notes bring recordings and let the server's threads do their work, one step after another."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clawcortex.openclaw.host import Agent
from clawcortex.openclaw.payloads import parse
from clawcortex.server.consumers import Consumers
from clawcortex.server.hooks import _caller
from clawcortex.server.resources import Opened, Residence
from clawcortex.server.tasks import run_one
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context
from clawcortex.skills.contribution import Contribution
from clawcortex.skills.registry import Registry
from clawcortex.store.records import ChatType
from clawcortex.testing import FakeHost, FakeTranscriber, FrozenClock
from voice_pipeline import skill
from voice_pipeline.notes.copying import copy_of
from voice_pipeline.notes.intake import take
from voice_pipeline.notes.keeping import find_note
from voice_pipeline.notes.records import Note, Origin
from voice_pipeline.notes.telling import SAY

OFFER = "Ben has to send the offer by Friday."
LONG_AGO = datetime(2020, 5, 4, 9, 0, tzinfo=UTC)
"""A Monday. What is due some time after it is due for the store, whose clock is the machine's."""
ANN = Origin(channel="telegram", chat="111", sender="111", chat_type=ChatType.PRIVATE, agent="main")
CHAT = {"agentId": "main", "channel": "telegram", "accountId": "default", "chatId": "111", "senderId": "111"}


class Desk:
    """A server's voice notes: a store, a workspace, a chat, and ears that hear what the test says."""

    def __init__(
        self, residence: Residence, folder: Path, *said: Any, at: datetime = LONG_AGO, **given: Any
    ) -> None:
        self.workspace = folder / "ws"
        self.workspace.mkdir(exist_ok=True)
        self.ears = FakeTranscriber(*said)
        self.host = FakeHost(agents=[Agent("main", self.workspace)])
        self.clock = FrozenClock(at)
        resources = replace(
            residence.opened().resources,
            hears=given.pop("hears", self.ears),
            settings=Settings(embedding_backend="hash", timezone="Europe/Berlin", **given),
            clock=self.clock,
            host=self.host,
        )
        self.opened = Opened(resources, Registry({skill.name: skill}))
        self._consumers = Consumers(residence, count=lambda *_: None, failed=lambda: None)
        residence._opened = self.opened

    @property
    def context(self) -> Context:
        """Return the owner's call."""
        log = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})
        return Context(self.opened.resources, Caller("cli", trusted=True), log)

    def bring(self, recording: bytes | Path = b"a recording", **given: Any) -> Note:
        """Take a recording of Ann's."""
        named: dict[str, Any] = {"name": "note.ogg", "source": "chat", "origin": ANN}
        return take(self.context, recording, **{**named, **given})

    def work(self, *, saying: bool = False) -> None:
        """Let jobs and consumers run until nothing is left to do; messages are sent only with `saying`."""
        quiet = replace(skill, tasks=[one for one in skill.tasks if saying or one.kind != SAY])
        opened = Opened(self.opened.resources, Registry({skill.name: quiet}))
        while any([run_one(opened, slow=True), self._consumers.tell(opened), run_one(opened)]):
            pass

    def work_messages(self) -> None:
        """Let what is to be sent be sent, and nothing else be done."""
        sending = replace(skill, tasks=[one for one in skill.tasks if one.kind == SAY])
        opened = Opened(self.opened.resources, Registry({skill.name: sending}))
        while run_one(opened):
            pass

    def hear_once(self) -> None:
        """Let one note be heard, or not."""
        assert run_one(self.opened, slow=True)

    def note(self, note: Note) -> Note:
        """Return a note as it is now."""
        held = find_note(self.context, note.id)
        assert held is not None
        return held.value

    def kept(self, note: Note) -> bool:
        """Return whether the recording is still kept."""
        return copy_of(note.id).exists()

    def later(self, **by: float) -> None:
        """Let time go by."""
        self.clock.advance(**by)

    # what OpenClaw tells
    def hook(self, event: str, body: dict[str, Any]) -> list[Any]:
        """Run the hooks of an event, as the server does; return what they gave."""
        payload = parse(event, body)
        context = replace(self.context, caller=_caller(payload))
        return [one.run(context, payload) for one in skill.hooks if one.event == event]

    def arrives(self, text: str, *, sender: str = "111", chat: str = "111", group: bool = False) -> None:
        """Let a message reach OpenClaw's agent."""
        event = {"channel": "telegram", "content": text, "senderId": sender, "isGroup": group}
        ctx = {"sessionKey": "agent:main:main", "accountId": "default", "conversationId": chat}
        self.hook("before_dispatch", {"event": event, "ctx": ctx})

    def prompt(self, run: str = "r1", chat: str = "111") -> list[str]:
        """Return what the notes add to a prompt of a chat; it is delivered."""
        ctx = {**CHAT, "chatId": chat, "runId": run, "sessionKey": "agent:main:main"}
        found = self.hook("before_prompt_build", {"event": {"prompt": "…"}, "ctx": ctx})
        parts = [one for one in found if isinstance(one, Contribution) and one.approved]
        for part in parts:
            assert part.delivered is not None
            part.delivered([item.id for item in part.items])
        return [item.text for part in parts for item in part.items]

    def replies(self, text: str, run: str = "r1", chat: str = "111") -> None:
        """Let a turn end with this reply."""
        said: Sequence[tuple[str, str]] = (("user", "…"), ("assistant", text))
        messages = [{"role": role, "content": [{"type": "text", "text": words}]} for role, words in said]
        ctx = {**CHAT, "chatId": chat, "runId": run, "sessionKey": "agent:main:main"}
        self.hook("agent_end", {"event": {"messages": messages, "success": True}, "ctx": ctx})

    @property
    def said(self) -> list[str]:
        """Return the messages that were sent."""
        return [one.text for one in self.host.told]

    @property
    def priorities(self) -> str:
        """Return the list, empty as long as there is none."""
        path = self.workspace / "PRIORITIES.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def drop(self, name: str, content: bytes = b"a recording") -> Path:
        """Put a file into voice/incoming, long ago."""
        folder = self.workspace / "voice" / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(content)
        settle(path, self.clock())
        return path


def settle(path: Path, now: datetime) -> None:
    """Let a file be old enough to be whole."""
    at = (now - timedelta(minutes=1)).timestamp()
    os.utime(path, (at, at), follow_symlinks=False)
