"""Followed, muted, snoozed, and from which score on."""

from __future__ import annotations

from typing import Any

import pytest

from clawcortex.errors import InputError, NotFoundError
from clawcortex.skills.context import Context
from cross_agent_intelligence import operations, reconciling, shapes
from cross_agent_intelligence.knowledge import ENTITIES
from cross_agent_intelligence.records import HEADS, SUBSCRIPTIONS
from cross_agent_intelligence.resolving.shapes import Entity

from .house import ANN, BOB, House

MOVED = "Acme moved the deadline to the end of March"


def subscribe(context: Context, action: str, entity: str = "Acme", **more: Any) -> shapes.Subscribed:
    """Say what an agent wants to hear."""
    given = {"action": action, "entity": entity, **more}
    return operations.subscribe(context, shapes.SubscribeInput.model_validate(given))


@pytest.mark.parametrize("entity", ["Acme", ""])
def test_a_muted_entity_is_told_to_the_others_only(house: House, entity: str) -> None:
    house.say("work", "Acme wants an offer")
    house.say("home", "Acme has a stand at the fair")
    subscribe(house.context(), "mute", entity, agent="work")
    house.say("main", MOVED)
    assert house.signals()[-1].to == ("home",)
    assert house.prompt("work").text == ""
    subscribe(house.context(), "clear", entity, agent="work")
    house.clock.advance(days=1)
    house.say("main", "The managing director of Acme resigned")
    assert house.signals()[-1].to == ("home", "work")


def test_a_snoozed_signal_is_told_later(house: House) -> None:
    house.say("work", "Acme wants an offer")
    subscribe(house.as_agent("work"), "snooze", hours=2)
    house.say("main", MOVED)
    assert house.prompt("work").text == ""
    house.clock.advance(hours=2)
    assert MOVED in house.prompt("work").text


def test_a_threshold_of_its_own(house: House) -> None:
    house.say("work", "Acme wants an offer")
    subscribe(house.as_agent("work"), "threshold", threshold=0.95)
    house.say("main", MOVED)
    assert house.signals() == []
    subscribe(house.as_agent("work"), "threshold", threshold=0.1)
    house.say("main", "Acme hired twelve welders")
    assert len(house.signals()) == 1


def test_a_followed_entity_is_told_to_who_never_heard_of_it(house: House) -> None:
    house.say("main", MOVED)
    assert house.signals() == []
    subscribe(house.context(), "follow", agent="sales")
    house.say("main", "Acme hired twelve welders")
    assert house.signals()[-1].to == ("sales",)
    assert "twelve welders" in house.prompt("sales").text
    assert house.prompt("sales", BOB).text == ""


def test_an_agent_speaks_for_itself_and_of_what_was_heard_where_it_is_asked(house: House) -> None:
    house.say("work", "Falcon is late", BOB)
    house.say("work", "Acme wants an offer")
    with pytest.raises(NotFoundError):
        subscribe(house.as_agent("work"), "mute", "Falcon")
    with pytest.raises(NotFoundError):
        subscribe(house.as_agent("work"), "mute", "e-falcon")
    subscribe(house.as_agent("work"), "mute", agent="main")
    assert list(house.store.list_records(SUBSCRIPTIONS)) == ["e-acme/work/person%2Fowner"]


@pytest.mark.parametrize("entity", ["Acme", ""])
def test_what_one_person_mutes_another_still_hears(house: House, entity: str) -> None:
    for who in (BOB, ANN):
        house.say("work", "Acme wants an offer", who)
    subscribe(house.as_agent("work", BOB), "mute", entity)
    house.say("main", MOVED)
    assert house.signals()[-1].to == ("work",)
    assert MOVED in house.prompt("work").text
    house.say("main", "Acme hired twelve welders", BOB)
    assert house.prompt("work", BOB).text == ""


def test_nobody_follows_everything(house: House) -> None:
    with pytest.raises(InputError, match="everything"):
        subscribe(house.context(), "follow", "")


def test_a_wish_outlasts_the_window(house: House) -> None:
    house.store.take_record(ENTITIES, "e-acme")
    house.keep(Entity("e-acme", "Acme", "company", {"Acme": 1}, 1))
    house.say("main", MOVED)
    wanted = subscribe(house.context(), "follow", agent="sales").entity
    house.store.put_record(ENTITIES, wanted, {**(house.store.get_record(ENTITIES, wanted) or {}), "count": 1})
    house.clock.advance(days=8)
    reconciling.drop_old(house.context())
    assert house.store.list_records(HEADS) == {}
    assert house.store.get_record(ENTITIES, wanted) is not None
