"""A model provider that speaks OpenAI chat completions over SSE and remembers what it was sent."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .loopback import Exchange, Loopback

MODELS = ("fake-1", "fake-2")
"""The first is everybody's, the second that of the agent `work`."""
SUMMARY = (
    "## Goal\nTalk.\n## Decisions\n- none\n## Open TODOs\n- none\n## Constraints/Rules\n- none\n"
    "## Pending user asks\n- none\n## Exact identifiers\n- none"
)
"""What OpenClaw's compaction wants back: its headings, and nothing of the conversation."""

SORTING = "one more occurrence of a mistake"
"""In the question where a correction belongs: asked in the background, it gets no planned step and is kept nowhere."""


def text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


@dataclass(frozen=True)
class Asked:
    """One request, as the model received it."""

    messages: list[dict[str, Any]] = field(repr=False)
    tools: list[dict[str, Any]] = field(default_factory=list, repr=False)
    model: str = ""

    @property
    def everything(self) -> str:
        return "\n".join(text_of(message.get("content")) for message in self.messages)

    @property
    def newest(self) -> str:
        """Return what came after the model's last words: the turn's prompt and what was put before it."""
        own = [place for place, message in enumerate(self.messages) if message["role"] == "assistant"]
        return "\n".join(text_of(one.get("content")) for one in self.messages[own[-1] + 1 if own else 1 :])

    @property
    def results(self) -> list[str]:
        """Return the tool results among the newest messages."""
        found = [message for message in self.messages if message["role"] == "tool"]
        return [text_of(message.get("content")) for message in found]

    @property
    def system(self) -> str:
        return text_of(self.messages[0].get("content"))

    @property
    def compacts(self) -> bool:
        return "<conversation>" in self.everything and "summar" in self.everything.lower()


@dataclass(frozen=True)
class ToolCall:
    """One call that the model makes instead of answering."""

    name: str
    arguments: dict[str, Any]


class FakeModel(Loopback):
    """Answer every prompt with the next planned step: a tool call or words."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.completed: list[Asked] = []
        self._plan: deque[ToolCall | str] = deque()
        self._completions: dict[str, Callable[[Asked], str]] = {}
        self._numbers = itertools.count(1)

    def plan(self, *steps: ToolCall | str) -> None:
        """Say what the next answers are."""
        with self.changed:
            self._plan.extend(steps)

    def completes(self, mark: str, answer: str | Callable[[Asked], str]) -> None:
        """Say what a completion gets whose system text holds this mark; such requests go to `completed`."""
        with self.changed:
            self._completions[mark] = answer if callable(answer) else lambda _: answer

    def turns(self) -> list[Asked]:
        """Return the requests that were not for a compaction's summary."""
        with self.changed:
            return [one for one in self.asked if not one.compacts]

    def get(self, exchange: Exchange) -> None:
        exchange.reply({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})

    def post(self, exchange: Exchange, body: dict[str, Any]) -> None:
        asked = Asked(body.get("messages", []), body.get("tools", []), str(body.get("model", "")))
        with self.changed:
            marked = next((mark for mark in self._completions if mark in asked.system), None)
            step: ToolCall | str
            if marked is None and SORTING in asked.system:
                step = "I cannot tell."
            elif marked is not None:
                self.completed.append(asked)
                step = self._completions[marked](asked)
            else:
                self.asked.append(asked)
                step = SUMMARY if asked.compacts else self._plan.popleft() if self._plan else "Well."
            number = next(self._numbers)
            self.changed.notify_all()
        exchange.send_response(200)
        exchange.send_header("content-type", "text/event-stream")
        exchange.send_header("connection", "close")
        exchange.end_headers()
        for event in _events(step, number):
            exchange.wfile.write(b"data: " + event + b"\n\n")
        exchange.close_connection = True


def _events(step: ToolCall | str, number: int) -> Iterator[bytes]:
    base = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion.chunk",
        "created": number,
        "model": "fake-1",
    }
    if isinstance(step, ToolCall):
        function = {"name": step.name, "arguments": json.dumps(step.arguments)}
        call = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
        delta: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
        end = "tool_calls"
    else:
        delta, end = {"role": "assistant", "content": step}, "stop"
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    for choice in ({"delta": delta, "finish_reason": None}, {"delta": {}, "finish_reason": end}):
        yield json.dumps({**base, "choices": [{"index": 0, **choice}]}).encode()
    yield json.dumps({**base, "choices": [], "usage": usage}).encode()
    yield b"[DONE]"
