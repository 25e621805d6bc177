"""Names of one entity, by the recogniser and by a person's word, through the operations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex.errors import InputError, NotFoundError
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import Settings
from cross_agent_intelligence import operations, shapes
from cross_agent_intelligence.records import HEADS, Head, every

from .house import ANN, House, made


@pytest.fixture
def real(tmp_path: Path, models_cache: Path) -> Iterator[House]:
    """A house with the real model and recogniser; nobody told it a name."""
    embedder = get_embedder(Settings())
    embedder.load()
    found = made(tmp_path / "ws", embedder, owners=(f"telegram:{ANN}",), share_between_agents=True)
    for key in found.store.list_records("signals.entities"):
        found.store.take_record("signals.entities", key)
    yield found
    found.store.close()


def entities(house: House, name: str = "") -> list[shapes.ShownEntity]:
    """Return the entities that the owner is shown."""
    return operations.entities(house.context(), shapes.EntitiesInput(name=name)).entities


def test_names_that_nobody_told_of_are_one_entity_with_its_evidence(real: House) -> None:
    real.say("work", "Lindqvist Corp. wants an offer for forty valves by Friday.")
    real.say("main", "The lawyers say that LINDQVIST Inc. is about to be sold.")
    real.say("main", "This includes the taxes. This Inc is none.")
    [signal] = [one for one in real.signals() if one.kind == "company"]
    assert (signal.agents, signal.to) == (("main", "work"), ("work",))
    [found] = entities(real, "lindqvist")
    assert {one.name for one in found.aliases} >= {"Lindqvist Corp", "LINDQVIST Inc"} or len(
        found.aliases
    ) == 2
    assert [one.why for one in found.aliases if one.why], "why the second name is one of it"
    assert found.agents == {"main": 1, "work": 1}
    assert "about to be sold" in real.prompt("work").text


def test_a_person_links_a_name_and_what_was_heard_goes_there(house: House) -> None:
    house.say("work", "Acme wants an offer")
    house.say("main", "Brandt moved the deadline")
    assert house.signals() == []
    linked = operations.link(house.context(), shapes.LinkInput(name="Brandt", entity="e-acme"))
    assert linked.entity == "e-acme"
    assert "Brandt" in linked.aliases
    [head] = [one for _, one in every(house.context(), HEADS, Head)]
    assert (head.entity, set(head.agents)) == ("e-acme", {"main", "work"})
    house.say("main", "Brandt hired twelve welders")
    assert house.signals()[-1].entity == "e-acme"


def test_a_person_unlinks_a_name_and_it_means_another(house: House) -> None:
    operations.link(house.context(), shapes.LinkInput(name="Falke", entity="Falcon"))
    house.say("work", "Falke is late")
    house.say("work", "Falcon is late")
    other = operations.unlink(house.context(), shapes.LinkInput(name="Falke", entity="Falcon"))
    assert other.entity != "e-falcon"
    assert entities(house, "falke")[0].agents == {"work": 1}
    assert {one.id: one.agents for one in entities(house)}["e-falcon"] == {"work": 1}
    house.say("main", "Falke has landed")
    assert house.signals()[-1].entity == other.entity


def test_corrections_outlive_a_restart(house: House, tmp_path: Path) -> None:
    operations.link(house.context(), shapes.LinkInput(name="The Big One", entity="Acme"))
    house.store.close()
    again = made(tmp_path / "workspace", owners=(f"telegram:{ANN}",))
    again.say("work", "Acme wants an offer")
    again.say("main", "The Big One moved the deadline to March")
    assert [one.entity for one in again.signals()] == ["e-acme"]
    again.store.close()


def test_what_is_meant_must_be_known_and_clear(house: House) -> None:
    house.know({"Falcon Ltd": "company"})
    with pytest.raises(NotFoundError):
        operations.link(house.context(), shapes.LinkInput(name="x", entity="Nobody"))
    with pytest.raises(InputError, match="empty"):
        operations.link(house.context(), shapes.LinkInput(name=" \u200b ", entity="Acme"))


def test_a_name_is_forgotten_with_its_last_memory_however_old(real: House) -> None:
    first = real.say("work", "Lindqvist Corp. and Okafor Ltd. want an offer for the takeover.")
    second = real.say("work", "The lawyers of Lindqvist Inc. agree to the takeover.")
    real.clock.advance(days=40)
    operations.detect(real.context(), shapes.DetectInput())
    real.forget(first)
    assert "Okafor" not in stored(real)
    assert "Lindqvist Corp" not in stored(real)
    assert "Lindqvist Inc" in stored(real)
    real.forget(second)
    assert "Lindqvist" not in stored(real)
    assert "takeov" not in stored(real)


def stored(house: House) -> str:
    """Return all that this skill keeps."""
    collections = ("entities", "evidence", "heads", "turns", "raised", "waiting", "state", "joined")
    return str([house.store.list_records(f"signals.{one}") for one in collections])
