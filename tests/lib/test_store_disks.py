"""A full disk and a read-only disk, real ones: small mounts that the tests make and take away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from clawcortex.errors import DiskFullError, ReadOnlyError
from clawcortex.settings import Settings
from clawcortex.store.base import Store
from clawcortex.store.opening import open_store
from clawcortex.store.records import Selection
from clawcortex.store.sqlite import space
from clawcortex.store.sqlite.store import SqliteStore

from .conftest import MODEL, NewMemories, OpenIndex, OpenStore, Vectors

Mount = Callable[..., Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mount something on a new folder; skip where that is not allowed."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    mounted: list[Path] = []

    def run(*options: str, name: str) -> Path:
        place = tmp_path / name
        place.mkdir()
        done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
        mounted.append(place)
        return place

    yield run
    for place in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def small_disk(mount: Mount) -> Path:
    """A disk of 4 MB."""
    return mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", name="small")


def _until_full(store: Store, memories: NewMemories) -> int:
    for start in range(0, 10_000, 20):
        try:
            store.add(memories(20, start=start, text="long " * 400))
        except DiskFullError:
            return start
    pytest.fail("the disk was never full")


def test_a_full_disk_loses_nothing_and_goes_on_when_there_is_room(
    small_disk: Path, memories: NewMemories
) -> None:
    ballast = small_disk / "ballast"
    store = open_store(Settings(store_url=f"sqlite:{small_disk}/db/memory.db", least_free_mb=0))
    ballast.write_bytes(b"\0" * 1_000_000)
    stored = _until_full(store, memories)
    assert stored > 0
    assert store.count() == stored
    assert len(store.matching(["text"])) == stored
    with pytest.raises(DiskFullError):
        store.put_record("a", "b", {"x": "y" * 4_000_000})
    ballast.unlink()
    assert store.add(memories(1, start=stored))[0].fresh
    assert store.check() == []
    store.close()
    again = open_store(Settings(store_url=f"sqlite:{small_disk}/db/memory.db", least_free_mb=0))
    assert again.count() == stored + 1
    again.close()


def test_opening_on_a_full_disk(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"\0" * (4 << 20))
    with pytest.raises(DiskFullError):
        open_store(Settings(store_url=f"sqlite:{small_disk}/memory.db", least_free_mb=0))


def test_a_snapshot_on_a_full_disk_leaves_the_old_one(
    small_disk: Path,
    store: Store,
    memories: NewMemories,
    vectors: Vectors,
    open_index: OpenIndex,
    tmp_path: Path,
) -> None:
    (tmp_path / "cache").symlink_to(small_disk)
    store.add(memories(2_000))
    store.put_vectors(MODEL, range(1, 11), vectors(10, dimensions=1_024))
    index = open_index(store, dimensions=1_024)
    index.snapshot()
    before = {file.name: file.read_bytes() for file in small_disk.iterdir()}
    store.put_vectors(MODEL, range(11, 2_001), vectors(1_990, dimensions=1_024))
    index.refresh()
    with pytest.raises(DiskFullError):
        index.snapshot()
    assert {file.name: file.read_bytes() for file in small_disk.iterdir()} == before
    again = open_index(store, dimensions=1_024)
    again.load()
    assert again.embedded == 2_000


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # the others' disk is their server's
def test_a_read_only_disk(
    mount: Mount, open_again: OpenStore, store_url: str, memories: NewMemories, tmp_path: Path
) -> None:
    store = open_again()
    store.add(memories(1))
    store.close()
    there = tmp_path / "store"
    read_only = mount("--bind", str(there), name="read-only")
    subprocess.run(["mount", "-o", "remount,ro,bind", str(read_only)], check=True)
    for name in ("memory.db", "new.db"):
        with pytest.raises(ReadOnlyError) as caught:
            open_store(Settings(store_url=f"sqlite:{read_only / name}", least_free_mb=0))
        assert caught.value.hint
    assert open_again().count() == 1


def test_a_disk_that_becomes_read_only_while_in_use(mount: Mount, memories: NewMemories) -> None:
    disk = mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", name="turns")
    store = open_store(Settings(store_url=f"sqlite:{disk}/memory.db", least_free_mb=0))
    store.add(memories(1))
    bound = mount("--bind", str(disk), name="bound")
    subprocess.run(["mount", "-o", "remount,ro,bind", str(bound)], check=True)
    with pytest.raises(ReadOnlyError):
        open_store(Settings(store_url=f"sqlite:{bound}/memory.db", least_free_mb=0))
    assert store.add(memories(1, start=1))[0].fresh
    store.close()


def test_nothing_is_stored_before_the_disk_is_full_and_what_frees_room_goes_on(
    small_disk: Path, memories: NewMemories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "LOOK_S", 0.0)
    path = small_disk / "memory.db"
    ballast = small_disk / "ballast"
    store = SqliteStore(path, least_free_mb=1)
    kept = store.add(memories(3))
    ballast.write_bytes(b"x" * (3 << 20))
    with pytest.raises(DiskFullError, match="1 MB stay free") as refused:
        store.add(memories(1, start=10))
    assert "writing goes on by itself" in refused.value.hint
    with pytest.raises(DiskFullError):
        store.put_vectors("m", [1], np.ones((1, 1), np.float32))
    assert store.delete(Selection(ids=(kept[0].id,)))
    store.put_record("settings", "a", {"b": 1})
    ballast.unlink()
    assert store.add(memories(1, start=10))[0].fresh
    assert store.count() == 3
    store.close()
