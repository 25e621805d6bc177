"""OpenClaw's own `memory_search`: a gateway of its own, one Markdown file a session, one agent a conversation.

Its defaults, with two differences that are in its favour: the files are undated (dated ones fade by half every thirty
days, and these talks are years old), and a result counts for every line inside it. Vectors come over its
`openai-compatible` provider from a loopback server with the embedder that this project uses.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from clawcortex.models.base import Embedder
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import load_settings

TOKEN = "bench"  # noqa: S105 - of a gateway on loopback that lives for minutes
START_S = 240.0


class AbsentError(Exception):
    """Say why OpenClaw cannot be measured here."""


@contextlib.contextmanager
def embeddings(embedder: Embedder) -> Iterator[str]:
    """Serve POST /v1/embeddings on loopback; yield the base URL."""

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            """Answer as OpenAI's endpoint does, floats as JSON numbers."""
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
            vectors = embedder.encode(texts).tolist()
            found = [{"object": "embedding", "index": i, "embedding": one} for i, one in enumerate(vectors)]
            usage = {"prompt_tokens": 0, "total_tokens": 0}
            raw = json.dumps({"object": "list", "data": found, "model": "minilm", "usage": usage}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def environment(home: Path) -> dict[str, str]:
    """Return the environment in which `openclaw` is found; raise AbsentError when it is not."""
    folder = os.environ.get("CLAWCORTEX_OPENCLAW", "")
    places = [str(Path(folder) / part / "node_modules" / ".bin") for part in ("N", "O")] if folder else []
    path = os.pathsep.join([*places, os.environ["PATH"]])
    if not shutil.which("openclaw", path=path):
        raise AbsentError("no openclaw on PATH nor in the folder that CLAWCORTEX_OPENCLAW names")
    state = home / "state"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {
        "PATH": path, "HOME": str(home), "OPENCLAW_STATE_DIR": str(state), "NO_COLOR": "1",
        "OPENCLAW_CONFIG_PATH": str(state / "openclaw.json"), "OPENCLAW_DISABLE_BONJOUR": "1",
    }  # fmt: skip


def write_talks(home: Path, talks: list[dict[str, Any]]) -> dict[str, dict[tuple[str, int], str]]:
    """Write one file a session; return for each agent which turn stands in which line of which file."""
    lines: dict[str, dict[tuple[str, int], str]] = {}
    for number, talk in enumerate(talks):
        folder = home / f"ws-talk{number}" / "memory"
        folder.mkdir(parents=True)
        by_file: dict[str, list[dict[str, str]]] = {}
        for turn in talk["turns"]:
            name = re.sub(r"\W+", "-", turn["session"])
            by_file.setdefault(f"talk-{name}.md", []).append(turn)
        places = lines[f"talk{number}"] = {}
        for name, turns in by_file.items():
            (folder / name).write_text("".join(" ".join(turn["text"].split()) + "\n" for turn in turns))
            places |= {(f"memory/{name}", at): turn["ref"] for at, turn in enumerate(turns, start=1)}
    return lines


def configuration(home: Path, agents: list[str], port: int, url: str) -> dict[str, Any]:
    """Return the least that a gateway needs, and the provider of the vectors."""
    remote = {"baseUrl": url, "apiKey": "none"}
    return {
        "gateway": {
            "mode": "local", "port": port, "bind": "loopback", "auth": {"mode": "token", "token": TOKEN},
        },
        "agents": {
            "ownership": "explicit",
            "defaults": {"heartbeat": {"every": "0m"}, "systemAgent": {"agentId": agents[0]}},
            "entries": {name: {"workspace": str(home / f"ws-{name}")} for name in agents},
        },
        "memory": {"search": {"provider": "openai-compatible", "model": "minilm", "remote": remote}},
    }  # fmt: skip


@contextlib.contextmanager
def gateway(home: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Run a gateway until the block ends; it is ready inside."""
    log = home / "gateway.log"
    with log.open("wb") as said:
        running = subprocess.Popen(
            ["openclaw", "gateway", "run"],
            env=dict(env), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        end = time.monotonic() + START_S
        while "[gateway] ready" not in log.read_text(errors="replace"):
            if running.poll() is not None or time.monotonic() > end:
                raise AbsentError(f"its gateway did not start: {log.read_text(errors='replace')[-400:]}")
            time.sleep(0.2)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def search(port: int, agent: str, question: str, top: int) -> list[dict[str, Any]]:
    """Return the results of the tool, over HTTP as any program reaches it."""
    body = {
        "tool": "memory_search", "args": {"query": question, "maxResults": top}, "sessionKey": f"agent:{agent}:main",
    }  # fmt: skip
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/tools/invoke",
        json.dumps(body).encode(),
        {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the URL above
        found = json.load(answer)["result"]
    details = found.get("details") or json.loads(found["content"][0]["text"])
    if details.get("disabled") or "results" not in details:
        raise AbsentError(f"memory_search answered {json.dumps(details)[:300]}")
    results: list[dict[str, Any]] = details["results"]
    return results


def turns_in(result: Mapping[str, Any], lines: Mapping[tuple[str, int], str]) -> list[str]:
    """Return the turns whose lines stand inside a result."""
    within = range(int(result["startLine"]), int(result["endLine"]) + 1)
    return [lines[result["path"], at] for at in within if (result["path"], at) in lines]


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Do the job; a ranking is a list of results, each the list of turns that it shows."""
    embedder = get_embedder(load_settings())
    embedder.load()
    with tempfile.TemporaryDirectory(prefix="clawcortex-peer-") as folder, embeddings(embedder) as url:
        home = Path(folder)
        env = environment(home)
        lines = write_talks(home, job["talks"])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        (home / "state").mkdir()
        config = configuration(home, list(lines), port, url)
        (home / "state" / "openclaw.json").write_text(json.dumps(config))
        begun = time.perf_counter()
        for agent in lines:
            _command(env, "memory", "index", "--force", "--agent", agent)
        indexing = time.perf_counter() - begun
        rankings: list[list[list[str]]] = []
        searching: list[float] = []
        with gateway(home, env):
            for (agent, places), talk in zip(lines.items(), job["talks"], strict=True):
                search(port, agent, talk["questions"][0], job["top"])  # the first one opens the index
                for question in talk["questions"]:
                    begun = time.perf_counter()
                    found = search(port, agent, question, job["top"])
                    searching.append(time.perf_counter() - begun)
                    rankings.append([turns_in(one, places) for one in found])
        stored = sum(map(len, lines.values()))
        return {
            "version": _command(env, "--version").split()[1], "rankings": rankings,
            "search_s": searching, "add_s": [indexing / stored],
        }  # fmt: skip


def _command(env: Mapping[str, str], *arguments: str) -> str:
    ran = subprocess.run(
        ["openclaw", *arguments],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise AbsentError(
            f"openclaw {' '.join(arguments)} ended with {ran.returncode}: {(ran.stdout + ran.stderr)[-300:]}"
        )
    return ran.stdout
