"""Real files and real processes; `openclaw` and `npm` have stand-ins: the real ones may be absent."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path

import pytest

from clawcortex.setup.console import Console
from clawcortex.setup.host import OpenClaw

STAND_IN = """#!{python}
# What OpenClaw 2026.9.6 was seen to do to its configuration, and nothing else.
import json, os, sys
from pathlib import Path
sys.path.insert(0, {lib!r})
from clawcortex.setup.config import config_path, read_config
calls = Path(__file__).with_name("calls.jsonl")
with calls.open("a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
path, values = config_path(), read_config().values
if sys.argv[1:3] == ["plugins", "install"]:
    assert "--force" in sys.argv and "--accept-capabilities" in sys.argv
    plugins = values.setdefault("plugins", {{}})
    plugins.setdefault("entries", {{}}).setdefault("clawcortex", {{}})["enabled"] = True
    paths = plugins.setdefault("load", {{}}).setdefault("paths", [])
    root = sys.argv[sys.argv.index("--link") + 1]
    if root not in paths:
        paths.append(root)
    values["meta"] = {{"lastTouchedVersion": "2026.9.6"}}
elif sys.argv[1:3] == ["plugins", "uninstall"]:
    values["plugins"]["entries"]["clawcortex"] = {{"enabled": False}}
    values["plugins"].pop("load", None)
elif sys.argv[1] == "cron":
    held = Path(__file__).with_name("cron.json")
    if not held.exists():
        sys.exit("gateway connect failed: no gateway is running")
    if sys.argv[2] == "rm":
        left = [job for job in json.loads(held.read_text()) if job["id"] != sys.argv[3]]
        held.write_text(json.dumps(left))
    else:
        assert "--all" in sys.argv and "--json" in sys.argv
        text = held.read_text()
        print(f'{{{{"jobs": {{text}}}}}}' if text.startswith("[") else text)
    sys.exit()
elif sys.argv[1:3] == ["config", "validate"]:
    sys.exit("plugins.entries: refused by the stand-in" if values.get("refuse") else 0)
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(values, indent=2) + "\\n")
"""


def executable(path: Path, text: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "openclaw state"  # a space: people have them
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(folder))
    monkeypatch.delenv("OPENCLAW_CONFIG_PATH", raising=False)
    return folder


@pytest.fixture
def config(state: Path) -> Path:
    return state / "openclaw.json"


@pytest.fixture
def host(tmp_path: Path) -> OpenClaw:
    lib = str(Path(__file__).resolve().parents[2] / "lib")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cron.json").write_text("[]")  # a gateway runs and has no jobs
    program = executable(tmp_path / "bin" / "openclaw", STAND_IN.format(python=sys.executable, lib=lib))
    return OpenClaw(str(program))


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return tmp_path / "bin" / "calls.jsonl"


@pytest.fixture
def cron(tmp_path: Path) -> Path:
    """The jobs of the running gateway; no file is no gateway."""
    return tmp_path / "bin" / "cron.json"


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def console(shown: io.StringIO) -> Console:
    return Console(shown)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose one skill asks for a grant of its own."""
    root = tmp_path / "checkout"
    manifest = root / "skills" / "voice-pipeline" / "skill.json"
    manifest.parent.mkdir(parents=True)
    grant = {
        "path": ["tools", "media", "models"],
        "append": True,
        "value": {"type": "cli", "command": "{root}/transcribe.py"},
        "why": "voice notes become text",
    }
    manifest.write_text(json.dumps({"name": "voice-pipeline", "requires": ["voice"], "grants": [grant]}))
    return root
