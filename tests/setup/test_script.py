"""install.py as a person starts it."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from clawcortex.setup.commands import ASKED_FOR

ROOT = Path(__file__).resolve().parents[2]
SETUP = sorted((ROOT / "lib" / "clawcortex" / "setup").glob("*.py"))
ALLOWED = ("clawcortex.errors", "clawcortex.launch", "clawcortex.paths", "clawcortex.setup")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", [ROOT / "install.py", *SETUP], ids=lambda path: path.name)
def test_it_needs_nothing_but_python(path: Path) -> None:
    foreign = {
        name
        for name in imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith(ALLOWED)
    }
    assert foreign == set()


def test_an_old_python_can_read_far_enough_to_say_so() -> None:
    read = ast.parse((ROOT / "install.py").read_text(encoding="utf-8"), feature_version=(3, 8))
    assert "3, 11" in ast.unparse(read)


def install(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run install.py with a PATH of its own and nothing on standard input."""
    return subprocess.run(
        [sys.executable, str(ROOT / "install.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": os.environ["PATH"] if path is None else path},
    )


def test_uninstalling_nothing_says_so_and_leaves_nothing(state: Path) -> None:
    for _ in range(2):
        result = install("uninstall")
        assert result.returncode == 0
        assert "nothing to do" in result.stdout
        assert not state.exists()


def test_uninstall_keeps_memories_and_purge_does_not(state: Path) -> None:
    ours = state / "clawcortex"
    for folder in (ours / "venv", ours / "cache" / "models"):
        folder.mkdir(parents=True)
    (ours / "memory.db").write_text("memories")
    assert install("uninstall", "--yes").returncode == 0
    assert [path.name for path in ours.iterdir()] == ["memory.db"]
    refused = install("uninstall", "--purge")
    assert refused.returncode == 2
    assert "--yes" in refused.stdout
    assert (ours / "memory.db").exists()


def test_purge_deletes_the_memories(state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (state / "clawcortex").mkdir(parents=True)
    (state / "openclaw.json").write_text("{}")
    assert install("uninstall", "--purge", "--yes").returncode == 0
    assert [path.name for path in state.iterdir()] == ["openclaw.json"]


def test_doctor_before_install_names_the_next_step() -> None:
    result = install("doctor")
    assert result.returncode == 10
    assert "python3 install.py" in result.stdout


def test_run_without_a_command_names_the_two_dashes() -> None:
    result = install("run")
    assert result.returncode == 10
    assert "two dashes" in result.stderr


def test_an_unknown_command_is_refused() -> None:
    assert install("instal").returncode == 2


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "install.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_flags_and_what_follows_the_dashes(script: ModuleType) -> None:
    command, options = script.parse(["--yes", "--minimal"])
    assert (command, options.yes, options.groups) == ("install", True, ("base",))
    command, options = script.parse(["test", "--", "-x", "--", "-k", "one"])
    assert (command, options.rest) == ("test", ("-x", "--", "-k", "one"))
    command, options = script.parse(["demo", "--no-voice"])
    assert options.groups == ("base", "export")


@pytest.mark.parametrize("page", ["README.md", "AGENTS.md"])
def test_every_command_in_the_docs_exists(page: str, script: ModuleType) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"python3\s+install\.py((?: +-{0,2}[a-z][a-z-]*)*)", text)
    assert found
    for arguments in found:
        known = {*script.COMMANDS, *ASKED_FOR}
        words = [word for word in arguments.split() if word in known or word.startswith("--")]
        script.parse(words)
        named = [word for word in arguments.split() if not word.startswith("--")]
        assert all(word in known for word in named[:1])


def test_the_readme_names_only_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    names = {name.rstrip("/") for cell in table for name in re.findall(r"`([\w./-]+)`", cell)}
    assert "install.py" in names
    assert sorted(name for name in names if "." in name or "/" in name if not (ROOT / name).exists()) == []


def test_bash_reads_the_ci_script() -> None:
    bash = shutil.which("bash")
    assert bash
    assert subprocess.run([bash, "-n", str(ROOT / ".ci" / "run")], check=False).returncode == 0
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 install.py test" in text
    assert "CLAWCORTEX_E2E=1" in text
