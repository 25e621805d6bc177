"""A running server keeps a backup that every change is added to, over its own ends, and takes the night's."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clawcortex import cli, client, paths
from clawcortex.server.backups import AGAIN_S, LOOK_S, Backups, verify_apart
from clawcortex.server.resources import Residence
from clawcortex.settings import Settings, load_settings
from clawcortex.store.opening import open_store
from clawcortex.upkeep.backup import nightly, segments, shelf, verifying
from clawcortex.upkeep.backup.shipping import Shipping
from clawcortex.upkeep.doctor import examine
from tests.e2e.loopback import until


@pytest.fixture(autouse=True)
def folder(house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAWCORTEX_BACKUP_FOLDER", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


def followed(folder: Path) -> bool:
    """Return whether the newest backup is whole, and changes are added to it."""
    there = shelf.ids(folder)
    return bool(there) and segments.base(shelf.stream_of(folder, there[-1]), None) is not None


def resumes(backup: str) -> int:
    """Return how often a server went on with this backup."""
    return paths.log_path().read_text(encoding="utf-8").count(f"changes are added to backup {backup} again")


def test_a_stopped_and_a_killed_server_go_on_with_the_same_backup(
    folder: Path, until_ended: Callable[[], None]
) -> None:
    client.start()
    until(lambda: followed(folder), "the first backup")
    (backup,) = shelf.ids(folder)
    assert cli.main(["stop"]) == 0
    pid = int(client.start()["pid"])
    until(lambda: resumes(backup) == 1, "the first resumption")
    os.kill(pid, signal.SIGKILL)
    until_ended()
    client.start()
    until(lambda: resumes(backup) == 2, "the second resumption")
    found = {check.name: check for check in examine() if check.name.startswith("backup")}
    assert all(check.passed for check in found.values())
    assert found["backup"].found.startswith("1 in ")
    assert verify_apart(threading.Event())  # as the server does each night
    last = verifying.last(folder)
    assert last is not None
    assert (last.backup, last.faults) == (backup, [])
    stopping = threading.Event()
    stopping.set()
    assert not verify_apart(stopping)
    assert cli.main(["stop"]) == 0
    assert shelf.ids(folder) == [backup]


def test_a_disk_that_is_away_at_the_start_is_followed_once_it_is_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Shipping) -> None:
        raise OSError(errno.EIO, "the disk is away")

    settings = Settings(embedding_backend="hash", backup_folder=str(folder))
    residence = Residence(settings, wake=lambda: None, drain=lambda: None)
    residence._open()
    opened = residence.opened()
    backups = Backups(residence, failed=lambda: None)
    with monkeypatch.context() as patch:
        patch.setattr(Shipping, "start", away)
        with pytest.raises(OSError, match="away"):
            backups._round(opened)
    with monkeypatch.context() as patch:
        patch.setattr(Shipping, "confirm", lambda *_: None)  # as where the log cannot be followed
        assert backups._round(opened) == AGAIN_S, "no backup follows on the other's heels"
    assert backups._round(opened) == LOOK_S
    assert backups._shipping is not None
    assert backups._shipping.shipped(60)
    assert followed(folder)
    backups._shipping.stop()
    residence.close()


def test_by_hand_only_no_backup_is_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, until_ended: Callable[[], None]
) -> None:
    monkeypatch.setenv("CLAWCORTEX_BACKUP_NIGHTLY", "false")
    client.start()
    client.call("/readyz?wait=60")
    assert cli.main(["stop"]) == 0
    until_ended()
    assert not folder.exists()


def test_a_night_that_was_missed_is_made_up_for(folder: Path) -> None:
    settings = Settings(backup_folder=str(folder), timezone="Europe/Berlin")
    paths.private_folder(paths.state_dir())
    with closing(open_store(load_settings())) as store:
        taken = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)  # half past four in Berlin
        name = shelf.new_id(taken)
        assert nightly.is_due(settings, store, taken)
        paths.private_folder(folder / name)
        assert nightly.is_due(
            settings, store, taken
        )  # one by hand, which nothing is added to, is not the night's
        paths.private_folder(shelf.stream_of(folder, name))
        assert not nightly.is_due(settings, store, taken + timedelta(hours=23))
        assert nightly.is_due(settings, store, taken + timedelta(hours=24))
        assert nightly.is_due(settings, store, taken + timedelta(days=4, hours=7))
        assert nightly.last_taken(settings, store) == taken
