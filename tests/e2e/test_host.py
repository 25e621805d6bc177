"""What a skill gets from OpenClaw: its agents, and completions of their models, through the real gateway."""

from __future__ import annotations

import pytest

from clawcortex.errors import ClawcortexError

from .house import House

MARK = "You are asked by tick."


def test_the_agents_come_from_the_gateway_the_default_one_first(house: House) -> None:
    found = house.ask("/v1/tick/agents", {})["texts"]
    assert found == [f"{name} {house.folder / f'ws-{name}'}" for name in ("main", "work")]


@pytest.mark.parametrize(("agent", "model"), [("main", "fake-1"), ("work", "fake-2")])
def test_a_completion_is_the_named_agents_model_and_nothing_but_what_was_asked(
    house: House, agent: str, model: str
) -> None:
    house.model.completes(MARK, "Sure: é 😀")
    before = len(house.model.completed)
    found = house.ask("/v1/tick/ask", {"agent": agent, "prompt": "Is it so?"})
    assert found == {"text": "Sure: é 😀", "model": model, "provider": "fake", "tokens": 110}
    [asked] = house.model.completed[before:]
    assert asked.model == model
    assert asked.system.strip() == MARK
    assert asked.newest.strip() == "Is it so?"
    assert asked.tools == []


def test_an_answer_that_does_not_fit_is_asked_for_again(house: House) -> None:
    answers = iter(['{"name": 7', 'Gladly!\n```json\n{"name": "red", "warm": true}\n```'])
    house.model.completes(MARK, lambda _: next(answers))
    before = len(house.model.completed)
    found = house.ask("/v1/tick/colour", {"agent": "work", "prompt": "Which colour?"})
    assert found == {"name": "red", "warm": True}
    assert len(house.model.completed[before:]) == 2
    assert "refused" in house.model.completed[-1].newest


def test_a_model_without_words_is_an_error_with_a_hint(house: House) -> None:
    house.model.completes(MARK, "")
    with pytest.raises(ClawcortexError) as raised:
        house.ask("/v1/tick/ask", {"agent": "main", "prompt": "Well?"})
    assert raised.value.code == "host"
    assert "openclaw" in raised.value.hint


def test_a_slow_model_ends_with_the_time_and_the_next_answers(house: House) -> None:
    def slow(_: object) -> str:
        house.model.wait(lambda: done, "the test has seen the timeout")
        return "late"

    done: list[bool] = []
    house.model.completes(MARK, slow)
    with pytest.raises(ClawcortexError) as raised:
        house.ask("/v1/tick/ask", {"agent": "main", "prompt": "Well?", "timeout_s": 1.0})
    assert "more time" in raised.value.hint
    with house.model.changed:
        done.append(True)
        house.model.changed.notify_all()
    house.model.completes(MARK, "Soon.")
    assert house.ask("/v1/tick/ask", {"agent": "main", "prompt": "Now?"})["text"] == "Soon."
