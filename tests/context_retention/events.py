"""OpenClaw's events as index.js sends them, for one chat."""

from __future__ import annotations

from typing import Any

from clawcortex.openclaw.payloads import Payload, parse

DM = "111"
GROUP = "-100200"


class Chat:
    """One chat on Telegram as the hooks see it."""

    def __init__(
        self, chat: str = DM, *, sender: str = "111", agent: str = "main", session: str = ""
    ) -> None:
        self.sender = sender
        self.ctx = {
            "agentId": agent, "sessionKey": session or f"agent:{agent}:main", "channel": "telegram",
            "accountId": "default", "chatId": chat, "senderId": sender, "trigger": "user", "runId": "r",
        }  # fmt: skip
        self._said = 0

    def event(self, hook: str, event: dict[str, Any], **ctx: str) -> Payload:
        """Return one event of this chat."""
        return parse(hook, {"event": event, "ctx": {**self.ctx, **ctx}})

    def dispatch(self, *, group: bool) -> Payload:
        """Return the event that tells the chat's type."""
        ctx = {"channelId": "telegram", "conversationId": self.ctx["chatId"]}
        return self.event(
            "before_dispatch", {"channel": "telegram", "content": "hi", "isGroup": group}, **ctx
        )

    def prompt(self, text: str) -> Payload:
        """Return the event before a prompt is built."""
        return self.event("before_prompt_build", {"prompt": text})

    def turn(self, said: str, answer: str = "Noted.", *, tool: str = "") -> Payload:
        """Return the event after a turn."""
        self._said += 1
        at = 1_795_000_000_000 + self._said * 60_000
        messages: list[dict[str, Any]] = [
            {
                "role": "user",
                "content": [{"type": "text", "text": said}],
                "timestamp": at,
                "idempotencyKey": f"k{self._said}",
            }
        ]
        if tool:
            messages.append(
                {"role": "toolResult", "content": [{"type": "text", "text": tool}], "timestamp": at + 1}
            )
        messages.append(
            {
                "role": "assistant",
                "content": [{"type": "text", "text": answer}],
                "timestamp": at + 2,
                "responseId": f"a{self._said}",
            }
        )
        return self.event("agent_end", {"messages": messages, "success": True})

    def compacted(self, count: int = 12) -> Payload:
        """Return the event after a compaction."""
        return self.event("after_compaction", {"messageCount": 2, "compactedCount": count})
