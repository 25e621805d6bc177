"""Ask other memories the same questions about the same text.

    install.py run -- python bench/peers.py --data ../shared/data/locomo-dev.json --conversations 2

| peer | what it is |
|---|---|
| clawcortex | this project, through its resident server; not counted as a peer |
| sentences | sentence-transformers and an exact FAISS index: the plain way |
| mem0 | mem0 with its FAISS store, the same embedding model, no language model |
| openclaw | OpenClaw's own `memory_search`, the same embedding model; needs Node and `openclaw` |

The Python peers run in environments that are made once under --cache. Every turn is given as "speaker (date): text";
clawcortex gets speaker and time as its own fields. With --plain nobody is told who spoke and when. R@k, hit@10 and
MRR as in `recall_quality`, with k turns read from the best result down; a result of OpenClaw shows some ten turns, so
`in_10_results` is the share of evidence within ten results, and `turns_in_10` how many turns these show. `add_ms` is
for one turn, one at a time where that is the peer's way (mem0, clawcortex; its vectors follow in the background), else
its share of the batch. The exit code is 1 when no peer ran; one that could not has its reason in its row.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import clawcortex
from clawcortex.client import Connection
from clawcortex.models.source import find_folder
from clawcortex.settings import load_settings
from locomo import Conversation, Turn, load, turn_text
from recall_latency import timed
from recall_quality import DEPTH, mean, measured
from report import emit, progress
from resident import Resident, post

SCRIPTS = Path(__file__).with_name("peer")
MEM0 = "2.2.1"
"""The newest on PyPI on 2026-11-22."""
COLUMNS = (
    "recall_at_5",
    "recall_at_10",
    "hit_at_10",
    "mrr",
    "in_10_results",
    "turns_in_10",
    "p50_ms",
    "p95_ms",
    "add_ms",
)
BEST = 10
Answer = dict[str, Any]


class AbsentError(Exception):
    """Say why a peer cannot be measured here."""


def told(turn: Turn, *, plain: bool) -> str:
    """Return a turn as the peers get it."""
    text = turn_text(turn)
    return text if plain else f"{turn.speaker} ({turn.at:%d %B %Y}): {text}"


def job_of(conversations: Sequence[Conversation], *, plain: bool) -> dict[str, Any]:
    """Return what is asked of every peer."""
    talks = [
        {
            "name": one.name,
            "turns": [
                {"ref": turn.ref, "session": turn.session, "text": told(turn, plain=plain)}
                for turn in one.turns
            ],
            "questions": [question.text for question in one.questions],
        }
        for one in conversations
    ]
    return {"model": str(find_folder(load_settings().embedding_model)), "top": DEPTH, "talks": talks}


def interpreter(name: str, packages: Sequence[str], cache: Path) -> Path:
    """Return the Python of an environment that has these packages, made when it is missing."""
    folder = cache / f"{name}-{'-'.join(packages).replace('==', '')}"
    python = folder / "bin" / "python"
    whole = folder / "whole"
    if not whole.exists():
        progress(f"making {folder}")
        venv.create(folder, with_pip=True, clear=True)
        made = subprocess.run(
            [python, "-m", "pip", "install", "-q", *packages], capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise AbsentError(f"pip install {' '.join(packages)}: {made.stderr.strip()[-300:]}")
        whole.touch()
    return python


def in_environment(script: str, packages: Sequence[str], cache: Path, job: dict[str, Any]) -> Answer:
    """Run one of the scripts in `peer/` on the job, in its own environment."""
    # The same builds that this project uses: pip alone would fetch torch's CUDA packages.
    shared = [f"{name}=={version(name)}" for name in ("faiss-cpu", "sentence-transformers", "torch")]
    python = interpreter(script, [*packages, *shared], cache)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "job.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        ran = subprocess.run(
            [python, SCRIPTS / f"{script}.py", file], capture_output=True, text=True, check=False, env=env
        )
    if ran.returncode:
        raise AbsentError(f"{script}.py ended with {ran.returncode}: {ran.stderr.strip()[-300:]}")
    answer: Answer = json.loads(ran.stdout[ran.stdout.index("{") :])
    return answer


def openclaw(job: dict[str, Any]) -> Answer:
    """Run OpenClaw's own memory on the job."""
    peer = _openclaw()
    try:
        answer: Answer = peer.run(job)
    except peer.AbsentError as error:
        raise AbsentError(str(error)) from error
    return answer


def _openclaw() -> ModuleType:
    spec = importlib.util.spec_from_file_location("openclaw_peer", SCRIPTS / "openclaw.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def own(conversations: Sequence[Conversation], *, plain: bool) -> Answer:
    """Run this project on the same job."""
    rankings: list[list[str]] = []
    searching: list[float] = []
    adding: list[float] = []

    def ask(connection: Connection, payload: dict[str, object]) -> None:
        hits: Any = post(connection, "/v1/context-retention/recall", payload)["hits"]
        rankings.append(list(dict.fromkeys(hit["source_ref"] for hit in hits)))

    with Resident() as resident, Connection() as connection:
        for one in conversations:
            for turn in one.turns:
                taken: dict[str, object] = {
                    "text": turn_text(turn), "session": turn.session, "agent": one.name, "source_ref": turn.ref,
                }  # fmt: skip
                taken |= {} if plain else {"speaker": turn.speaker, "timestamp": turn.at.isoformat()}
                adding.append(
                    timed(partial(post, connection, "/v1/context-retention/capture", taken)) / 1_000
                )
        resident.until_ready()
        for one in conversations:
            for question in one.questions:
                asked = {
                    "query": question.text,
                    "agent": one.name,
                    "top_k": DEPTH,
                    "now": one.end.isoformat(),
                }
                searching.append(timed(partial(ask, connection, asked)) / 1_000)
    return {
        "version": clawcortex.__version__, "rankings": rankings, "search_s": searching, "add_s": adding,
    }  # fmt: skip


def figures(conversations: Sequence[Conversation], answer: Answer) -> dict[str, float]:
    """Return a peer's row."""
    questions = [question for one in conversations for question in one.questions]
    rows: list[dict[str, float]] = []
    for ranking, question in zip(answer["rankings"], questions, strict=True):
        results = [[found] if isinstance(found, str) else found for found in ranking]
        best = list(chain.from_iterable(results[:BEST]))
        among = {
            "turns_in_10": len(best),
            "in_10_results": float(np.mean([ref in best for ref in question.evidence])),
        }
        turns = list(dict.fromkeys(chain.from_iterable(results)))
        rows.append(measured(turns, question.evidence) | among)
    searching = np.array(answer["search_s"]) * 1_000
    found = mean(rows) | {
        "p50_ms": float(np.median(searching)), "p95_ms": float(np.percentile(searching, 95)),
        "add_ms": float(np.mean(answer["add_s"])) * 1_000,
    }  # fmt: skip
    return {name: found[name] for name in COLUMNS}


def main() -> int:
    """Run every peer and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="a LoCoMo file")
    parser.add_argument("--conversations", type=int, default=1, help="how many of the file, from the first")
    parser.add_argument("--plain", action="store_true", help="leave out who spoke and when")
    parser.add_argument("--only", default="", help="names of peers, separated by commas")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clawcortex-bench"
    parser.add_argument("--cache", type=Path, default=cache, help="where the peers' environments are kept")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    conversations = load(chosen.data)[: chosen.conversations]
    job = job_of(conversations, plain=chosen.plain)
    peers: dict[str, Callable[[], Answer]] = {
        "sentences": partial(in_environment, "sentences", (), chosen.cache, job),
        "mem0": partial(in_environment, "mem0_faiss", (f"mem0ai=={MEM0}",), chosen.cache, job),
        "openclaw": partial(openclaw, job),
        "clawcortex": partial(own, conversations, plain=chosen.plain),
    }
    wanted = chosen.only.split(",") if chosen.only else list(peers)
    if unknown := set(wanted) - set(peers):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    rows: dict[str, dict[str, float]] = {}
    notes: dict[str, str] = {}
    for name in wanted:
        progress(f"asking {name}")
        try:
            answer = peers[name]()
        except AbsentError as error:
            notes[name] = f"did not run: {error}"
        else:
            rows[name], notes[name] = figures(conversations, answer), answer["version"]
            progress(f"{name}: {rows[name]}")
    report(rows, notes, as_json=chosen.json)
    return 0 if set(rows) - {"clawcortex"} else 1


def report(rows: dict[str, dict[str, float]], notes: dict[str, str], *, as_json: bool) -> None:
    """Print one row a peer: its figures and its version, or why it did not run."""
    if as_json:
        flat = {f"{name}_{key}": value for name, row in rows.items() for key, value in row.items()}
        emit("peers", flat, as_json=True, notes=notes)
        return
    print(f"{'peer':<12}" + "".join(f"{key:>14}" for key in COLUMNS) + "  version")
    for name, note in notes.items():
        values = "".join(f"{rows[name][key]:>14.3f}" for key in COLUMNS) if name in rows else ""
        print(f"{name:<12}{values}  {note}")


if __name__ == "__main__":
    sys.exit(main())
