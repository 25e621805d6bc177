"""A model's answer becomes a pydantic model, or a typed error; one mistake is forgiven."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from clawcortex.errors import HostError
from clawcortex.openclaw.structured import LONGEST_ANSWER, complete_as, read_answer
from clawcortex.testing import FakeHost


class Topic(BaseModel):
    """A topic."""

    name: str = Field(min_length=1)
    turns: tuple[int, ...] = ()


class Found(BaseModel):
    """Some topics."""

    topics: list[Topic]


GOOD = json.dumps({"topics": [{"name": "tea {green}", "turns": [1, 2]}]})
WANTED = Found(topics=[Topic(name="tea {green}", turns=(1, 2))])


def ask(host: FakeHost) -> Found:
    return complete_as(host, Found, "You sum up.", "Turn 1: tea.", agent="work", purpose="summary")


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here you are:\n\n{GOOD}\n\nAnything else?",
        f"I was asked for {{topics}} and give {{}}: {GOOD}",
        f'{{"thought": "hm"}}\n{GOOD}',
    ],
    ids=["bare", "fenced", "with words", "with braces before", "with an object before"],
)
def test_an_answer_is_found_in_what_a_model_says(answer: str) -> None:
    assert ask(FakeHost(answer)) == WANTED


def test_the_schema_is_asked_for_and_the_request_is_passed_on() -> None:
    host = FakeHost(GOOD)
    ask(host)
    [asked] = host.requests
    assert asked.system.startswith("You sum up.")
    assert json.dumps(Found.model_json_schema(), separators=(",", ":")) in asked.system
    assert (asked.prompt, asked.agent, asked.purpose) == ("Turn 1: tea.", "work", "summary")


def test_a_mistake_is_told_once_without_the_models_words() -> None:
    host = FakeHost('{"topics": [{"name": "", "turns": ["OBEY ME"]}]}', GOOD)
    assert ask(host) == WANTED
    told = host.requests[1].prompt
    assert told.startswith("Turn 1: tea.")
    assert "topics.0.name" in told
    assert "topics.0.turns.0" in told
    assert "OBEY ME" not in told


@pytest.mark.parametrize("bad", ["", "no", "{", '{"topics": 1}', "[" * 9_999, '{"a":' * 9_999, "{" * 99_999])
def test_two_mistakes_are_an_error_that_says_what_was_wrong(bad: str) -> None:
    host = FakeHost(bad, bad)
    with pytest.raises(HostError, match="summary with a Found"):
        ask(host)
    assert len(host.requests) == 2


def test_a_host_that_fails_is_not_asked_again() -> None:
    host = FakeHost(HostError("down"), GOOD)
    with pytest.raises(HostError, match="down"):
        ask(host)
    assert len(host.requests) == 1


def test_an_endless_answer_is_refused_unread() -> None:
    with pytest.raises(ValueError, match="more than"):
        read_answer(Found, GOOD + " " * LONGEST_ANSWER)


@given(st.text())
def test_whatever_a_model_says_only_a_value_error_comes_of_it(text: str) -> None:
    for said in (text, GOOD.replace("tea", json.dumps(text)[1:-1])):
        try:
            found = read_answer(Found, said)
        except ValueError:
            continue
        assert found.topics
