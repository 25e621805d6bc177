"""Corrected three times in other words, told before the fourth prompt: the whole way, on the real OpenClaw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .house import ANN, House
from .loopback import until
from .model import ToolCall
from .telegram import Person
from .test_feedback_router import TOOL, edited, shown, tap

HEADING = "## Approved by the owner: "
LESSON = "Write mails informally, as to friends."
SAID = (
    ("Mail to Brandt", "Far too formal, we are on first-name terms"),
    ("Invitation for Lena", "Sounds like a lawyer wrote it"),
    ("Note to Tom", "So stiff! Loosen up a bit"),
)


@pytest.fixture
def phrased(house: House) -> Iterator[House]:
    """A house whose model phrases lessons, and which holds none when the test is over."""
    answer = json.dumps({"instruction": LESSON, "lines": [1, 2, 3]})
    house.model.completes("corrected their assistant several times", answer)
    yield house
    for lesson in lessons(house):
        house.ask("/v1/memory-compounding/retire", {"lesson": lesson["id"]})


def lessons(house: House) -> list[dict[str, Any]]:
    found = house.ask("/v1/memory-compounding/lessons", {"status": "active"})
    return list(found["lessons"])


def reject(house: House, title: str, reason: str, person: Person = ANN) -> str:
    """Let the model ask about a draft, the person reject it with a reason; return what the draft's prompt held."""
    before = len(house.telegram.sent)
    house.model.plan(ToolCall(TOOL, {"title": title, "category": "email"}))
    asked = house.tell(person, f"Please draft it: {title}")
    on = shown(house, title, before)
    tap(house, on, "Reject", "Why?", person)
    house.command(person, reason, "Noted, thank you")
    edited(house, on, reason)
    return asked.block


def test_the_fourth_prompt_carries_the_lesson_of_three_rejections(phrased: House) -> None:
    for title, reason in SAID:
        assert HEADING not in reject(phrased, title, reason)
    [lesson] = until(lambda: lessons(phrased), "the lesson is in force")
    assert (lesson["text"], lesson["count"], lesson["method"]) == (LESSON, 3, "model")
    reply = phrased.tell(ANN, "Please write a mail to Jonas")
    assert HEADING in reply.block
    assert LESSON in reply.block
    found = phrased.ask("/v1/memory-compounding/history", {"agent": "main", "limit": 3})["feedback"]
    assert [(one["kind"], one["subject"], one["by"]) for one in found] == [
        ("reject", title, f"telegram:{ANN.id}") for title, _ in reversed(SAID)
    ]
    phrased.new(ANN)
    assert LESSON in phrased.tell(ANN, "Good morning").block, "a new session begins with what was learned"


def test_the_model_logs_what_was_said_in_words_and_is_refused_what_is_no_kind(house: House) -> None:
    given = {"kind": "approve", "subject": "The menu for Sunday", "reason": "just right"}
    house.model.plan(ToolCall("memory_compounding_log", given))
    asked = house.tell(ANN, "The menu is just right").asked
    assert json.loads(asked[-1].results[-1])["fresh"] is True
    found = house.ask("/v1/memory-compounding/history", {"agent": "main", "limit": 1})["feedback"][0]
    assert (found["subject"], found["trusted"]) == ("The menu for Sunday", False)
    house.model.plan(ToolCall("memory_compounding_log", given | {"kind": "approvedd"}))
    refused = house.tell(ANN, "And log it again").asked[-1].results[-1]
    assert "approve, reject, edit, skip" in refused
