"""One OpenClaw of its own: two agents, a group for each, two people, a fake provider and a fake Telegram."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from clawcortex import paths
from clawcortex.client import Connection, answer
from clawcortex.errors import ClawcortexError

from .loopback import LateError, until
from .model import MODELS, Asked, FakeModel
from .telegram import Chat, FakeTelegram, Person

ROOT = Path(__file__).resolve().parents[2]
ANN, BOB = Person(111, "Ann"), Person(222, "Bob")
FAMILY = Chat(-100400, "supergroup", "Family")
"""A group of the agent `main`."""
WORK = Chat(-100200, "supergroup", "Work")
"""A group of the agent `work`."""
GRANT = """
from pathlib import Path
from clawcortex.setup.console import Console
from clawcortex.setup.host import find_openclaw
from clawcortex.setup.plugin import grant
grant(Path({root!r}), find_openclaw(), Console(), yes=True)
"""
REVOKE = """
from clawcortex.setup.console import Console
from clawcortex.setup.host import find_openclaw
from clawcortex.setup.plugin import revoke
assert revoke(find_openclaw(), Console(), yes=True)
"""
START_S = 240.0
"""A start takes 10 to 25 s on two idle cores."""


def node_path(folder: Path) -> str:
    places = [folder / part / "node_modules" / ".bin" for part in ("N", "O")]
    return os.pathsep.join([*map(str, places), os.environ["PATH"]])


@dataclass(frozen=True)
class Reply:
    """What one message led to."""

    text: str
    asked: list[Asked]

    @property
    def received(self) -> str:
        """Return everything the model received for this message."""
        return "\n".join(one.everything for one in self.asked)

    @property
    def block(self) -> str:
        """Return the turn's own prompt, with what was put before it."""
        return self.asked[0].newest if self.asked else ""


class House:
    """The state folder, the configuration and the running gateway."""

    def __init__(
        self, folder: Path, openclaw: Path, models: Path, model: FakeModel, telegram: FakeTelegram
    ) -> None:
        self.folder, self.state = folder, folder / "state"
        self.model, self.telegram = model, telegram
        self.plugin = folder / "clawcortex"
        self.plugin.mkdir(parents=True)
        self.log = folder / "gateway.log"
        self.python = folder / "python"
        self._gateway: subprocess.Popen[bytes] | None = None
        self._number = 0
        self.env = {
            **os.environ,
            "PATH": node_path(openclaw),
            "HOME": str(folder),
            "OPENCLAW_STATE_DIR": str(self.state),
            "OPENCLAW_CONFIG_PATH": str(self.state / "openclaw.json"),
            "OPENCLAW_DISABLE_BONJOUR": "1",
            "NO_COLOR": "1",
            "CLAWCORTEX_MODELS_DIR": str(models),
            "CLAWCORTEX_QUIET_HOURS": "",  # tests run at night, too
            "CLAWCORTEX_HOOK_DEADLINE_MS": "2000",  # a busy machine; the deadlines have tests of their own
            "CLAWCORTEX_CLAIM_DEADLINE_MS": "2000",
        }
        self.env.pop("PYTHONPATH", None)  # the server must find its code as it does for a person
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENCLAW_STATE_DIR", str(self.state))
            self.socket, self.spool = paths.socket_path(), paths.spool_dir()

    def set_up(self) -> None:
        """Write a configuration as a person has it, then let install.py's own code link and grant."""
        self.state.mkdir(parents=True)
        self._unpack()
        self.repair()
        self.write(self._configuration())
        self.set_speech("pocketsphinx")  # its weights come with its wheel
        self.our("-m", "clawcortex", "generate")  # the tests' own skill among ours
        self.our("-c", GRANT.format(root=str(self.plugin)))
        configuration = self.configuration()
        configuration["plugins"]["entries"]["clawcortex"]["config"] = {
            "python": str(self.python),
            "promptTimeoutMs": 2_000,
        }
        for model in configuration["tools"]["media"]["models"]:
            model["command"] = str(self.python)  # as install.py's environment would have it
        self.write(configuration)

    def our(self, *arguments: str) -> str:
        """Run our Python code as it lies in the house's plugin, and return what it prints."""
        result = subprocess.run(
            [sys.executable, *arguments],
            env={**self.env, "PYTHONPATH": str(self.plugin / "lib")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def _unpack(self) -> None:
        """Copy what package.json ships: OpenClaw captures the folder, and a checkout changes."""
        for name in (*json.loads((ROOT / "package.json").read_text())["files"], "package.json"):
            here, there = ROOT / name, self.plugin / name
            if here.is_dir():
                shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(here, self.plugin)
        for skill in (Path(__file__).parent / "skills").iterdir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(skill, self.plugin / "skills" / skill.name, ignore=ignored)

    def configuration(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.state / "openclaw.json").read_text())
        return found

    def write(self, configuration: dict[str, Any]) -> None:
        (self.state / "openclaw.json").write_text(json.dumps(configuration, indent=1))

    def _configuration(self) -> dict[str, Any]:
        provider = {
            "baseUrl": f"{self.model.url}/v1",
            "apiKey": "none",
            "api": "openai-completions",
            "models": [
                {
                    "id": name,
                    "name": "Fake",
                    "reasoning": False,
                    "input": ["text"],
                    "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
                    "contextWindow": 200_000,
                    "maxTokens": 4_096,
                }
                for name in MODELS
            ],
        }
        telegram = {
            "enabled": True,
            "botToken": "123456:NOT-A-TOKEN",
            "apiRoot": self.telegram.url,
            "dmPolicy": "allowlist",
            "allowFrom": [str(ANN.id), str(BOB.id)],
            "groupPolicy": "open",
            "groups": {str(group.id): {"requireMention": False} for group in (FAMILY, WORK)},
        }
        peer = {"kind": "group", "id": str(WORK.id)}
        here = {"channel": "telegram", "accountId": "default"}
        return {
            "gateway": {
                "mode": "local",
                "port": free_port(),
                "bind": "loopback",
                "auth": {"mode": "token", "token": "house"},
            },
            "models": {"mode": "merge", "providers": {"fake": provider}},
            "agents": {
                "ownership": "explicit",
                "defaults": {
                    "model": {"primary": "fake/fake-1"},
                    "heartbeat": {"every": "0m"},
                    "systemAgent": {"agentId": "main"},
                    "compaction": {"keepRecentTokens": 1_000},
                },
                "entries": {
                    "main": {"workspace": str(self.folder / "ws-main")},
                    "work": {
                        "workspace": str(self.folder / "ws-work"),
                        "model": {"primary": f"fake/{MODELS[1]}"},
                    },
                },
            },
            "bindings": [
                {"agentId": "work", "match": {**here, "peer": peer}, "session": {"groupScope": "main"}},
                {"agentId": "main", "match": here},
            ],
            "channels": {"telegram": telegram},
            "tools": {"toolSearch": False},
        }

    # the gateway
    def start(self) -> None:
        """Start the gateway and wait until it is ready, polls Telegram and has its server."""
        polls = self.telegram.polls
        with self.log.open("wb") as log:
            self._gateway = subprocess.Popen(
                ["openclaw", "gateway", "run"],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(lambda: self._alive() and "[gateway] ready" in self.said(), "the gateway is ready", START_S)
        self.telegram.wait(lambda: self.telegram.polls > polls, "the gateway polls Telegram", START_S)
        self.wait_for_server()
        until(self._is_known, "the server knows the gateway's port")

    def _is_known(self) -> bool:
        """Say whether the gateway that runs now has told where it listens: it does so after it is ready."""
        seen = self.state / "clawcortex" / "run" / "gateway.json"
        return (
            seen.exists() and json.loads(seen.read_text())["port"] == self.configuration()["gateway"]["port"]
        )

    def _alive(self) -> bool:
        if self._gateway is not None and self._gateway.poll() is None:
            return True
        raise LateError(f"the gateway ended: {self.said()[-2000:]}")

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self) -> None:
        """End the gateway as a person does, and whatever of it would not."""
        gateway, self._gateway = self._gateway, None
        if gateway is None:
            return
        tree = _tree(gateway.pid)
        gateway.terminate()
        try:
            gateway.wait(30)
        except subprocess.TimeoutExpired:
            gateway.kill()
            gateway.wait()
        psutil.wait_procs(tree, timeout=15)
        for one in tree:
            if one.is_running():
                one.kill()

    def kill(self) -> None:
        """End the gateway without a word to anyone."""
        gateway, self._gateway = self._gateway, None
        assert gateway is not None
        servers = {one.pid for one in self.servers()}
        doomed = [one for one in _tree(gateway.pid) if one.pid not in servers]
        for one in doomed:
            one.send_signal(signal.SIGKILL)
        gateway.wait()
        psutil.wait_procs(doomed, timeout=30)

    def openclaw(self, *arguments: str, fails: bool = False) -> str:
        """Run an OpenClaw command and return what it prints; with `fails` it may end badly."""
        result = subprocess.run(
            ["openclaw", *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert fails or result.returncode == 0, f"openclaw {arguments}: {result.stdout}{result.stderr}"
        return result.stdout

    # its cron
    def cron_jobs(self) -> dict[str, dict[str, Any]]:
        """Return our jobs by name, disabled ones too."""
        jobs = json.loads(self.openclaw("cron", "list", "--all", "--json"))["jobs"]
        ours = [job for job in jobs if str(job.get("declarationKey")).startswith("clawcortex:")]
        named = {str(job["name"]): job for job in ours}
        assert len(named) == len(ours), f"a job is there twice: {[job['name'] for job in ours]}"
        return named

    def run_job(self, name: str) -> dict[str, Any]:
        """Let OpenClaw run one of our jobs now, wait for its end and return the run."""
        job = self.cron_jobs()[name]["id"]
        said = self.openclaw("cron", "run", job, "--wait", "--json", fails=True)
        run: dict[str, Any] = json.loads(said)
        return run

    # the resident server
    def ask(self, route: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the server as the owner at the machine does."""
        with Connection(self.socket) as connection:
            return answer(route, *connection.request(route, payload, keep=False))

    def set_speech(self, engine: str) -> None:
        """Let servers that start from now on hear with this engine."""
        self.speech = engine
        file = self.state / "clawcortex" / "settings.toml"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_text(f'speech_engine = "{engine}"\nspeech_model = "/nowhere/weights.pt"\n')

    def restart_server(self) -> None:
        """End the server; the gateway starts another."""
        self.break_server()
        self.repair()
        self.wait_for_server()

    def wait_for_server(self) -> int:
        """Wait until the server is ready and return its process id."""

        def ready() -> int:
            try:
                return int(self.ask("/readyz")["pid"])
            except ClawcortexError:
                return 0

        found: int = until(ready, "the server is ready")
        return found

    def servers(self) -> list[psutil.Process]:
        """Return every resident server of this house."""
        found = []
        for one in psutil.process_iter(["cmdline"]):
            try:
                is_server = "clawcortex" in one.info["cmdline"] and "serve" in one.info["cmdline"]
                if is_server and one.environ().get("OPENCLAW_STATE_DIR") == str(self.state):
                    found.append(one)
            except (psutil.NoSuchProcess, psutil.AccessDenied, TypeError):
                continue
        return found

    def repair(self) -> None:
        """Let the server's interpreter be the one of these tests."""
        self._interpreter(f'exec "{sys.executable}" "$@"')

    def break_server(self) -> None:
        """Kill the server and keep it from starting again."""
        self._interpreter("exit 1")
        for one in self.servers():
            one.kill()
            one.wait(30)

    def _interpreter(self, line: str) -> None:
        part = self.python.with_suffix(".part")
        part.write_text(f"#!/bin/sh\n{line}\n")
        part.chmod(0o700)
        part.rename(self.python)

    def remembers(self, text: str) -> None:
        """Wait until the server has captured this text."""

        def known() -> bool:
            found = self.ask("/v1/context-retention/recall", {"query": text, "top_k": 50})
            return any(text in hit["text"] for hit in found["hits"])

        until(known, f"captured: {text!r}")

    # people
    def tell(self, person: Person, text: str, chat: Chat | None = None) -> Reply:
        """Let a person write and wait for the model's answer in the chat."""
        self._number += 1
        says = f"Well, that is answer {self._number}."
        self.model.plan(says)
        return self.command(person, text, says, chat)

    def hears(self, person: Person, clip: Path, says: str, chat: Chat | None = None, **given: Any) -> Reply:
        """Let a person send a voice note and wait for the model's answer, which is this."""
        self.model.plan(says)
        asked = len(self.model.turns())
        before = self.telegram.speak(person, clip.read_bytes(), chat, **given)
        sent = self.telegram.reads(chat or person.chat(), says, before, 120.0)
        return Reply(sent.text, self.model.turns()[asked:])

    def command(self, person: Person, text: str, says: str, chat: Chat | None = None) -> Reply:
        """Let a person write and wait for these words in the chat."""
        asked = len(self.model.turns())
        before = self.telegram.write(person, text, chat)
        sent = self.telegram.reads(chat or person.chat(), says, before)
        return Reply(sent.text, self.model.turns()[asked:])

    def new(self, person: Person) -> None:
        """Let a person begin a new session."""
        self.command(person, "/new", "New session started")


def _tree(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def free_port() -> int:
    """Return a port that is free now; OpenClaw wants a number in its configuration."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def living_in(folder: Path, openclaw: Path, models: Path, **settings: str) -> Iterator[House]:
    """Yield a house with a running gateway; settings are ours, by their names in the environment."""
    with FakeModel() as model, FakeTelegram() as telegram:
        house = House(folder, openclaw, models, model, telegram)
        house.env |= settings
        try:
            house.set_up()
            house.start()
            yield house
        finally:
            house.stop()
