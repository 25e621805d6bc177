"""A person's days in Berlin, said to the store and summed up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clawcortex.openclaw.host import Agent
from clawcortex.periods import Kind, hour_of
from clawcortex.settings import Settings
from clawcortex.skills.context import Context
from clawcortex.testing import FakeHost
from context_retention import operations as op
from context_retention import shapes
from context_retention.summaries.kept import read
from context_retention.summaries.operation import summarize
from context_retention.summaries.shapes import Summarized, SummarizeInput, Summary

from .conftest import Asking

FRIDAY = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
"""Nine o'clock in Berlin."""
DM = {"chat": "telegram:default:111", "sender": "111", "chat_type": "private"}
BOBS = {"chat": "telegram:default:222", "sender": "222", "chat_type": "private"}
GROUP = {"chat": "telegram:default:-100", "sender": "222", "chat_type": "group"}


class Days:
    """One agent with a workspace, and the time it is."""

    def __init__(
        self, asking: Asking, workspace: Path, *, host: FakeHost | None = None, **settings: Any
    ) -> None:
        workspace.mkdir(parents=True, exist_ok=True)
        self.workspace = workspace
        self.host = host or FakeHost(agents=[Agent("main", workspace)])
        self._asking = asking
        self._settings = Settings(**{"timezone": "Europe/Berlin", **settings})

    def at(self, now: datetime, host: FakeHost | None = None) -> Context:
        """Return the owner's context at a time."""
        made = self._asking(settings=self._settings, now=now)
        return replace(made, resources=replace(made.resources, host=host or self.host))

    def say(self, at: datetime, text: str, speaker: str = "Ann", **more: Any) -> str:
        """Store one turn and return its id."""
        who = "agent" if speaker == "main" else "owner"
        given = {"provenance": who, "speaker": speaker, "timestamp": at, **DM, **more}
        return op.capture(self.at(at), shapes.CaptureInput(text=text, **given)).id

    def talk(self, begin: datetime, texts: Iterable[str]) -> list[str]:
        """Let Ann and the agent take turns, a minute apart."""
        return [
            self.say(begin + timedelta(minutes=number), text, ("Ann", "main")[number % 2])
            for number, text in enumerate(texts)
        ]

    def run(self, now: datetime, period: Kind = "hour", **more: Any) -> Summarized:
        """Run the job at a time."""
        host = more.pop("host", None)
        return summarize(self.at(now, host), SummarizeInput(period=period, **more))

    def hour(self, at: datetime) -> Summary:
        """Return the summary of the hour that a moment lies in."""
        context = self.at(at)
        found = read(context, "main", "hour", hour_of(at, context.local).key)
        assert found is not None
        return found

    def files(self) -> dict[str, bytes]:
        """Return every file of the workspace."""
        found = sorted(path for path in self.workspace.rglob("*") if path.is_file())
        return {str(path.relative_to(self.workspace)): path.read_bytes() for path in found}

    def text(self, name: str) -> str:
        """Return one file of the memory folder."""
        return (self.workspace / "memory" / name).read_text(encoding="utf-8")
