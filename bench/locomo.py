"""Read a LoCoMo file (snap-research/locomo, CC BY-NC 4.0). The data itself is no part of this project."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")
_SESSION = re.compile(r"session_(\d+)")


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn; `ref` names the conversation and the turn in it."""

    ref: str
    speaker: str
    text: str
    caption: str
    """What the shared photo shows, as an image model says; empty without a photo."""
    at: datetime
    session: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question and the turns that answer it, by `ref`."""

    text: str
    category: int
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A talk of two people over months."""

    name: str
    speakers: tuple[str, str]
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]
    """Those whose evidence names turns that exist."""

    @property
    def end(self) -> datetime:
        """Return when the questions are asked: a day after the last turn."""
        return self.turns[-1].at + timedelta(days=1)


def turn_text(turn: Turn) -> str:
    """Return a turn as a chat shows it to an assistant, with what a shared photo shows."""
    photo = f"[photo: {turn.caption}]" if turn.caption else ""
    return f"{turn.text} {photo}".strip() or "."


def _turns(name: str, talk: dict[str, Any]) -> tuple[Turn, ...]:
    numbers = sorted(int(found[1]) for key in talk if (found := _SESSION.fullmatch(key)))
    turns = []
    for number in numbers:
        start = datetime.strptime(talk[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y").replace(
            tzinfo=UTC
        )
        for i, said in enumerate(talk[f"session_{number}"]):
            at = start + timedelta(seconds=30 * i)
            ref = f"{name}/{said['dia_id']}"
            turns.append(
                Turn(
                    ref, said["speaker"], said["text"], said.get("blip_caption") or "", at, f"{name}/{number}"
                )
            )
    return tuple(turns)


def _questions(name: str, asked: list[dict[str, Any]], known: set[str]) -> tuple[Question, ...]:
    questions = []
    for one in asked:
        named = _EVIDENCE.findall(" ".join(one.get("evidence") or ()))
        refs = dict.fromkeys(f"{name}/D{int(session)}:{int(turn)}" for session, turn in named)
        evidence = tuple(ref for ref in refs if ref in known)
        if evidence:
            questions.append(Question(one["question"], one["category"], evidence))
    return tuple(questions)


def load(file: str) -> list[Conversation]:
    """Return the conversations of a LoCoMo file."""
    found = []
    for one in json.loads(Path(file).read_text(encoding="utf-8")):
        name, talk = one["sample_id"], one["conversation"]
        turns = _turns(name, talk)
        questions = _questions(name, one["qa"], {turn.ref for turn in turns})
        found.append(Conversation(name, (talk["speaker_a"], talk["speaker_b"]), turns, questions))
    return found
