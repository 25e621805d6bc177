"""The whole way on PostgreSQL, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cross_agent_intelligence import operations, shapes
from cross_agent_intelligence.records import HEADS
from tests.postgres import QUICK, Server, started

from .house import ANN, House, made


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """One PostgreSQL."""
    yield from started(QUICK)


@pytest.fixture
def hosted(postgres: Server, tmp_path: Path) -> Iterator[House]:
    """A house on PostgreSQL."""
    with postgres.memory() as url:
        found = made(tmp_path / "ws", owners=(f"telegram:{ANN}",), share_between_agents=True, store_url=url)
        yield found
        found.store.close()


def test_told_once_forgotten_for_good_and_reconciled(hosted: House) -> None:
    hosted.say("work", "Acme wants an offer")
    said = hosted.say("main", "Acme moved the deadline to the end of March")
    assert "end of March" in hosted.prompt("work").text
    assert hosted.prompt("work").text == ""
    wish = shapes.SubscribeInput(action="mute", entity="Acme", agent="work")
    operations.subscribe(hosted.context(), wish)
    hosted.say("main", "Acme hired twelve welders")
    assert len(hosted.signals()) == 1
    hosted.forget(said)
    assert hosted.signals() == []
    hosted.clock.advance(days=30)
    assert operations.detect(hosted.context(), shapes.DetectInput()).dropped > 0
    assert hosted.store.list_records(HEADS) == {}
