"""Speak to the server as OpenClaw does: the same events, one private chat."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from clawcortex import client
from clawcortex.demo.sample import Sample
from clawcortex.errors import DeadlineError

SESSION_KEY = "agent:main:main"
STARTS_S = 60.0
"""A message waits half a second for the server at most; opening its store may take longer."""


@dataclass(frozen=True)
class Injected:
    """What a prompt would carry, and how long that took."""

    block: str
    milliseconds: float

    def items(self) -> list[tuple[str, str]]:
        """Return each quoted memory with where it comes from."""
        found = []
        for line in self.block.splitlines():
            source, quoted, text = line.removeprefix("- (").partition(") “")
            if line.startswith("- (") and quoted:
                found.append((source, text.removesuffix("”")))
        return found


class Chat:
    """One private Telegram chat on one kept-alive connection."""

    def __init__(self, connection: client.Connection, sample: Sample) -> None:
        self.connection = connection
        channel, account, chat = sample.chat.split(":")
        self.ctx = {
            "agentId": "main",
            "sessionKey": SESSION_KEY,
            "trigger": "user",
            "channel": channel,
            "messageProvider": channel,
            "accountId": account,
            "chatId": chat,
            "senderId": chat,
            "senderName": sample.person,
        }

    def call(self, path: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the server over the kept connection."""
        status, body = self.connection.request(path, payload)
        return client.answer(path, status, body)

    def hook(self, event: str, fields: dict[str, Any], **ctx: Any) -> dict[str, Any]:
        """Send one event."""
        return self.call(f"/v1/hooks/{event}", {"event": fields, "ctx": {**self.ctx, **ctx}})

    def open(self) -> None:
        """Let the server learn that the chat is private; again while it starts, as index.js does from the spool."""
        event = {
            "channel": self.ctx["channel"],
            "senderId": self.ctx["senderId"],
            "isGroup": False,
            "content": "hello",
        }
        ends = time.monotonic() + STARTS_S
        while True:
            try:
                self.hook("before_dispatch", event, conversationId=self.ctx["chatId"])
            except DeadlineError:
                if time.monotonic() > ends:
                    raise
            else:
                return

    def begin_session(self) -> None:
        """Do what `/new` does."""
        self.hook("session_start", {"sessionKey": SESSION_KEY, "resumedFrom": "demo"})

    def prompt(self, text: str) -> Injected:
        """Ask, and return what would stand before the question."""
        began = time.perf_counter()
        answer = self.hook("before_prompt_build", {"prompt": text, "messages": []})
        return Injected(str(answer.get("prependContext", "")), (time.perf_counter() - began) * 1000)

    def compact(self, messages: int) -> None:
        """Send the two events of a compaction."""
        self.hook("before_compaction", {"messageCount": messages, "tokenCount": 4_671})
        self.hook("after_compaction", {"messageCount": 2, "tokenCount": 485, "compactedCount": messages})
