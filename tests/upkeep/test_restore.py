"""A restore brings back what was there, moves aside what is there, and can be cut off anywhere."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clawcortex import cli, paths
from clawcortex.errors import ConflictError, DeniedError, InputError, NotFoundError
from clawcortex.server.lifecycle import Lock
from clawcortex.settings import load_settings
from clawcortex.store.opening import open_store, restoring_path
from clawcortex.upkeep import audit
from clawcortex.upkeep.backup import choosing, restoring, shelf
from clawcortex.upkeep.backup.commands import moment_of
from clawcortex.upkeep.backup.shipping import Shipping

from .backed import dies_at, fill, host, memory, modes, state_file, store_of, take, texts


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    monkeypatch.setenv("CLAWCORTEX_BACKUP_FOLDER", str(tmp_path / "shelf"))
    monkeypatch.setenv("CLAWCORTEX_SHARED_WORKSPACE", str(tmp_path / "workspace"))
    paths.private_folder(paths.state_dir())
    state_file("settings.toml").write_text("lesson_days = 30\n")
    fill(load_settings(), 0, 6)
    with closing(store_of(load_settings())) as store:
        audit.note_head(store)
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "PRIORITIES.md").write_text("- [ ] call the bank\n")
    return folder


def put_back(workspace: Path, at: datetime | None = None) -> restoring.Restored:
    return restoring.restore(load_settings(), host(workspace), at=at)


def test_what_was_there_is_moved_aside_and_what_was_kept_is_back(workspace: Path) -> None:
    kept = texts()
    take(workspace)
    fill(load_settings(), 6, 3)
    later = texts()
    state_file("settings.toml").write_text("lesson_days = 99\n")
    state_file("priorities").mkdir()
    (workspace / "PRIORITIES.md").write_text("- [ ] something else\n")
    (workspace / "own.md").write_text("a person's\n")
    with closing(store_of(load_settings())) as store:
        audit.note_head(store)
    said = put_back(workspace)
    assert texts() == kept
    assert (said.memories, said.left) == (6, [])
    assert load_settings().lesson_days == 30
    assert (workspace / "PRIORITIES.md").read_text() == "- [ ] call the bank\n"
    assert (workspace / "own.md").exists()
    assert not state_file("priorities").exists()
    old = Path(said.replaced)
    assert texts(old / "memory.sqlite") == later
    assert (old / "settings.toml").read_text() == "lesson_days = 99\n"
    assert (old / "priorities").is_dir()
    assert (old / "workspace" / "main" / "PRIORITIES.md").read_text() == "- [ ] something else\n"
    assert modes(old) == {0} or modes(old / "workspace") != {0}
    assert not state_file("restoring").exists()


def test_the_audit_is_sound_after_a_restore_of_an_older_state(workspace: Path) -> None:
    take(workspace)
    fill(load_settings(), 6, 3)
    with closing(store_of(load_settings())) as store:
        audit.note_head(store)
    put_back(workspace)
    noted = audit.noted_head()
    assert noted is not None
    assert noted.seq == 6
    with closing(store_of(load_settings())) as store:
        assert audit.verify(store, noted).faults == []


def test_a_lost_state_comes_back_with_private_files(workspace: Path) -> None:
    kept = texts()
    take(workspace)
    shutil.rmtree(paths.state_dir())
    said = put_back(workspace)
    assert texts() == kept
    assert said.replaced != ""  # PRIORITIES.md was still there
    assert {path.stat().st_mode & 0o077 for path in paths.state_dir().glob("memory.sqlite")} == {0}
    assert modes(paths.state_dir() / "settings.toml") == set()


def test_killed_at_any_step_the_next_restore_finishes_it(workspace: Path, tmp_path: Path) -> None:
    kept = texts()
    take(workspace)
    fill(load_settings(), 6, 3)
    later = texts()
    (workspace / "PRIORITIES.md").write_text("- [ ] something else\n")
    snapshot = tmp_path / "before"
    shutil.copytree(paths.state_dir(), snapshot)
    step = 1
    while dies_at(step, lambda: put_back(workspace)):
        if restoring_path().exists():
            with pytest.raises(ConflictError, match="cut off"):
                open_store(load_settings())
        said = put_back(workspace)
        assert texts() == kept
        assert texts(Path(said.replaced) / "memory.sqlite") == later
        assert (workspace / "PRIORITIES.md").read_text() == "- [ ] call the bank\n"
        shutil.rmtree(paths.state_dir())
        shutil.copytree(snapshot, paths.state_dir())
        (workspace / "PRIORITIES.md").write_text("- [ ] something else\n")
        step += 1
    assert step > 8


def test_a_full_disk_changes_nothing(
    workspace: Path, mount: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(workspace)
    small = mount("size=2m")
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(small))
    with pytest.raises(Exception, match="MB are free"):
        put_back(workspace)
    assert not paths.database_path().exists()


def test_a_wrong_key_changes_nothing(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    key.write_text("a" * 40)
    key.chmod(0o600)
    monkeypatch.setenv("CLAWCORTEX_BACKUP_KEY_FILE", str(key))
    take(workspace)
    kept = texts()
    key.write_text("b" * 40)
    with pytest.raises(DeniedError, match="another key"):
        put_back(workspace)
    monkeypatch.delenv("CLAWCORTEX_BACKUP_KEY_FILE")
    with pytest.raises(DeniedError, match="no key was given"):
        put_back(workspace)
    assert texts() == kept
    assert not state_file("restoring").exists()
    key.write_text("a" * 40)
    assert cli.main(["restore", "--key", str(key)]) == 0
    assert texts() == kept


def test_a_folder_gets_a_copy_and_the_state_is_left_alone(workspace: Path, tmp_path: Path) -> None:
    take(workspace)
    fill(load_settings(), 6, 1)
    into = tmp_path / "elsewhere"
    said = restoring.restore_into(load_settings(), into)
    assert (said.memories, len(texts(into / "memory.sqlite")), len(texts())) == (6, 6, 7)
    assert (into / "state" / "settings.toml").exists()
    with pytest.raises(InputError, match="not empty"):
        restoring.restore_into(load_settings(), into)


def test_a_running_server_is_not_restored_under(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(workspace)
    lock = Lock("server")
    assert lock.take()
    try:
        assert cli.main(["restore", "--json"]) == ConflictError.exit_code
    finally:
        lock.release()
    assert "clawcortex stop" in capsys.readouterr().out


def test_without_a_backup_that_old_it_says_so(workspace: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no backup"):
        put_back(workspace)
    take(workspace)
    with pytest.raises(NotFoundError, match="or before"):
        put_back(workspace, datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(InputError, match="is no time"):
        moment_of(load_settings(), "yesterday")
    assert moment_of(load_settings(), "2026-11-23T14:05+01:00") == datetime(2026, 11, 23, 13, 5, tzinfo=UTC)


def test_the_newest_state_may_stand_on_an_older_backup(workspace: Path) -> None:
    """A backup by hand is not followed; what was written after it is in the stream of the night's."""
    settings = load_settings()
    store = store_of(settings)
    shipping = Shipping(store.path, shelf.folder_of(settings), None)
    shipping.start()
    store.follow_log(shipping)
    followed = take(workspace, shipping.begin)
    shipping.confirm(followed.id)
    by_hand = take(workspace)
    store.add([memory(50)])
    assert shipping.shipped(30)
    newest = choosing.choose(shelf.folder_of(settings), None)
    before = choosing.choose(shelf.folder_of(settings), None, by_hand.taken_at)
    assert (newest.id, before.id) == (followed.id, by_hand.id)
    store.follow_log(None)
    shipping.stop()
    store.close()
    with closing(sqlite3.connect(paths.database_path())) as raw:
        assert raw.execute("SELECT count(*) FROM memories").fetchone() == (7,)
