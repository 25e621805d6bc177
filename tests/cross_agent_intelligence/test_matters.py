"""The same matter in other words, by the real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex.models.embedder import get_embedder
from clawcortex.settings import Settings

from .house import ANN, BOB, House, made

SLEEP = "I have been sleeping badly for weeks and wake up every night at three"
INSOMNIA = "My insomnia is getting worse, I lie awake at night for hours"


@pytest.fixture
def meaning(tmp_path: Path, models_cache: Path) -> Iterator[House]:
    """A house with the real model."""
    embedder = get_embedder(Settings())
    embedder.load()
    found = made(tmp_path / "ws", embedder, owners=(f"telegram:{ANN}",), share_between_agents=True)
    yield found
    found.store.close()


def test_the_same_matter_in_other_words_is_told(meaning: House) -> None:
    meaning.say("work", SLEEP)
    meaning.say("main", "The new printer needs yellow toner and paper by Monday")
    assert meaning.signals() == []
    meaning.say("main", INSOMNIA)
    [signal] = meaning.signals()
    assert (signal.because, signal.kind, signal.to) == ("meaning", "matter", ("work",))
    block = meaning.prompt("work").text
    assert INSOMNIA in block
    assert "about the same matter" in block
    assert meaning.prompt("work").text == ""


def test_not_from_another_person_nor_from_the_same_agent(meaning: House) -> None:
    meaning.say("work", SLEEP, BOB)
    meaning.say("main", "I cannot sleep, night after night I am awake until four in the morning")
    meaning.say("main", INSOMNIA)
    assert meaning.signals() == []


def test_what_shares_a_name_is_one_signal_and_not_two(meaning: House) -> None:
    meaning.say("work", "Acme wants to have the offer for the valves by Friday")
    meaning.say("main", "Acme needs our offer for the valves before the weekend")
    assert [one.because for one in meaning.signals()] == ["name"]


def test_what_is_forgotten_is_no_matter_any_more(meaning: House) -> None:
    first = meaning.say("work", SLEEP)
    meaning.say("main", INSOMNIA)
    meaning.forget(first)
    meaning.forget(first + 1)
    assert meaning.signals() == []
    assert meaning.store.list_records("signals.heads") == {}


def test_a_matter_of_a_group_that_is_its_owners_too_is_told_in_both(meaning: House) -> None:
    meaning.set(share_groups_with_owner=True)
    first = meaning.say("work", SLEEP, chat="-100")
    second = meaning.say("main", INSOMNIA, chat="-100")
    assert {one.audience for one in meaning.signals()} == {"chat/telegram:default:-100", "person/owner"}
    meaning.forget(first)
    meaning.forget(second)
    assert meaning.signals() == []
    assert meaning.store.list_records("signals.heads") == {}
