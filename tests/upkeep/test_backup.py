"""Backups hold all there is, keep it to themselves, and are found out when a bit of them is not as it was."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex import cli, paths
from clawcortex.errors import BusyError, CorruptedError, DeniedError, DiskFullError, SettingsError
from clawcortex.settings import Settings, load_settings
from clawcortex.upkeep.backup import contents, copies, health, manifest, shelf, verifying

from .backed import dies_at, fill, flipped, host, memory, modes, registry, state_file, store_of, take


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    monkeypatch.setenv("CLAWCORTEX_BACKUP_FOLDER", str(tmp_path / "shelf"))
    paths.private_folder(paths.state_dir())
    fill(load_settings(), 0, 8)
    folder = tmp_path / "workspace"
    (folder / "memory" / "daily").mkdir(parents=True)
    (folder / "memory" / "daily" / "2026-11-22.md").write_text("# a day\n")
    (folder / "PRIORITIES.md").write_text("- [ ] call the bank\n")
    (folder / "diary.md").write_text("not ours\n")
    return folder


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "backup.key"
    path.write_text("k" * 44)
    path.chmod(0o600)
    monkeypatch.setenv("CLAWCORTEX_BACKUP_KEY_FILE", str(path))
    return path


def verified(backup: str = "") -> verifying.Verified:
    return verifying.verify(load_settings(), registry(), backup=backup)


def test_a_backup_holds_the_memory_the_files_and_nothing_of_this_machine_only(workspace: Path) -> None:
    state_file("settings.toml").write_text('log_level = "INFO"\n')
    for name in ("archive/a.jsonl", "logs/server.jsonl", "cache/index/x", "spool/y.json", "run/gateway.key"):
        state_file(name).parent.mkdir(parents=True, exist_ok=True)
        state_file(name).write_text("x")
    made = take(workspace)
    assert [entry.name for entry in made.entries] == [
        "state/archive/a.jsonl",
        "state/settings.toml",
        "workspace/main/PRIORITIES.md",
        "workspace/main/memory/daily/2026-11-22.md",
    ]
    assert (made.counts["memories"], made.counts["audit"]) == (8, 8)
    assert made.audit_head.startswith("8:")
    folder = shelf.folder_of(load_settings())
    assert modes(folder) == {0}
    assert manifest.read(folder / made.id) == made
    assert shelf.ids(folder) == [made.id]


def test_what_skills_write_in_a_workspace_is_declared_by_them() -> None:
    declared = {name for skill in registry().skills.values() for name in skill.keeps}
    shared = {"cross-signals.json", "shared-learnings", "voice/transcripts"}
    assert {
        "PRIORITIES.md",
        "feedback",
        "memory/hourly",
        "memory/daily",
        "memory/weekly",
        *shared,
    } <= declared
    assert "backups" in contents.regenerable()


def test_verifying_restores_it_and_its_answers_are_those_of_the_living_memory(workspace: Path) -> None:
    take(workspace)
    found = verified()
    assert (found.memories, found.faults, found.compared) == (8, [], True)
    assert found.asked >= 5
    fill(load_settings(), 8, 1)
    assert not verified().compared  # the living one has gone on
    assert verifying.last(shelf.folder_of(load_settings())) is not None


def test_what_a_killed_verification_left_is_removed_by_the_next(workspace: Path) -> None:
    take(workspace)
    scratch = paths.private_folder(paths.private_folder(paths.cache_dir() / "verify") / "tmp-of-the-killed")
    (scratch / "memory.sqlite").write_text("all that was said", encoding="utf-8")
    assert verified().faults == []
    assert list(scratch.parent.iterdir()) == []


def test_a_bit_changed_anywhere_is_found(workspace: Path) -> None:
    made = take(workspace)
    home = shelf.folder_of(load_settings()) / made.id
    for path in sorted(home.iterdir()):
        for at in range(0, path.stat().st_size, max(1, path.stat().st_size // 12)):
            with flipped(path, at):
                assert verified().faults, f"{path.name} at {at}"
    assert verified().faults == []


def test_a_missing_file_of_a_backup_is_named(workspace: Path) -> None:
    made = take(workspace)
    (shelf.folder_of(load_settings()) / made.id / "files.tar.zst").unlink()
    assert "files.tar.zst" in verified().faults[0]


def test_an_encrypted_backup_opens_with_its_key_only(key: Path, workspace: Path) -> None:
    made = take(workspace)
    home = shelf.folder_of(load_settings()) / made.id
    assert made.encrypted
    assert b"dentist" not in b"".join(path.read_bytes() for path in home.iterdir())
    assert verified().faults == []
    for path in (home / "memory.sqlite.zst", home / "files.tar.zst"):
        for at in (0, 12, 30, 41, path.stat().st_size - 1):
            with flipped(path, at):
                assert verified().faults
    key.write_text("w" * 44)
    before = sorted(path.read_bytes() for path in home.iterdir())
    with pytest.raises(DeniedError, match="another key"):
        verified()
    assert sorted(path.read_bytes() for path in home.iterdir()) == before


def test_a_key_that_others_can_read_or_that_is_too_short_is_refused(key: Path, workspace: Path) -> None:
    key.chmod(0o644)
    with pytest.raises(SettingsError, match="read by others"):
        take(workspace)
    key.chmod(0o600)
    key.write_text("short")
    with pytest.raises(SettingsError, match="too few"):
        take(workspace)
    key.unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        take(workspace)


def test_two_backups_are_not_written_at_once(workspace: Path) -> None:
    def second(_: str) -> None:
        with pytest.raises(BusyError):
            take(workspace)

    take(workspace, second)


def test_a_backup_holds_what_was_there_when_it_began_while_writers_go_on(workspace: Path) -> None:
    settings = load_settings()
    store = store_of(settings)

    def write(_: str) -> None:
        store.add([memory(100)])

    made = take(workspace, write)
    assert made.counts["memories"] == 9
    store.close()


def test_killed_at_any_step_there_is_a_whole_backup_or_none_and_the_next_one_cleans_up(
    workspace: Path,
) -> None:
    folder = shelf.folder_of(load_settings())
    step = 1
    while dies_at(step, lambda: take(workspace)):
        for backup in shelf.ids(folder):
            manifest.read(folder / backup)
        step += 1
    assert step > 4
    take(workspace)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert [*(paths.cache_dir() / "backup").iterdir()] == []
    assert verified().faults == []


def test_a_full_disk_is_refused_before_anything_is_written(
    workspace: Path, mount: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mount("size=1m")
    monkeypatch.setenv("CLAWCORTEX_BACKUP_FOLDER", str(folder))
    with pytest.raises(DiskFullError, match="MB are free"):
        take(workspace)
    assert shelf.ids(folder) == []


def test_a_disk_that_fills_up_meanwhile_leaves_no_half_backup(
    workspace: Path, mount: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mount("size=64k")
    monkeypatch.setenv("CLAWCORTEX_BACKUP_FOLDER", str(folder))
    monkeypatch.setattr(copies, "SPARE", -10_000_000)
    state_file("archive").mkdir()
    state_file("archive/noise.jsonl").write_bytes(os.urandom(200_000))
    with pytest.raises(DiskFullError):
        take(workspace)
    assert [path.name for path in folder.iterdir()] == ["backups.lock"]


def test_a_backup_without_openclaws_configuration_says_what_is_not_in_it(tmp_path: Path) -> None:
    config = paths.openclaw_dir() / "openclaw.json"
    config.write_text("{ this is no JSON5", encoding="utf-8")
    from clawcortex.openclaw.gateway import GatewayHost

    warnings: list[str] = []
    assert contents.known_workspaces(Settings(), GatewayHost(), warnings) == {}
    assert "workspaces are not in it" in warnings[0]


def test_the_command_line_takes_lists_and_verifies(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["backup", "--json"]) == 0
    taken = json.loads(capsys.readouterr().out)
    assert cli.main(["backup", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["faults"] == []
    assert cli.main(["backup", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in listed["backups"]] == [taken["id"]]
    assert listed["verified"]["backup"] == taken["id"]
    (Path(taken["path"]) / "memory.sqlite.zst").write_bytes(b"")
    assert cli.main(["backup", "verify", "--json"]) == CorruptedError.exit_code


def test_the_doctor_looks_at_age_verification_and_place(workspace: Path) -> None:
    def found() -> dict[str, health.Finding]:
        return {one.name: one for one in health.findings(load_settings())}

    assert found()["backup"].passed  # no server had the time for one
    lock = paths.lock_path("server")
    paths.private_folder(lock.parent)
    lock.touch()
    os.utime(lock, (0, 0))
    assert not found()["backup"].passed
    made = take(workspace)
    assert found()["backup"].passed
    assert "not yet" in found()["backup verified"].found
    assert "another one" in found()["backup disk"].found
    folder = shelf.folder_of(load_settings())
    with flipped(folder / made.id / "memory.sqlite.zst", 40):
        assert verified().faults
    assert not found()["backup verified"].passed
    (folder / made.id).rename(folder / shelf.new_id(datetime.now(UTC) - timedelta(days=3)))
    assert not found()["backup"].passed


NIGHTS = st.lists(st.integers(0, 500 * 24), min_size=1, max_size=60, unique=True)


@given(NIGHTS, st.randoms(use_true_random=False))
def test_rotation_keeps_the_last_days_weeks_and_months(hours: list[int], chance: object) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    backups = sorted(shelf.new_id(begin + timedelta(hours=hour)) for hour in hours)
    followed = backups[::3]
    stay = shelf.kept(backups, followed)
    assert stay <= set(backups)
    assert set(backups[-shelf.RECENT :]) <= stay
    assert followed[-1] in stay
    assert len(stay) <= shelf.DAILY + shelf.WEEKLY + shelf.MONTHLY + shelf.RECENT + 1
    for form, count in (("%Y-%m-%d", shelf.DAILY), ("%G-%V", shelf.WEEKLY), ("%Y-%m", shelf.MONTHLY)):
        periods = sorted({shelf.begun(one).strftime(form) for one in backups}, reverse=True)[:count]
        assert set(periods) <= {shelf.begun(one).strftime(form) for one in stay}
    assert (
        shelf.kept(stay, [one for one in followed if one in stay]) == stay
    )  # a second rotation takes nothing


def test_rotation_removes_the_backups_and_their_changes(workspace: Path) -> None:
    folder = shelf.folder_of(load_settings())
    for day in range(20):
        name = shelf.new_id(datetime(2026, 1, 1, 4, tzinfo=UTC) + timedelta(days=day))
        paths.private_folder(folder / name)
        paths.private_folder(shelf.stream_of(folder, name))
    made = take(workspace)
    stay = shelf.ids(folder)
    assert made.id in stay
    assert len(stay) <= 12
    streams = {path.name for path in (folder / "stream").iterdir()}
    assert streams < set(stay)
    assert len(streams) <= shelf.DAILY
    assert host(workspace).agents()
