"""Told on Telegram, recalled where it may be: the whole way, on the real OpenClaw."""

from __future__ import annotations

import json
import stat

import pytest

from .house import ANN, BOB, FAMILY, WORK, House
from .loopback import until
from .model import ToolCall
from .telegram import Chat, Person

TOLD = "My sister Clara takes the night train to Ljubljana from platform 7."
QUESTION = "From which platform does Clara's night train to Ljubljana leave?"
DECIDED = "We decided that the garden wall will be painted in cobalt blue, order number QX-4471."
AFTER_COMPACTION = "before it was compacted"


@pytest.fixture(scope="module")
def told(house: House) -> House:
    """Let Ann tell the agent a fact, and begin a new session."""
    house.tell(ANN, TOLD)
    house.remembers(TOLD)
    house.new(ANN)
    return house


def test_what_was_told_is_recalled_in_the_next_session(told: House) -> None:
    reply = told.tell(ANN, QUESTION)
    assert "platform 7" in reply.block
    assert reply.received.count("platform 7") == 1, "the history is gone; only the block knows it"


@pytest.mark.parametrize(
    ("person", "chat"),
    [(BOB, None), (ANN, FAMILY), (ANN, WORK), (BOB, WORK)],
    ids=["another person", "a group", "another agent", "another agent and person"],
)
def test_what_was_told_stays_with_the_person_and_agent(
    told: House, person: Person, chat: Chat | None
) -> None:
    told.new(ANN)
    reply = told.tell(person, QUESTION, chat)
    assert reply.asked
    assert "platform 7" not in reply.received


def test_what_is_said_in_a_group_stays_in_the_group(house: House) -> None:
    said = "The tennis club's barbecue moves to the quarry on Friday."
    asked = "Where does the tennis club's barbecue move to on Friday?"
    house.tell(BOB, said, WORK)
    house.remembers(said)
    house.command(BOB, "/new", "New session started", WORK)
    assert "quarry" in house.tell(ANN, asked, WORK).block
    assert "quarry" not in house.tell(ANN, asked, FAMILY).received
    assert "quarry" not in house.tell(BOB, asked).received


def test_a_compaction_is_made_good_once(house: House) -> None:
    house.new(ANN)
    house.tell(ANN, DECIDED)
    for part in ("morning", "afternoon", "evening"):
        house.tell(ANN, f"The {part} was long. " + f"We walked and talked all {part}. " * 60)
    house.remembers(DECIDED)
    house.command(ANN, "/compact", "Compacted")
    first = house.tell(ANN, "Good, go on.")
    assert AFTER_COMPACTION in first.block
    assert "QX-4471" in first.block
    assert AFTER_COMPACTION not in house.tell(ANN, "And further.").block


def test_the_agent_remembers_and_recalls_by_tools(house: House) -> None:
    fact = "Ann's dentist is Doctor Okonkwo in Harbour Street."
    house.model.plan(ToolCall("context_retention_remember", {"text": fact}))
    kept = house.tell(ANN, "Please keep who my dentist is.")
    assert json.loads(kept.asked[-1].results[-1])["fresh"] is True
    asking = ToolCall("context_retention_recall", {"query": "Who is Ann's dentist?"})
    house.new(ANN)
    house.model.plan(asking)
    assert "Okonkwo" in house.tell(ANN, "Look it up.").asked[-1].results[-1]
    house.new(ANN)
    for person, chat in ((BOB, None), (ANN, FAMILY), (ANN, WORK)):
        house.model.plan(asking)
        assert "Okonkwo" not in house.tell(person, "Look it up.", chat).received


def test_without_the_server_the_reply_still_comes_and_the_turn_is_captured_later(house: House) -> None:
    said = "The spare key of the boathouse lies under the terracotta heron."
    house.break_server()
    try:
        assert house.tell(ANN, said).text
        waiting = until(lambda: [*house.spool.glob("*.json")], "the turn is spooled")
        assert {stat.S_IMODE(one.stat().st_mode) for one in waiting} == {0o600}
        assert stat.S_IMODE(house.spool.stat().st_mode) == 0o700
    finally:
        house.repair()
    house.wait_for_server()
    house.remembers(said)
    until(lambda: not [*house.spool.glob("*.json")], "the spool is read")
    house.new(ANN)
    assert "terracotta heron" in house.tell(ANN, "Where is the boathouse's spare key?").block


def test_a_killed_gateway_leaves_one_server_and_loses_nothing(house: House) -> None:
    said = "Grandmother's recipe for quince jelly needs two lemons."
    house.tell(ANN, said)
    house.remembers(said)
    before = house.wait_for_server()
    house.kill()
    until(lambda: not house.servers(), "the server ends with its gateway")
    house.start()
    after = house.wait_for_server()
    assert after != before
    assert [one.pid for one in house.servers()] == [after]
    house.remembers(said)
    house.new(ANN)
    assert "two lemons" in house.tell(ANN, "How many lemons does the quince jelly need?").block
