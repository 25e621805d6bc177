from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from clawcortex.errors import DiskFullError, SetupError
from clawcortex.setup.console import Console
from clawcortex.setup.environment import Environment

from .wheels import make_checkout, make_wheel

LIB = Path(__file__).resolve().parents[2] / "lib"
DRIVER = """
import sys
from pathlib import Path
from clawcortex.setup.console import Console
from clawcortex.setup.environment import Environment
Environment(Path(sys.argv[1]), Console()).ensure(("base",))
"""
MANY = 1_500
"""Files of the slow package: unpacking them takes long enough to be interrupted."""


@pytest.fixture(autouse=True)
def only_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let pip see one folder of wheels and no network."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    index = tmp_path / "wheels"
    index.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_COMPILE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return index


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment, made once: making one takes seconds."""
    folder = tmp_path_factory.mktemp("template") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def made(template: Path, state: Path) -> Path:
    """An environment as it is before anything is installed."""
    folder = state / "clawcortex" / "venv"
    shutil.copytree(template, folder, symlinks=True)
    return folder


def run(environment: Environment, code: str) -> str:
    command = [str(environment.python), "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout.strip()


def test_it_is_made_in_the_state_folder_and_a_second_time_does_nothing(
    tmp_path: Path, only_a_folder: Path, console: Console, shown: io.StringIO, state: Path
) -> None:
    make_wheel(only_a_folder, "alpha")
    make_wheel(only_a_folder, "beta")
    root = make_checkout(tmp_path / "checkout", {"alpha": "1.0"}, {"beta": "1.0"})
    (root / "lib" / "ours.py").write_text("NAME = 'ours'\n")
    environment = Environment(root, console)
    assert environment.missing(("base", "voice", "dev")) == ("base", "dev")  # voice is no group here
    environment.ensure(("base",))
    assert environment.folder.is_relative_to(state)
    assert run(environment, "import alpha, ours; print(alpha.VERSION, ours.NAME)") == "1.0 ours"
    said = shown.getvalue()
    assert "Fetching up to 2 packages, about 2.1 MB (base)" in said
    assert "alpha 1.0" in said
    shown.truncate(0)
    stamp = environment.stamp.stat()
    shutil.rmtree(only_a_folder)  # nothing may be needed now
    assert Environment(root, console).missing(("base",)) == ()
    Environment(root, console).ensure(("base",))
    assert environment.stamp.stat().st_mtime_ns == stamp.st_mtime_ns
    assert shown.getvalue() == ""
    assert not (root / "venv").exists()


@pytest.mark.usefixtures("made")
def test_a_changed_pin_is_installed(tmp_path: Path, only_a_folder: Path, console: Console) -> None:
    make_wheel(only_a_folder, "alpha", "1.0")
    make_wheel(only_a_folder, "alpha", "2.0")
    root = make_checkout(tmp_path / "checkout", {"alpha": "1.0"})
    Environment(root, console).ensure(("base",))
    environment = Environment(make_checkout(root, {"alpha": "2.0"}), console)
    assert environment.missing(("base",)) == ("base",)
    environment.ensure(("base",))
    assert run(environment, "import alpha; print(alpha.VERSION)") == "2.0"


def test_the_command_survives_odd_folder_names(
    tmp_path: Path, only_a_folder: Path, console: Console, monkeypatch: pytest.MonkeyPatch, template: Path
) -> None:
    state = tmp_path / "it's a folder"
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(state))
    shutil.copytree(template, state / "clawcortex" / "venv", symlinks=True)
    make_wheel(only_a_folder, "alpha")
    root = make_checkout(tmp_path / "checkout", {"alpha": "1.0"})
    package = root / "lib" / "clawcortex"
    package.mkdir()
    (package / "__main__.py").write_text("import sys; print(sys.argv[1:])")
    environment = Environment(root, console)
    environment.ensure(("base",))
    command = [str(environment.folder / "bin" / "clawcortex"), "a b", "c"]
    assert (
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == "['a b', 'c']"
    )


def start(root: Path) -> subprocess.Popen[str]:
    """Install in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(root)],
        env={**os.environ, "PYTHONPATH": str(LIB)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def until_half_unpacked(environment: Environment, process: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None:
        parts = len(list(environment.folder.glob("lib/python3*/site-packages/slow/part*.py")))
        if 10 < parts < MANY - 300:
            return
    raise AssertionError("the installation was never half-way")


@pytest.mark.usefixtures("made")
def test_killed_in_the_middle_it_goes_on_from_there(
    tmp_path: Path, only_a_folder: Path, console: Console, shown: io.StringIO
) -> None:
    make_wheel(only_a_folder, "slow", files=MANY)
    root = make_checkout(tmp_path / "checkout", {"slow": "1.0"})
    environment = Environment(root, console)
    process = start(root)
    until_half_unpacked(environment, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert environment.unfinished.exists()
    assert environment.missing(("base",)) == ("base",)
    environment.ensure(("base",))
    assert "going on from there" in shown.getvalue()
    assert run(environment, f"import slow.part{MANY - 1}; print(slow.VERSION)") == "1.0"
    assert len(list(environment.folder.glob("lib/python3*/site-packages/slow/part*.py"))) == MANY
    assert not environment.unfinished.exists()
    assert environment.missing(("base",)) == ()


@pytest.mark.usefixtures("made")
def test_an_orphaned_pip_is_waited_for(
    tmp_path: Path, only_a_folder: Path, console: Console, shown: io.StringIO
) -> None:
    make_wheel(only_a_folder, "slow", files=MANY)
    root = make_checkout(tmp_path / "checkout", {"slow": "1.0"})
    environment = Environment(root, console)
    process = start(root)
    until_half_unpacked(environment, process)
    process.kill()  # the parent alone: its pip goes on
    environment.ensure(("base",))
    process.communicate()
    assert "waiting for it" in shown.getvalue()
    assert environment.missing(("base",)) == ()
    assert len(list(environment.folder.glob("lib/python3*/site-packages/slow/part*.py"))) == MANY


@pytest.mark.usefixtures("made")
def test_a_half_unpacked_package_is_fetched_again(
    tmp_path: Path, only_a_folder: Path, console: Console, shown: io.StringIO
) -> None:
    for name in ("alpha", "beta", "gamma"):
        make_wheel(only_a_folder, name, files=3)
    root = make_checkout(tmp_path / "checkout", {"alpha": "1.0", "beta": "1.0", "gamma": "1.0"})
    environment = Environment(root, console)
    environment.ensure(("base",))
    (library,) = environment.folder.glob("lib/python3*/site-packages")
    (library / "alpha" / "part1.py").unlink()
    (library / "beta-1.0.dist-info" / "RECORD").unlink()
    (library / "gamma" / "part2.py").write_text("")  # cut short
    (library / "~lpha").mkdir()
    environment.unfinished.write_text("")
    environment.ensure(("base",))
    assert "half unpacked: alpha-1.0, beta-1.0, gamma-1.0" in shown.getvalue()
    assert run(environment, "import alpha.part1, beta, gamma.part2; print('whole')") == "whole"
    assert not (library / "~lpha").exists()


def test_a_ruined_environment_is_made_anew(
    tmp_path: Path, only_a_folder: Path, console: Console, template: Path
) -> None:
    make_wheel(only_a_folder, "alpha")
    root = make_checkout(tmp_path / "checkout", {"alpha": "1.0"})
    environment = Environment(root, console)
    shutil.copytree(template, environment.folder, symlinks=True)
    environment.ensure(("base",))
    environment.python.unlink()  # the Python it was made with is gone
    environment.python.symlink_to("/gone/python3")
    assert environment.missing(("base",)) == ("base",)
    environment.ensure(("base",))
    assert run(environment, "import alpha; print('again')") == "again"


@pytest.mark.usefixtures("made")
def test_offline_says_so_and_resumes(
    tmp_path: Path, only_a_folder: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(only_a_folder, "alpha")
    root = make_checkout(tmp_path / "checkout", {"alpha": "1.0"})
    with monkeypatch.context() as offline:
        offline.delenv("PIP_NO_INDEX")
        offline.delenv("PIP_FIND_LINKS")
        offline.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens
        offline.setenv("PIP_RETRIES", "1")
        with pytest.raises(SetupError, match="index cannot be reached") as caught:
            Environment(root, console).ensure(("base",))
    assert "run the same command again" in caught.value.hint
    environment = Environment(root, console)
    environment.ensure(("base",))
    assert run(environment, "import alpha; print('here')") == "here"


@pytest.mark.usefixtures("made")
def test_a_missing_version_is_not_called_a_network_failure(tmp_path: Path, console: Console) -> None:
    root = make_checkout(tmp_path / "checkout", {"absent": "9.9"})
    with pytest.raises(SetupError, match="has no absent"):
        Environment(root, console).ensure(("base",))


@pytest.mark.usefixtures("made")
def test_a_disk_too_small_is_said_before_anything_is_fetched(
    tmp_path: Path, only_a_folder: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(only_a_folder, "alpha")
    root = make_checkout(tmp_path / "checkout", {"alpha": "1.0"})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
    with pytest.raises(DiskFullError, match="free"):
        Environment(root, console).ensure(("base",))


def test_variables_lead_into_the_environment(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    environment = Environment(make_checkout(tmp_path / "checkout", {}), console)
    variables = environment.variables()
    assert "PYTHONPATH" not in variables
    assert variables["PATH"].startswith(str(environment.folder / "bin"))
    assert environment.groups() == ()
