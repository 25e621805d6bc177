"""Two servers with a state folder each on one PostgreSQL: one memory, each job once, no event lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clawcortex import client
from clawcortex.errors import ServerDownError, StorageError, UnavailableError
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from tests.postgres import Server, started

TEXT = "The spare key is with Lena"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server of this module alone: it is stopped and started."""
    yield from started()


@pytest.fixture
def hosts(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, Path, str]]:
    """Two hosts' state folders, a server in each, and the URL they share."""
    folders = tmp_path / "one", tmp_path / "two"
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    pids = []
    with postgres.memory() as url:
        monkeypatch.setenv("CLAWCORTEX_STORE_URL", url)
        for folder in folders:
            monkeypatch.setenv("OPENCLAW_STATE_DIR", str(folder))
            pids.append(int(client.start()["pid"]))
            client.call("/readyz?wait=60")
        yield *folders, url
        for pid in pids:
            os.kill(pid, signal.SIGKILL)


def _ask(folder: Path, operation: str, **given: Any) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENCLAW_STATE_DIR", str(folder))
        return client.call(f"/v1/context-retention/{operation}", given)


def _texts(folder: Path) -> list[str]:
    return [hit["text"] for hit in _ask(folder, "recall", query="where is the spare key")["hits"]]


def test_what_one_host_remembers_the_other_recalls_and_forgets(hosts: tuple[Path, Path, str]) -> None:
    one, two, _ = hosts
    _ask(one, "remember", text=TEXT)
    assert _texts(two) == _texts(one) == [TEXT]
    _ask(two, "forget", query="spare key")
    assert _texts(one) == _texts(two) == []


def test_a_postgresql_that_stops_and_comes_back_needs_no_restart(
    hosts: tuple[Path, Path, str], postgres: Server
) -> None:
    one, two, url = hosts
    _ask(one, "remember", text=TEXT)
    postgres.stop("immediate")
    with pytest.raises((UnavailableError, StorageError)) as caught:
        _ask(one, "remember", text="another")
    assert caught.value.status == 503
    assert not isinstance(caught.value, ServerDownError)
    postgres.start()
    _ask(one, "remember", text="The umbrella is in the car")
    assert _texts(two)[0] == TEXT
    store = open_store(Settings(store_url=url))
    assert store.count() == 2
    assert store.check() == []
    store.close()
