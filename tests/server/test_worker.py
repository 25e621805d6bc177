"""The worker's rounds on a real store and index: embed, snapshot, survive, stop."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clawcortex import client, paths
from clawcortex.errors import CorruptedError, ModelError, UnavailableError
from clawcortex.models.hash import HashEmbedder
from clawcortex.server.resources import Opened, Residence
from clawcortex.server.spool import Spool
from clawcortex.server.worker import BATCH, Worker
from clawcortex.settings import Settings
from clawcortex.skills.context import Resources
from clawcortex.store.records import NewMemory

NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Refusing(HashEmbedder):
    """An embedder whose model is missing until it is put back."""

    def __init__(self) -> None:
        super().__init__()
        self.missing = True

    def _open(self) -> None:
        if self.missing:
            raise ModelError("the model file is missing")


class Flaky(HashEmbedder):
    """An embedder that fails at first; `worked` is set when it did not."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 2
        self.worked = threading.Event()

    def _embed(self, batch: Sequence[str]) -> NDArray[np.float32]:
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError("a bug in a batch")
        self.worked.set()
        return super()._embed(batch)


@pytest.fixture
def residence(house: Path) -> Iterator[Residence]:
    made = Residence(Settings(embedding_backend="hash", idle_snapshot_s=0.001), wake=_nothing, drain=_nothing)
    made._open()
    yield made
    made.close()


def _nothing() -> None:
    """Do nothing."""


def with_embedder(residence: Residence, embedder: Any) -> Resources:
    """Give the residence another embedder."""
    opened = residence.opened()
    resources = replace(opened.resources, embedder=embedder)
    residence._opened = Opened(resources, opened.registry)
    return resources


def worker_of(residence: Residence) -> tuple[Worker, list[str], list[int]]:
    applied: list[str] = []
    failures: list[int] = []
    spool = Spool(lambda hook, event, ctx: applied.append(hook))
    return Worker(residence, spool, failed=lambda: failures.append(1)), applied, failures


def store_some(resources: Resources, count: int) -> None:
    texts = [f"memory {number} about tea" for number in range(count)]
    resources.store.add([NewMemory(text, text, NOW) for text in texts])


def test_a_round_reads_the_spool_embeds_everything_and_snapshots(residence: Residence) -> None:
    resources = residence.opened().resources
    residence.load_model(resources.embedder)
    store_some(resources, BATCH * 2 + 3)
    client.spool("agent_end", {}, {})
    worker, applied, failures = worker_of(residence)
    worker._round(residence.opened())
    assert applied == ["agent_end"]
    assert resources.index.embedded == BATCH * 2 + 3
    assert resources.store.unembedded(resources.embedder.model, limit=1) == []
    assert any((paths.cache_dir() / "index").iterdir())
    assert not failures


def test_what_is_spooled_during_a_bulk_load_does_not_wait_for_its_end(residence: Residence) -> None:
    seen: list[int] = []

    class Spooling(HashEmbedder):
        """Leave a turn in the spool with each batch, as index.js does when a call took too long."""

        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            seen.append(len(applied))
            client.spool("agent_end", {}, {})
            return super().encode(texts)

    resources = with_embedder(residence, Spooling())
    residence.load_model(resources.embedder)
    store_some(resources, BATCH * 3)
    worker, applied, _ = worker_of(residence)
    worker._round(residence.opened())
    assert seen == [0, 1, 2]


def test_what_cannot_be_written_down_holds_up_embedding_once_and_not_at_every_batch(house: Path) -> None:
    made = Residence(Settings(embedding_backend="hash", idle_snapshot_s=3_600), wake=_nothing, drain=_nothing)
    made._open()
    resources = made.opened().resources
    made.load_model(resources.embedder)
    store_some(resources, BATCH * 3)
    worker, _, _ = worker_of(made)
    worker._snapshot_at -= 3_601
    head = paths.state_dir() / "audit.head"
    head.write_text("no head at all", encoding="utf-8")
    with pytest.raises(CorruptedError, match=r"audit\.head"):
        worker._round(made.opened())
    worker._round(made.opened())
    assert resources.index.embedded == BATCH * 3
    head.unlink()
    made.close()


def test_a_missing_model_leaves_lexical_recall_and_is_tried_again(residence: Residence) -> None:
    embedder = Refusing()
    resources = with_embedder(residence, embedder)
    store_some(resources, 3)
    worker, _, _ = worker_of(residence)
    worker._round(residence.opened())
    assert residence.parts()["model"].startswith("the model file is missing; Run")
    assert resources.index.embedded == 0
    embedder.missing = False
    worker._round(residence.opened())
    assert residence.parts()["model"] == "ready"
    assert resources.index.embedded == 3


def test_the_thread_outlives_a_fault_and_stops_when_asked(
    residence: Residence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawcortex.server.worker.FIRST_PAUSE_S", 0.001)
    embedder = Flaky()
    resources = with_embedder(residence, embedder)
    residence.load_model(resources.embedder)
    store_some(resources, 3)
    worker, _, failures = worker_of(residence)
    worker.start()
    assert embedder.worked.wait(60)
    assert worker.stop(60)
    assert failures == [1, 1]
    assert worker.caught_up.is_set()


def test_what_cannot_be_opened_is_told_and_tried_again(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clawcortex.server.resources.RETRY_S", 0.0)
    blocked = paths.database_path()
    blocked.mkdir(parents=True)  # a folder where the database should be
    made = Residence(Settings(embedding_backend="hash"), wake=_nothing, drain=_nothing)
    made._open()
    with pytest.raises(Exception, match="memory") as told:
        made.opened()
    assert getattr(told.value, "hint", "")
    assert "loading" not in made.parts().values()
    made.wait(60)
    blocked.rmdir()
    assert made.opened().resources.store.count() == 0
    made.close()


def test_a_bug_while_opening_is_a_typed_error(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Opened:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("clawcortex.server.resources.open_resources", fail)
    made = Residence(Settings(embedding_backend="hash"), wake=_nothing, drain=_nothing)
    made._open()
    with pytest.raises(UnavailableError, match="ZeroDivisionError: a bug"):
        made.opened()
    made.close()


def test_what_a_killed_writer_left_is_removed_and_a_living_ones_is_not(house: Path) -> None:
    folder = paths.private_folder(paths.spool_dir())
    abandoned, current = folder / ".1-a.json.part", folder / ".2-b.json.part"
    for part in (abandoned, current):
        part.write_text('{"hook": "agent_', encoding="utf-8")
    os.utime(abandoned, (1_000_000_000, 1_000_000_000))
    assert Spool(lambda *_: None).drain() == 0
    assert [path.name for path in folder.iterdir()] == [current.name]
