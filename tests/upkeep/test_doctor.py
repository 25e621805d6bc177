"""The doctor finds what is broken, says what to do, and never fails itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from clawcortex import client, paths
from clawcortex.server.lifecycle import Lock
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.upkeep.doctor import Check, examine, report


@pytest.fixture(autouse=True)
def without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    monkeypatch.setenv("CLAWCORTEX_PYTHON", sys.executable)
    paths.private_folder(paths.state_dir())


def named(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_a_server_that_is_down_is_found_with_its_cure() -> None:
    check = named(examine())["server"]
    assert not check.passed
    assert check.next_step == "Start the resident server with `clawcortex start`."


def test_a_bad_settings_file_is_named() -> None:
    paths.settings_path().write_text("hook_deadline_ms = 'soon'\n", encoding="utf-8")
    check = named(examine())["settings"]
    assert not check.passed
    assert "hook_deadline_ms" in check.found


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    open_store(Settings()).close()
    size = paths.database_path().stat().st_size
    paths.database_path().write_bytes(b"not a database" * (size // 14))
    check = named(examine())["store"]
    assert not check.passed
    assert check.next_step


def test_a_postgresql_that_does_not_answer_is_found_and_its_password_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLAWCORTEX_STORE_URL", "postgresql://ann:pa55word@127.0.0.1:1/memory")
    check = named(examine())["store"]
    assert not check.passed
    assert "Start PostgreSQL" in check.next_step
    assert "127.0.0.1" in check.found
    assert "pa55word" not in report(examine())


def test_files_that_others_can_read_are_found() -> None:
    open_store(Settings()).close()
    paths.database_path().chmod(0o644)
    check = named(examine())["permissions"]
    assert not check.passed
    assert "chmod" in check.next_step


def test_turns_put_aside_are_counted() -> None:
    bad = paths.private_folder(paths.spool_dir() / "bad")
    (bad / "1.json").write_text("{", encoding="utf-8")
    assert not named(examine())["spool"].passed


@pytest.mark.parametrize(("access", "granted"), [(True, True), (False, False)])
def test_the_grant_in_openclaw_is_read(access: bool, granted: bool) -> None:
    entry = {
        "enabled": True,
        "hooks": {"allowConversationAccess": access},
        "llm": {"allowAgentIdOverride": access},
    }
    config = "// comments are allowed\n" + json.dumps({"plugins": {"entries": {"clawcortex": entry}}})
    (paths.openclaw_dir() / "openclaw.json").write_text(config, encoding="utf-8")
    checks = named(examine())
    assert checks["grant"].passed is granted
    assert checks["model grant"].passed is granted
    assert "install.py" in checks["model grant"].next_step


def test_a_running_server_is_well() -> None:
    said = client.start()
    try:
        checks = named(examine())
        assert checks["server"].passed
        assert str(said["pid"]) in checks["server"].found
    finally:
        client.call("/v1/shutdown", {})
        lock = Lock("server")
        assert lock.wait(60)
        lock.release()


def test_the_report_counts_and_says_what_is_next() -> None:
    text = report([Check("a", True, "fine"), Check("b", False, "broken", "Mend it.")])
    assert text.splitlines() == [
        "ok   a: fine",
        "FAIL b: broken",
        "     next: Mend it.",
        "2 checks, 1 failed",
    ]
