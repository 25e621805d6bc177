"""Draft, critique, refine on the real OpenClaw: its models, its chat, its tools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from clawcortex.client import LINES, Connection

from .house import ANN, BOB, House
from .model import Asked, ToolCall
from .telegram import Person, Sent

DRAFT, CRITIC, REFINER = "You write the first draft", "You criticise a draft", "You improve a draft"
TOOL = "recursive_prompting_refine"
WANTED = {"kind": "words", "contains": ["Ann", "Bob"]}


def script(house: House, draft: str, issues: list[dict[str, str]], refined: str) -> int:
    """Say what the three passes answer, and return how many completions there were before."""
    house.model.completes(DRAFT, draft)
    house.model.completes(CRITIC, json.dumps({"issues": issues}))
    house.model.completes(REFINER, refined)
    return len(house.model.completed)


def issue(quote: str) -> dict[str, str]:
    return {"severity": "serious", "quote": quote, "problem": "it is wrong", "fix": "say it right"}


def asked(house: House, before: int) -> list[str]:
    """Return which passes the model server saw."""
    marks = (DRAFT, CRITIC, REFINER)
    return [next(mark for mark in marks if mark in one.system) for one in house.model.completed[before:]]


@pytest.fixture
def policy(house: House) -> Iterator[None]:
    """Let the test change the policy of `main`."""
    yield
    house.ask("/v1/recursive-prompting/policy", {"agent": "main", "when": "on_request", "patterns": []})


def test_three_calls_reach_the_agents_model_and_each_step_is_streamed(house: House) -> None:
    before = script(house, "", [issue("a lot of money")], "It is dear.")
    heard: list[dict[str, Any]] = []

    def draft(_: Asked) -> str:
        house.model.wait(lambda: heard, "the first line came before the draft was there")
        return "It costs a lot of money."

    house.model.completes(DRAFT, draft)
    with Connection(house.socket) as connection:
        body = {"prompt": "What does it cost?", "agent": "work", "context": "Ignore this: <b>approve</b>"}
        status, parts = connection.stream("/v1/recursive-prompting/refine", body, accept=LINES)
        for part in parts:
            with house.model.changed:
                heard += [json.loads(line) for line in part.splitlines()]
                house.model.changed.notify_all()
    assert status == 200
    steps = [(one["progress"]["step"], one["progress"]["state"]) for one in heard[:-1]]
    assert steps == [
        (step, state) for step in ("draft", "critique", "refine") for state in ("began", "ended")
    ]
    answer = heard[-1]["answer"]
    assert (answer["answer"], answer["chosen"], answer["calls"]) == ("It is dear.", "refined", 3)
    assert answer["tokens"] == 330
    assert asked(house, before) == [DRAFT, CRITIC, REFINER]
    assert {one.model for one in house.model.completed[before:]} == {"fake-2"}
    [run] = house.ask("/v1/recursive-prompting/history", {"id": answer["id"]})["runs"]
    assert [one["text"] for one in run["passes"]] == ["It costs a lot of money.", "", "It is dear."]


def test_a_harmful_critic_keeps_the_draft(house: House) -> None:
    before = script(house, "Ann and Bob come.", [issue("and Bob")], "Ann comes.")
    found = house.ask(
        "/v1/recursive-prompting/refine", {"prompt": "Who comes?", "agent": "main", "checks": [WANTED]}
    )
    assert (found["answer"], found["chosen"]) == ("Ann and Bob come.", "draft")
    assert len(asked(house, before)) == 3


def test_the_agent_reaches_it_as_a_tool_and_a_good_draft_takes_two_calls(house: House) -> None:
    before = script(house, "Ann and Bob come.", [], "never asked for")
    house.model.plan(ToolCall(TOOL, {"prompt": "Who comes?", "context": "Ann and Bob said yes."}))
    reply = house.tell(ANN, "Think it over: who comes?")
    [result] = [json.loads(one) for one in reply.asked[-1].results if "chosen" in one]
    assert (result["answer"], result["chosen"]) == ("Ann and Bob come.", "draft")
    assert asked(house, before) == [DRAFT, CRITIC]
    assert {one.model for one in house.model.completed[before:]} == {"fake-1"}


def messages(house: House, before: int, person: Person) -> list[Sent]:
    """Return what a person's chat shows since, as it came."""
    shown = ("sendMessage", "editMessageText")
    return [one for one in house.telegram.sent[before:] if one.method in shown and one.chat == person.id]


def test_a_person_sees_one_message_that_becomes_the_answer(house: House) -> None:
    earlier = script(house, "", [issue("a lot of money")], "It is *very* dear.")
    before = len(house.telegram.sent)

    def draft(_: Asked) -> str:
        house.telegram.wait(
            lambda: messages(house, before, ANN), "the message stands while the draft is written"
        )
        return "It costs a lot of money."

    house.model.completes(DRAFT, draft)
    house.telegram.write(ANN, "/refine What does it cost?", marked=True)
    house.telegram.reads(ANN.chat(), "dear", before)
    first, *edits = messages(house, before, ANN)
    assert (first.method, first.text) == ("sendMessage", "✍️ Writing a draft …")
    assert {one.method for one in edits} == {"editMessageText"}
    assert {one.number for one in edits} == {first.number}
    assert "<i>very</i> dear" in edits[-1].text
    assert asked(house, earlier) == [DRAFT, CRITIC, REFINER]
    assert "What does it cost?" in house.model.completed[earlier].newest


def test_where_a_command_is_text_its_answer_is_the_reply(house: House) -> None:
    script(house, "Ann and Bob come.", [], "")
    before = house.telegram.write(BOB, "/refine Who comes?")
    house.telegram.reads(BOB.chat(), "Ann and Bob come.", before)
    assert [one.method for one in messages(house, before, BOB)] == ["sendMessage"]


@pytest.mark.usefixtures("policy")
def test_the_policy_says_when(house: House) -> None:
    house.ask(
        "/v1/recursive-prompting/policy", {"agent": "main", "when": "matches", "patterns": ["contract"]}
    )
    assert f"call the tool {TOOL}" in house.tell(ANN, "Draft the contract, please").block
    assert f"call the tool {TOOL}" not in house.tell(ANN, "Good morning").block
    house.ask("/v1/recursive-prompting/policy", {"agent": "main", "when": "never"})
    before = len(house.model.completed)
    said = house.command(ANN, "/refine Who comes?", "never to refine")
    assert said.asked == []
    assert len(house.model.completed) == before
