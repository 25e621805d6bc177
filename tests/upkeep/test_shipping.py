"""Every write that was acknowledged is on the backups' disk, whatever process ends, and however."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clawcortex import paths
from clawcortex.errors import CorruptedError, DeniedError
from clawcortex.settings import load_settings
from clawcortex.store.sqlite import wal, writer
from clawcortex.store.sqlite.store import SqliteStore
from clawcortex.upkeep.backup import restoring, segments, shelf, verifying
from clawcortex.upkeep.backup.keys import Key
from clawcortex.upkeep.backup.segments import Kind
from clawcortex.upkeep.backup.shipping import Shipping

from .backed import fill, flipped, memory, registry, store_of, take, texts

KEY = Key(b"k" * 40)


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    monkeypatch.setenv("CLAWCORTEX_BACKUP_FOLDER", str(tmp_path / "shelf"))
    monkeypatch.setattr(writer, "LOG_BYTES", 200_000)
    paths.private_folder(paths.state_dir())
    fill(load_settings(), 0, 3)
    return tmp_path / "workspace"


@contextmanager
def following(workspace: Path, key: Key | None = None) -> Iterator[tuple[SqliteStore, Shipping]]:
    """Open the store as a server does: go on with the stream, or take a backup and begin another."""
    store = store_of(load_settings())
    shipping = Shipping(store.path, shelf.folder_of(load_settings()), key)
    shipping.start()
    store.follow_log(shipping)
    if shipping.broken:
        shipping.confirm(take(workspace, shipping.begin).id)
    assert shipping.broken == ""
    try:
        yield store, shipping
    finally:
        store.checkpoint()
        store.follow_log(None)
        shipping.stop()
        store.close()


def restored(tmp_path: Path, at: datetime | None = None) -> list[str]:
    into = tmp_path / f"restored-{os.urandom(4).hex()}"
    restoring.restore_into(load_settings(), into, at=at)
    return texts(into / "memory.sqlite")


def streams() -> list[str]:
    return sorted(path.name for path in (shelf.folder_of(load_settings()) / "stream").iterdir())


def test_every_write_is_in_what_is_restored_and_the_log_stays_short(workspace: Path, tmp_path: Path) -> None:
    with following(workspace) as (store, shipping):
        for number in range(10, 110):
            store.add([memory(number)])
            longest = store.path.with_name("memory.sqlite-wal").stat().st_size
            assert longest < 2_000_000
        assert shipping.shipped(60)
        assert shipping.broken == ""
        living = texts()
        assert len(living) == 103
    assert restored(tmp_path) == living
    assert len(segments.files(shelf.stream_of(shelf.folder_of(load_settings()), streams()[0]))) > 2


def test_a_time_between_two_writes_has_the_first_only(workspace: Path, tmp_path: Path) -> None:
    with following(workspace) as (store, shipping):
        store.add([memory(10)])
        assert shipping.shipped(60)
        between = datetime.now(UTC)
        store.add([memory(11)])
        assert shipping.shipped(60)
    assert len(restored(tmp_path, between)) == 4
    assert len(restored(tmp_path)) == 5


def test_a_stopped_server_goes_on_with_the_same_backup(workspace: Path, tmp_path: Path) -> None:
    for number in (10, 11, 12):
        with following(workspace) as (store, _):
            store.add([memory(number)])
    assert len(streams()) == 1
    assert len(restored(tmp_path)) == 6


def test_a_write_without_the_server_begins_another_backup(workspace: Path, tmp_path: Path) -> None:
    with following(workspace) as (store, _):
        store.add([memory(10)])
    fill(load_settings(), 20, 1)
    with following(workspace) as (store, _):
        store.add([memory(11)])
    assert len(streams()) == 2
    assert len(restored(tmp_path)) == 6


def test_another_program_that_empties_the_log_is_noticed(workspace: Path, tmp_path: Path) -> None:
    with following(workspace) as (store, shipping):
        store.add([memory(10)])
        assert shipping.shipped(60)
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        store.add([memory(11)])
        assert shipping.shipped(60)
        assert "another program" in shipping.broken
        shipping.confirm(take(workspace, shipping.begin).id)
        assert shipping.broken == ""
        store.add([memory(12)])
    assert len(restored(tmp_path)) == 6
    assert len(streams()) == 2


def test_a_backup_taken_under_load_loses_nothing_of_either(workspace: Path, tmp_path: Path) -> None:
    with following(workspace) as (store, shipping):
        numbers = iter(range(10, 1_000))

        def busy(backup: str) -> None:
            shipping.begin(backup)
            for _ in range(30):
                store.add([memory(next(numbers))])

        made = take(workspace, busy)
        store.add([memory(next(numbers))])
        shipping.confirm(made.id)
        store.add([memory(next(numbers))])
        assert shipping.broken == ""
        living = len(texts())
    assert len(streams()) == 2
    assert len(restored(tmp_path)) == living == 35


def test_a_backup_that_fails_leaves_the_stream_of_the_one_before(workspace: Path, tmp_path: Path) -> None:
    with following(workspace) as (store, shipping):
        shipping.begin("20260101T000000.000000Z")
        store.add([memory(10)])
        shipping.abandon("20260101T000000.000000Z")
        store.add([memory(11)])
        assert shipping.shipped(60)
        assert shipping.broken == ""
    assert len(streams()) == 1
    assert len(restored(tmp_path)) == 5


def test_scrubbing_rewrites_the_file_and_the_stream_goes_on(workspace: Path, tmp_path: Path) -> None:
    with following(workspace) as (store, shipping):
        store.add([memory(number) for number in range(10, 40)])
        store.scrub()
        store.add([memory(50)])
        assert shipping.shipped(60)
        assert shipping.broken == ""
    assert len(restored(tmp_path)) == 34


def test_a_large_transaction_goes_in_parts(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawcortex.upkeep.backup.tracks.STEP", 50_000)
    with following(workspace) as (store, shipping):
        store.add([memory(number) for number in range(10, 400)])
        assert shipping.shipped(60)
        stream = shelf.stream_of(shelf.folder_of(load_settings()), streams()[0])
        assert Kind.PART in {piece.kind for piece in segments.every(stream, None)}
    assert len(restored(tmp_path)) == 393


def test_a_full_backup_disk_stops_the_stream_not_the_memory(
    workspace: Path, mount: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mount("size=300k")
    monkeypatch.setenv("CLAWCORTEX_BACKUP_FOLDER", str(folder))
    monkeypatch.setattr("clawcortex.upkeep.backup.copies.SPARE", -10_000_000)
    with following(workspace) as (store, shipping):
        for number in range(10, 200):
            store.put_record("noise", str(number), {"noise": os.urandom(3_000).hex()})
        assert shipping.shipped(60)
        assert "no space left" in shipping.broken
        store.add([memory(10)])
        assert len(texts()) == 4


LOAD = """
import os, sys
sys.path.insert(0, sys.argv[1])
from tests.upkeep.backed import memory, store_of, take
from clawcortex.settings import load_settings
from clawcortex.upkeep.backup import shelf
from clawcortex.upkeep.backup.shipping import Shipping
from clawcortex.store.sqlite import writer
from pathlib import Path
writer.LOG_BYTES = 200_000
store = store_of(load_settings())
shipping = Shipping(store.path, shelf.folder_of(load_settings()), None)
shipping.start()
store.follow_log(shipping)
if shipping.broken:
    shipping.confirm(take(Path("nowhere"), shipping.begin).id)
for number in range(int(sys.argv[2]), 1_000_000):
    store.add([memory(number)])
    if number % 20 == 0:
        shipped = shipping.shipped(60) and not shipping.broken
        os.write(1, f"{number} {shipped}\\n".encode())
"""


def test_killed_at_any_moment_what_was_shipped_is_there_and_the_next_server_goes_on(
    workspace: Path, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]
    first = 1_000
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", LOAD, str(root), str(first)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(3):
                last, shipped = process.stdout.readline().split()
                assert shipped == "True"
            process.send_signal(signal.SIGKILL)
        there = restored(tmp_path)
        assert any(text.startswith(f"Note {last}:") for text in there)
        living = texts_untouched(tmp_path)
        assert set(there) <= set(living)
        first += 100_000
    assert len(streams()) == 1
    with following(workspace) as (store, _):
        store.add([memory(10)])
    assert len(streams()) == 1
    assert sorted(restored(tmp_path)) == sorted(texts())


def texts_untouched(tmp_path: Path) -> list[str]:
    """Read a copy of the living database: opening and closing it would write the log into it."""
    copy = tmp_path / f"copy-{os.urandom(4).hex()}"
    copy.mkdir()
    for path in paths.state_dir().glob("memory.sqlite*"):
        shutil.copy(path, copy)
    return texts(copy / "memory.sqlite")


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
def test_a_bit_changed_anywhere_in_what_was_shipped_is_found(
    workspace: Path, tmp_path: Path, key: Key | None
) -> None:
    stream = paths.private_folder(tmp_path / "stream")
    segment = segments.Segment(segments.next_path(stream), key)
    for offset in (0, 32):
        segment.append(Kind.FRAMES, offset, bytes(32))
    segment.append(Kind.SEALED, 64, b"{}")
    segment.close()
    whole = [*segments.every(stream, key)]
    assert [piece.offset for piece in whole] == [0, 32, 64]
    path = segments.files(stream)[0]
    for at in range(0, path.stat().st_size, 3):
        with flipped(path, at), pytest.raises((CorruptedError, DeniedError)):
            assert [*segments.every(stream, key)]
    raw = path.read_bytes()
    for length in range(0, len(raw), 3):  # cut off anywhere, the records before are there
        path.write_bytes(raw[:length])
        found = [*segments.every(stream, key)]
        assert found == whole[: len(found)]


def test_a_missing_file_of_the_stream_is_found(workspace: Path, tmp_path: Path) -> None:
    with following(workspace) as (store, _):
        for number in range(10, 80):
            store.add([memory(number)])
    stream = shelf.stream_of(shelf.folder_of(load_settings()), streams()[0])
    _, second, *_ = segments.files(stream)
    second.unlink()
    with pytest.raises(CorruptedError, match=f"{second.name} is missing"):
        restored(tmp_path)
    found = verifying.verify(load_settings(), registry())
    assert "is missing" in found.faults[0]


def test_the_log_is_read_as_sqlite_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA wal_autocheckpoint = 0")
        raw.execute("CREATE TABLE t (a)")
        raw.executemany("INSERT INTO t VALUES (?)", [(os.urandom(3_000),) for _ in range(20)])
        log = path.with_name("x.db-wal").read_bytes()
        header = wal.read_header(log)
        assert header is not None
        frames = log[wal.HEADER_BYTES :]
        whole = wal.scan(header, header.sums, frames)
        assert whole.committed == whole.valid == len(frames)
        assert wal.last_sums(header, frames) == whole.sums
        half = wal.scan(header, header.sums, frames[: len(frames) // 2])
        rest = wal.scan(header, half.sums, frames[half.valid :])
        assert half.valid + rest.valid == len(frames)
        for at in (0, 7, 30, header.frame + 12, len(frames) - 1):
            damaged = bytearray(frames)
            damaged[at] ^= 1
            assert wal.scan(header, header.sums, bytes(damaged)).valid <= at // header.frame * header.frame
        assert wal.read_header(b"\0" * 32) is None
        assert wal.read_header(log[:20]) is None
        assert wal.read_header(log[:24] + b"\1" * 8) is None
