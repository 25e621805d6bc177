"""The shipped conversation: one person, one assistant, three weeks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Question:
    """What is asked, and what must come back for the demo to succeed."""

    ask: str
    expect: tuple[str, ...]
    outdated: str = ""
    """Words of a memory that is no longer true; it must not come first."""


@dataclass(frozen=True)
class Session:
    """One conversation of the sample."""

    title: str
    start: datetime
    turns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sample:
    """The conversation and the questions."""

    person: str
    assistant: str
    chat: str
    sessions: tuple[Session, ...]
    questions: tuple[Question, ...]
    unknown: str
    """A question that nothing here answers."""
    compaction: Question

    def captures(self, session_key: str) -> Iterator[dict[str, Any]]:
        """Yield every turn as the input of `capture`, sessions named as OpenClaw's hooks name them."""
        sender = self.chat.rpartition(":")[2]
        for number, session in enumerate(self.sessions):
            for place, (speaker, text) in enumerate(session.turns):
                yield {
                    "text": text,
                    "speaker": speaker,
                    "timestamp": (session.start + timedelta(minutes=place)).isoformat(),
                    "session": f"{session_key}#{number}",
                    "source_ref": f"session {number + 1}, turn {place + 1}",
                    "chat": self.chat,
                    "chat_type": "private",
                    "sender": sender,
                    "provenance": "owner" if speaker == self.person else "agent",
                }


def read_sample(now: datetime) -> Sample:
    """Read the sample with its days counted back from now, so that it never grows old."""
    kept = json.loads((Path(__file__).parent / "sample.json").read_text(encoding="utf-8"))
    sessions = tuple(
        Session(
            title=one["title"],
            start=_start(now, one["days_ago"], one["at"], len(one["turns"])),
            turns=tuple((turn["speaker"], turn["text"]) for turn in one["turns"]),
        )
        for one in kept["sessions"]
    )
    questions = tuple(
        Question(one["ask"], (one["expect"],), one.get("outdated", "")) for one in kept["questions"]
    )
    compaction = Question(kept["compaction"]["ask"], tuple(kept["compaction"]["expect"]))
    return Sample(
        kept["person"], kept["assistant"], kept["chat"], sessions, questions, kept["unknown"], compaction
    )


def _start(now: datetime, days_ago: int, at: str, turns: int) -> datetime:
    if at == "now":  # the running conversation ends this minute
        return now - timedelta(minutes=turns)
    return datetime.combine(now.date() - timedelta(days=days_ago), time.fromisoformat(at), now.tzinfo)
