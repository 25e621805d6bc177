"""The index's file: used when it is whole and of this history, else made again, never trusted blindly."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from clawcortex.store import state
from clawcortex.store.base import Store
from clawcortex.store.records import Selection
from clawcortex.store.snapshot import HEADER

from .conftest import MODEL, NewMemories, OpenIndex, OpenStore, Vectors


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "index.faiss"


@pytest.fixture
def filled(store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex) -> Store:
    store.add(memories(1_500))
    store.put_vectors(MODEL, range(1, 1_501), vectors(1_500))
    open_index(store).snapshot()
    return store


@pytest.fixture
def read_in_full(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note each time a state is read in full from the store."""
    noted: list[int] = []
    read_all = state.State.read_all

    def noting(self: state.State) -> None:
        noted.append(1)
        read_all(self)

    monkeypatch.setattr(state.State, "read_all", noting)
    return noted


def _found(index_of: OpenIndex, store: Store, query: np.ndarray, **given: int) -> list[int]:
    index = index_of(store, **given)
    index.load()
    view = index.view()
    rows, _ = view.search(query, 4, np.ones(len(view.alive), np.bool_))
    return [int(n) for n in view.columns.n[rows]]


@pytest.mark.parametrize("flat_limit", [1_000, 10_000])
def test_a_snapshot_saves_reading_the_store(
    filled: Store,
    vectors: Vectors,
    open_index: OpenIndex,
    read_in_full: list[int],
    file: Path,
    flat_limit: int,
) -> None:
    open_index(filled, flat_limit=flat_limit).snapshot()
    read_in_full.clear()
    query = vectors(1_500)[77]
    assert file.stat().st_mode & 0o777 == 0o600
    assert _found(open_index, filled, query, flat_limit=flat_limit)[0] == 78
    assert read_in_full == []
    assert [path.name for path in file.parent.iterdir()] == ["index.faiss"]


def test_a_snapshot_is_topped_up(
    filled: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex, read_in_full: list[int]
) -> None:
    query = vectors(1, seed=5)[0]
    filled.add(memories(3, start=1_500))
    filled.put_vectors(MODEL, [1_501, 1_502], vectors(2, seed=5))
    filled.delete(Selection(positions=(7, 8)))
    filled.put_vectors(MODEL, [9], query[None])
    assert _found(open_index, filled, query)[:2] in ([9, 1_501], [1_501, 9])
    index = open_index(filled)
    index.load()
    assert index.embedded == 1_500
    assert read_in_full == []


def test_nothing_is_written_when_nothing_changed(filled: Store, open_index: OpenIndex, file: Path) -> None:
    index = open_index(filled)
    index.load()
    before = file.stat()
    index.snapshot()
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    file.unlink()
    index.snapshot()
    assert file.exists()


def _edit_header(file: Path, **changed: object) -> None:
    content = file.read_bytes()
    header = json.loads(content[:HEADER]) | changed
    file.write_bytes(json.dumps(header).encode().ljust(HEADER) + content[HEADER:])


def _become_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "garbage": lambda file: file.write_bytes(b"\x00garbage" * 1_000),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-1_000]),
    "only the header": lambda file: file.write_bytes(file.read_bytes()[:HEADER]),
    "one bit": lambda file: file.write_bytes(
        file.read_bytes()[:-5_000] + b"\x55" + file.read_bytes()[-4_999:]
    ),
    "format": lambda file: _edit_header(file, format=99),
    "field": lambda file: _edit_header(file, extra=1),
    "count": lambda file: _edit_header(file, count=3),
    "model": lambda file: _edit_header(file, model="another"),
    "dimensions": lambda file: _edit_header(file, dimensions=3),
    "another history": lambda file: _edit_header(file, stamp=1),
    "from the future": lambda file: _edit_header(file, generation=10_000),
    "a folder": _become_folder,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_snapshot_that_does_not_fit_is_made_again(
    filled: Store,
    vectors: Vectors,
    open_index: OpenIndex,
    file: Path,
    read_in_full: list[int],
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[Path], object],
) -> None:
    damage(file)
    with caplog.at_level(logging.INFO):
        assert _found(open_index, filled, vectors(1_500)[77])[0] == 78
    assert read_in_full == [1]
    if file.is_dir():
        file.rmdir()
    index = open_index(filled)
    index.rebuild()
    index.snapshot()
    read_in_full.clear()
    assert _found(open_index, filled, vectors(1_500)[77])[0] == 78
    assert read_in_full == []


def test_bytes_that_pass_the_checksum_but_are_no_index_are_not_trusted(
    filled: Store, vectors: Vectors, open_index: OpenIndex, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import hashlib

    body = file.read_bytes()[HEADER : HEADER + 8 * 1_500] + b"IxFI" + b"\x00" * 40
    file.write_bytes(file.read_bytes()[:HEADER] + body)
    _edit_header(file, sha256=hashlib.sha256(body).hexdigest())
    assert _found(open_index, filled, vectors(1_500)[77])[0] == 78
    assert "of no use" in caplog.text


def test_the_kind_follows_the_limit(filled: Store, vectors: Vectors, open_index: OpenIndex) -> None:
    for limit, exact in ((10_000, True), (1_000, False), (10_000, True)):
        index = open_index(filled, flat_limit=limit)
        index.load()
        assert index.view().nearest.exact is exact
        index.snapshot()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # one that is restored by copying files
def test_a_restored_older_database_is_not_matched_with_a_newer_index(
    open_again: OpenStore,
    filled: Store,
    memories: NewMemories,
    vectors: Vectors,
    open_index: OpenIndex,
    tmp_path: Path,
    read_in_full: list[int],
) -> None:
    filled.close()
    shutil.copytree(tmp_path / "store", tmp_path / "backup")
    for seed, name in ((11, "store"), (12, "again")):
        store = open_again()
        store.add(memories(5, start=1_500, text=name))
        store.put_vectors(MODEL, range(1_501, 1_506), vectors(5, seed=seed))
        index = open_index(store)
        index.load()
        if seed == 11:  # the first history leaves its snapshot behind, then the backup is put back
            index.snapshot()
            store.close()
            shutil.rmtree(tmp_path / "store")
            shutil.copytree(tmp_path / "backup", tmp_path / "store")
        else:
            assert read_in_full == [1]
            assert _found(open_index, store, vectors(5, seed=12)[2])[0] == 1_503


def test_the_snapshot_holds_no_vector_of_what_was_removed(
    filled: Store, vectors: Vectors, open_index: OpenIndex, file: Path
) -> None:
    needle = filled.vectors_at(MODEL, [12])[12].tobytes()
    assert needle in file.read_bytes()
    index = open_index(filled)
    index.load()
    index.remove([12])
    filled.delete(Selection(positions=(12,)))
    index.snapshot()
    assert needle not in file.read_bytes()
    assert index.embedded == 1_499


def test_a_snapshot_is_due_when_a_start_would_have_much_to_catch_up(
    store: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex
) -> None:
    index = open_index(store)
    index.refresh()
    assert not index.snapshot_due()
    store.add(memories(2_500))
    index.refresh()
    assert index.snapshot_due()  # there is none yet
    index.snapshot()
    assert not index.snapshot_due()
    due = []
    for start in range(2_500, 2_504):
        store.add(memories(1, start=start))
        index.refresh()
        due.append(index.snapshot_due())
    assert due == [False, False, True, True]


def test_a_snapshot_is_due_at_once_when_it_holds_what_was_removed(
    filled: Store, open_index: OpenIndex
) -> None:
    index = open_index(filled)
    index.load()
    assert not index.snapshot_due()
    filled.delete(Selection(positions=(7,)))
    index.refresh()
    assert index.snapshot_due()
    index.snapshot()
    assert not index.snapshot_due()


@pytest.mark.parametrize("flat_limit", [1_000, 2_000, 10_000])
def test_what_is_added_after_a_start_and_while_a_snapshot_is_copied_is_found(
    filled: Store, memories: NewMemories, vectors: Vectors, open_index: OpenIndex, flat_limit: int
) -> None:
    open_index(filled, flat_limit=flat_limit).snapshot()
    index = open_index(filled, flat_limit=flat_limit)
    index.load()
    nearest = index.view().nearest
    copy, scale = nearest.copier(), nearest.scale
    more = vectors(1_000, seed=5)
    filled.add(memories(1_000, start=1_500))
    filled.put_vectors(MODEL, range(1_501, 2_501), more)
    index.refresh()
    copied = copy()
    assert copied.ntotal == 1_500
    assert np.allclose(copied.reconstruct_n(0, 1_500) / scale, vectors(1_500), atol=0.01)
    view = index.view()
    rows, _ = view.search(more[321], 1, np.ones(2_500, np.bool_))
    assert rows.tolist() == [1_821]
