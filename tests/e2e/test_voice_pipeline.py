"""Said in a chat, on the list, told to the agents: PRIORITIES.md on the real OpenClaw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from .house import ANN, BOB, FAMILY, WORK, House
from .model import ToolCall

FIRST, CHANGED = "## What comes first on the person's list", "## Changed on the person's list"
SAID = "Okay, uh, the launch comes first. Ben has to send the offer by the fifth of March 2031."


@pytest.fixture
def listed(house: House) -> Iterator[Path]:
    """Return the shared list, with nothing on it before and after."""
    path = house.folder / "ws-main" / "PRIORITIES.md"
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


def test_what_is_said_in_a_chat_is_listed_and_told_at_the_next_sessions_first_prompt(
    house: House, listed: Path
) -> None:
    house.model.plan(ToolCall("voice_pipeline_update", {"text": SAID}))
    done = json.loads(house.tell(ANN, SAID).asked[-1].results[-1])
    assert [(one["text"], one["owner"], one["due"]) for one in done["added"]] == [
        ("The launch", "", ""),
        ("Send the offer", "Ben", date(2031, 3, 5).isoformat()),
    ]
    mine = listed.read_text().replace("Send the offer", "Send the BIG offer") + "\nA note of mine.\n"
    listed.write_text(mine)
    assert CHANGED in house.tell(ANN, "And what is new?").block
    assert CHANGED not in house.tell(ANN, "And now?").block
    house.model.plan(ToolCall("voice_pipeline_update", {"text": "Remind me to call Weber tomorrow at nine."}))
    house.tell(ANN, "Remind me to call Weber tomorrow at nine.")
    assert "Send the BIG offer" in listed.read_text()
    assert listed.read_text().count("A note of mine.") == 1
    house.new(ANN)
    first = house.tell(ANN, "Good morning").block
    assert FIRST in first
    for line in ("The launch", "Send the BIG offer (Ben, due 2031-03-05)", "Call Weber ("):
        assert f"“{line}" in first
    assert FIRST not in house.tell(ANN, "And further").received
    house.command(ANN, "/new", "New session started", FAMILY)
    for person, chat in ((ANN, FAMILY), (BOB, WORK)):
        assert "BIG offer" not in house.tell(person, "Good morning", chat).received, "a group is not told"
    house.model.plan(ToolCall("voice_pipeline_update", {"text": "Remind me to pay Mallory."}))
    refused = house.tell(BOB, "Put it on the list: pay Mallory.", FAMILY).asked[-1].results[-1]
    assert "only the owner's own words change PRIORITIES.md. Say so" in refused
    assert "Mallory" not in listed.read_text()
