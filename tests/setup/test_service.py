"""The system's own service: a unit that systemd takes, a property list, and nobody else's file touched."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clawcortex import cli, paths
from clawcortex.errors import ConflictError, SetupError
from clawcortex.setup import service


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home of its own, with what would break a careless unit."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("CLAWCORTEX_PYTHON", sys.executable)
    monkeypatch.setenv("CLAWCORTEX_QUIET_HOURS", '100 % "quiet" \\ hours')
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    file = tmp_path / "clawcortex.service"
    file.write_text(service.unit())
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd is not on this machine")
    done = subprocess.run(
        [analyse, "verify", "--user", "--recursive-errors=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert "clawcortex.service" not in done.stderr
    assert 'Environment="CLAWCORTEX_QUIET_HOURS=100 %% \\"quiet\\" \\\\ hours"' in file.read_text()
    assert f'"{sys.executable}" -m clawcortex serve' in file.read_text()


def test_launchd_gets_a_property_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    found = plistlib.loads(service.agent())
    assert found["ProgramArguments"] == [sys.executable, "-m", "clawcortex", "serve"]
    assert found["KeepAlive"] is True
    assert found["EnvironmentVariables"]["PYTHONPATH"] == str(paths.repo_root() / "lib")
    assert service.place().name == "ai.openclaw.clawcortex.plist"


def test_install_writes_it_and_says_what_is_left_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")  # no systemctl here
    assert cli.main(["service", "install"]) == 0
    said = capsys.readouterr().out
    assert service.place().read_text() == service.unit()
    assert service.place().stat().st_mode & 0o777 == 0o600
    assert "systemctl --user enable --now clawcortex" in said
    assert cli.main(["service", "install"]) == 0, "again is no conflict"
    assert cli.main(["service", "remove"]) == 0
    assert not service.place().exists()
    with pytest.raises(SetupError, match="there is no service"):
        service.remove()


def test_a_file_of_somebody_else_stays(home: Path) -> None:
    service.place().parent.mkdir(parents=True)
    service.place().write_text("[Service]\nExecStart=/bin/true\n")
    for act in (service.install, service.remove):
        with pytest.raises(ConflictError, match="not clawcortex's own"):
            act()
    assert service.place().read_text() == "[Service]\nExecStart=/bin/true\n"


def test_a_line_break_never_reaches_the_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWCORTEX_TIMEZONE", "UTC\nExecStartPre=/bin/evil")
    with pytest.raises(SetupError, match="CLAWCORTEX_TIMEZONE"):
        service.unit()
