"""Names that the agent's own model finds; whatever it answers, nothing stops."""

from __future__ import annotations

import json

import pytest

from clawcortex.errors import HostError
from clawcortex.store.records import Provenance
from clawcortex.testing import Asked, Scripted
from cross_agent_intelligence import knowledge, operations, rereading, shapes
from cross_agent_intelligence.detecting import take_in
from cross_agent_intelligence.recognising.asking import TEXTS_AT_ONCE
from cross_agent_intelligence.recognising.shapes import Mention
from cross_agent_intelligence.records import HEADS, PLACES, TURNS, turn_key
from cross_agent_intelligence.resolving.shapes import Entity

from .house import House

NAME = "blue harbour people"


def detect(house: House) -> shapes.Detected:
    """Run the six-hourly job."""
    return operations.detect(house.context(), shapes.DetectInput())


def named(asked: Asked, name: str = NAME) -> str:
    """Answer with the name in every text that was asked about."""
    count = asked.prompt.count("\n[")
    found = [{"text": n, "quote": name, "name": name, "kind": "company"} for n in range(1, count + 1)]
    return json.dumps({"mentions": found})


def test_what_the_model_finds_raises_a_signal(house: House) -> None:
    house.say("work", f"the {NAME} want an offer")
    house.say("main", f"the {NAME} moved the deadline to the end of March")
    assert house.signals() == []
    house.host.script.extend([named, named])
    found = detect(house)
    assert len(found.signals) == 1
    assert [one.agent for one in house.host.requests] == ["work", "main"], (
        "a chat's words go to its own agent's model"
    )
    assert "March" in house.prompt("work").text
    assert detect(house).signals == []
    assert len(house.host.requests) == 2, "asked once"


def test_a_name_that_stands_nowhere_is_none(house: House) -> None:
    house.say("work", "the people down there want an offer")
    house.say("main", "the people up there do not")
    house.host.script.extend(
        [lambda asked: named(asked, name="Globex"), lambda asked: named(asked, name="Globex")]
    )
    detect(house)
    assert house.store.list_records(HEADS) == {}


@pytest.mark.parametrize(
    "answer",
    ["no", "{", '{"mentions": 7}', '{"mentions": [{"text": 1, "name": "", "kind": "ghost"}]}', "[" * 10_000],
)
def test_a_model_that_answers_nonsense_for_ever_stops_nothing(house: House, answer: str) -> None:
    said: list[Scripted] = [answer] * 200
    house.host.script.extend(said)
    house.say("work", "Acme wants an offer")
    house.say("main", "Acme moved the deadline")
    assert len(house.signals()) == 1
    for _ in range(4):
        detect(house)
    assert len(house.host.requests) <= 4, "two tries a batch, and each batch once"
    assert len(house.signals()) == 1


def test_a_gateway_that_is_down_is_asked_again_and_never_is_never(house: House) -> None:
    house.say("work", f"the {NAME} want an offer")
    house.host.script.extend([HostError("down"), named])
    detect(house)
    assert house.store.get_record(PLACES, rereading.PLACE) is None
    detect(house)
    assert len(house.store.list_records(HEADS)) == 1
    house.set(signal_model="never")
    house.say("work", f"the {NAME} want another offer")
    before = len(house.host.requests)
    detect(house)
    assert len(house.host.requests) == before


def test_what_agents_said_at_length_hides_no_owners_words(house: House) -> None:
    for part in range(TEXTS_AT_ONCE * rereading.MOST_BATCHES + 1):
        house.say("work", f"part {part} of a long answer", provenance=Provenance.AGENT)
    house.say("work", f"the {NAME} want an offer")
    house.host.script.append(named)
    detect(house)
    assert len(house.host.requests) == 1


def test_another_name_of_what_was_found_is_no_news_and_is_forgotten_too(house: House) -> None:
    house.keep(Entity("e-blue", "Blue", "company", {"Bluebird": 1, NAME: 1}, 2, confirmed=True))
    house.say("work", "Bluebird wants an offer")
    n = house.say("main", f"Bluebird, that is the {NAME}, moved the deadline")
    assert len(house.signals()) == 1
    named_before = house.store.get_record(TURNS, turn_key(n))
    assert named_before is not None
    with knowledge.held(house.context()) as known:
        text = f"Bluebird, that is the {NAME}, moved the deadline"
        [memory] = house.store.rows([n])
        again = [Mention(NAME, "company", text.index(NAME), text.index(NAME) + len(NAME), 0.9)]
        found = take_in(house.context(), house.index.view(), known, memory, again)
    assert found.signals == []
    [kept] = [one.after for one in found.writes if one.key == turn_key(n) and one.after]
    assert kept["heads"] == named_before["heads"]
    assert "Bluebird" in json.dumps(kept["names"])
    assert NAME in json.dumps(kept["names"])
