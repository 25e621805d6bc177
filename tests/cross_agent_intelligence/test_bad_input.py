"""What must not stop, slow or mislead detection."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawcortex.errors import HostError
from cross_agent_intelligence import knowledge, operations, shapes, streaming
from cross_agent_intelligence.recognising import recognition
from cross_agent_intelligence.records import HEADS, PLACES, WAITING

from .house import ANN, House, made

EVIL = ["../../etc/passwd", "a/b", "..", "ünïcode ☃", "*", "x" * 200, "%2e%2e"]


@pytest.mark.parametrize("agent", EVIL)
def test_an_agents_name_is_no_path_and_no_pattern(house: House, agent: str) -> None:
    house.say(agent, "Acme wants an offer")
    house.say("main", "Acme moved the deadline to the end of March")
    assert house.signals()[0].to == (agent,)
    assert "end of March" in house.prompt(agent).text
    assert house.store.list_records(WAITING) == {}
    assert house.filed()["signals"]
    files = {path.relative_to(house.folder.parent) for path in house.folder.parent.rglob("*.json")}
    assert Path("workspace/cross-signals.json") in files
    assert all("passwd" not in str(path) for path in files)


def test_no_agents_signals_reach_one_whose_name_begins_alike(house: House) -> None:
    house.say("a", "Acme wants an offer")
    house.say("main", "Acme moved the deadline to the end of March")
    assert house.prompt("a/person").text == ""
    assert house.prompt("").text == ""
    assert house.prompt("a").text != ""


def test_a_turn_of_a_megabyte_is_taken_in_piece_by_piece(house: House) -> None:
    house.say("work", "Acme wants an offer")
    house.say("main", "Acme and Brandt and Falcon said " + "so much " * 130_000)
    assert len(house.signals()) == 1
    assert count_of(house, "main") == 1


def count_of(house: House, agent: str) -> int:
    """Return how often an agent heard of Acme."""
    [head] = [one for key, one in house.store.list_records(HEADS).items() if key.startswith("e-acme/")]
    heard: dict[str, dict[str, int]] = head["agents"]  # type: ignore[assignment]
    return heard[agent]["count"]


@pytest.mark.parametrize("name", ["(a+)+$", "((((((((((x*)*)*)*)*)*)*)*)*)*", "[" * 50, "a" * 160, "\\"])
def test_a_name_is_never_read_as_a_pattern(house: House, name: str) -> None:
    house.know({f"{name} Inc": "company"})
    house.say("work", f"{name} Inc wants an offer from {'a' * 5_000}!")
    operations.entities(house.context(), shapes.EntitiesInput(name=name[:100]))
    house.say("main", f"{name} Inc wants {name} Inc and {'a' * 5_000}!")
    assert house.store.get_record(PLACES, streaming.NAMES) == {"version": 1, "n": 2}


def test_ten_thousand_aliases(house: House) -> None:
    said = [{"action": "link", "name": f"Alias Nr {n}", "entity": "e-acme"} for n in range(10_000)]
    house.store.put_record(knowledge.STATE, knowledge.CORRECTIONS, {"version": 1, "corrections": said})
    knowledge.forget(house.context())
    house.say("work", "Alias Nr 77 wants an offer")
    house.say("main", "Alias Nr 9999 was mentioned on the stairs")
    assert house.signals()[0].entity == "e-acme"
    found = operations.entities(house.context(), shapes.EntitiesInput(name="alias nr 77", limit=5))
    assert [one.id for one in found.entities] == ["e-acme"]
    linked = operations.link(house.context(), shapes.LinkInput(name="One more", entity="e-acme"))
    assert len(linked.aliases) < 100


def test_a_memory_that_breaks_the_recogniser_is_passed_over(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:

    def recognise(text: str, **more: object) -> object:
        if "poison" in text:
            raise RecursionError(text)
        return recognition.recognise(text, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("cross_agent_intelligence.streaming.recognise", recognise)
    house.say("work", "Acme wants an offer")
    house.say("main", "Acme is poison")
    house.say("main", "Acme moved the deadline")
    assert len(house.signals()) == 1
    assert "memory 2 is passed over" in caplog.text


def test_two_servers_take_each_memory_in_once(tmp_path: Path) -> None:
    """What one has read, the other has not to read; what one knows, the other finds in the store."""
    houses = [made(tmp_path / "workspace", owners=(f"telegram:{ANN}",)) for _ in range(2)]
    first, second = houses
    first.say("work", "Acme wants an offer")
    second.clock.moment = first.clock.moment
    second.say("main", "Acme moved the deadline")
    first.follow()
    assert len(first.signals()) == 1
    with knowledge.held(first.context()) as one, knowledge.held(second.context()) as other:
        known = [sorted((e.name, e.count) for e in each.resolver.entities()) for each in (one, other)]
    assert known[0] == known[1]
    for house in houses:
        house.store.close()


def test_a_gateway_that_never_answers_costs_the_stream_nothing(house: House) -> None:
    house.set(signal_messages="owner", quiet_hours="")
    house.host.refusals.extend([HostError("down", uncertain=True)])
    house.say("work", "Acme wants an offer")
    house.say("main", "Acme moved the deadline")
    assert len(house.signals()) == 1
    assert [one.sent.target for one in house.host.told] == [ANN], "it may have been sent: never twice"
    house.follow()
    assert len(house.host.told) == 1
    assert "work knows of it" in house.host.told[0].text


def test_messages_wait_for_the_end_of_quiet_hours(house: House) -> None:
    house.set(signal_messages="owner", quiet_hours="09:00-12:00")
    house.say("work", "Acme wants an offer")
    house.say("main", "Acme moved the deadline")
    assert len(house.signals()) == 1
    assert house.host.told == []
    house.clock.advance(hours=3)
    house.follow()
    assert len(house.host.told) == 1
