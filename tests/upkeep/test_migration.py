"""A memory moves whole, both ways, whatever happens on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from clawcortex.errors import ConflictError, CorruptedError, InputError
from clawcortex.settings import Settings
from clawcortex.store.base import Store
from clawcortex.store.index import Index
from clawcortex.store.opening import open_store
from clawcortex.store.records import REPLAYED, ChatType, NewMemory, Scope, Selection
from clawcortex.store.sql.store import SqlStore
from clawcortex.upkeep import migration
from clawcortex.upkeep.migration import migrate
from tests.postgres import QUICK, Server, started

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MODEL = "m"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One PostgreSQL for all of these tests."""
    yield from started(QUICK)


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite"])
def urls(request: pytest.FixtureRequest, postgres: Server, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where from and where to, both ways."""
    with postgres.memory() as url:
        ways = [f"sqlite:{tmp_path / 'a.db'}", url]
        yield (ways[0], ways[1]) if request.param.startswith("sqlite") else (ways[1], ways[0])


def _fill(url: str, count: int = 60) -> None:
    store = open_store(Settings(store_url=url))
    group = Scope(channel="telegram", chat="-1", sender="1", chat_type=ChatType.GROUP)
    added = store.add(
        [
            NewMemory(
                text=f"text é😀 {i}", key=f"{REPLAYED}{i}", created_at=NOW, session=f"s{i % 3}", speaker="Ann",
                scope=group if i % 2 else Scope(), importance=i / 97, terms=("text", f"t{i}"),
            )
            for i in range(count)
        ]
    )  # fmt: skip
    drawn = np.random.default_rng(0).standard_normal((count, 16), dtype=np.float32)
    store.put_vectors(MODEL, [one.n for one in added], drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
    store.link(1, superseded_by=added[4].id, valid_to=NOW)
    store.link(2, duplicate_of=added[5].id)
    store.note_recalls([1, 2], NOW)
    store.delete(Selection(positions=(3, count)))
    store.put_record("flags", "a", {"x": [1, "é"]})
    for i in range(3):
        store.append_event("kind", {"i": i})
    store.ack_events("one", 2)
    store.enqueue("sum", {"hour": 1}, key="sum:1")
    store.audit("owner", "forget", "3", {})
    store.close()


def _seen(store: Store) -> dict[str, object]:
    columns = store.columns()
    return {
        "rows": store.select(Selection()),
        "columns": [getattr(columns, name).tolist() for name in columns.__slots__],
        "vectors": [(ns.tolist(), found.tolist()) for ns, found in store.vectors(MODEL)],
        "changes": store.changes(0),
        "usage": store.usage().recalls.tolist(),
        "words": (store.matching(["text", "t7"]).tolist(), store.frequencies(["text", "t7", "t2"])),
        "flags": store.list_records("flags"),
        "events": (store.read_events("one"), store.read_events("two")),
        "audit": store.audited(),
        "names": (store.scopes(), store.sessions(), store.speakers(), store.models()),
        "faults": store.check(),
    }


def test_everything_arrives_and_goes_on_from_there(urls: tuple[str, str], tmp_path: Path) -> None:
    source_url, target_url = urls
    _fill(source_url)
    told: list[str] = []
    moved = migrate(source_url, target_url, told.append)
    assert {part.table: part.rows for part in moved}["memories"] == 58
    assert any("memories: 58" in line for line in told)
    source, target = (open_store(Settings(store_url=url)) for url in urls)
    assert _seen(target) == _seen(source)
    assert target.list_records("migration") == {}
    again = NewMemory(text="x", key=f"{REPLAYED}2", created_at=NOW)
    assert not target.add([again])[0].fresh  # forgotten there is forgotten here
    assert target.add([NewMemory(text="new", key="new", created_at=NOW, speaker="Bob")])[0].n == 61
    assert target.append_event("kind", {}) == 4
    job = target.lease({"sum": 60})
    assert job is not None
    assert job.payload == {"hour": 1}
    index = Index(target, MODEL, 16, flat_limit=100, snapshot_folder=tmp_path / "cache")
    index.load()
    assert index.embedded == 58
    source.close()
    target.close()


def test_after_a_kill_it_goes_on_where_it_stopped(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source_url, target_url = urls
    _fill(source_url)
    monkeypatch.setattr(migration, "PAGE", 7)
    load, pages = SqlStore.load, [0]

    def dying(self: SqlStore, *given: object) -> None:
        pages[0] += 1
        if pages[0] % 9 == 0:
            raise KeyboardInterrupt
        load(self, *given)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(SqlStore, "load", dying)
    interrupted = 0
    while True:
        try:
            migrate(source_url, target_url, lambda line: None)
        except KeyboardInterrupt:
            interrupted += 1
            continue
        break
    assert interrupted > 1
    source, target = (open_store(Settings(store_url=url)) for url in urls)
    assert _seen(target) == _seen(source)
    source.close()
    target.close()


def test_a_store_that_holds_something_else_is_refused(urls: tuple[str, str]) -> None:
    source_url, target_url = urls
    _fill(source_url)
    _fill(target_url, 10)
    with pytest.raises(ConflictError, match="not empty") as caught:
        migrate(source_url, target_url, lambda line: None)
    assert "Nothing was written" in caught.value.hint
    with pytest.raises(InputError, match="both"):
        migrate(source_url, source_url, lambda line: None)


def test_a_half_moved_store_is_of_one_source_only(
    urls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_url, target_url = urls
    _fill(source_url)
    _fill(f"sqlite:{tmp_path / 'other.db'}")

    def stopping(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(source_url, target_url, stopping)
    with pytest.raises(ConflictError, match="a part of"):
        migrate(f"sqlite:{tmp_path / 'other.db'}", target_url, lambda line: None)


def test_a_source_that_changes_meanwhile_is_noticed(urls: tuple[str, str]) -> None:
    source_url, target_url = urls
    _fill(source_url)

    def writing(line: str) -> None:
        if line.startswith("audit"):
            store = open_store(Settings(store_url=source_url))
            store.add([NewMemory(text="late", key="late", created_at=NOW)])
            store.close()

    with pytest.raises(CorruptedError, match="memories differs"):
        migrate(source_url, target_url, writing)


def test_the_command_shows_what_was_verified(urls: tuple[str, str], state_dir: Path) -> None:
    source_url, target_url = urls
    _fill(source_url, 10)
    command = [
        sys.executable,
        "-m",
        "clawcortex",
        "store",
        "migrate",
        "--from",
        source_url,
        "--to",
        target_url,
    ]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    verified = {part["table"]: part for part in json.loads(done.stdout)["verified"]}
    assert verified["memories"]["rows"] == 8
    assert "memories: 8 rows copied" in done.stderr
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == ConflictError.exit_code
    assert "not empty" in refused.stderr
