"""Measure how fast many texts come in and are embedded, against the bare embedder on the same texts.

    install.py run -- python bench/embedding.py --data LOCOMO

Bare embedder, bulk import and bulk capture take turns, block by block, so that noise of the machine hits all;
import and capture end when every memory has a vector. Beside the clock the processor's time is counted: what a
busy machine takes away is not in it. Recalls are timed on the idle server and during an import.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from clawcortex.client import Connection, call
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import load_settings
from locomo import load, turn_text
from report import emit, progress
from resident import Resident, post

BLOCKS = 4
CLIENTS = 4
LOOK_S = 0.05
START = datetime(2025, 1, 1, tzinfo=UTC)
RECALL, STATUS = "/v1/context-retention/recall", "/v1/context-retention/status"


def texts_of(file: str, count: int) -> list[str]:
    """Return so many different turns, in the order they were said; one said again comes with its place."""
    seen: dict[str, None] = {}
    turns = [turn_text(turn) for talk in load(file) for turn in talk.turns]
    for number in range(count):
        text = turns[number % len(turns)]
        seen[text if text not in seen else f"{text} ({number})"] = None
    return list(seen)


def line(number: int, text: str, kind: str) -> str:
    """Return one line of an import file."""
    return json.dumps({
        "id": f"{kind}-{number}", "text": text, "created_at": (START + timedelta(minutes=number)).isoformat(),
        "agent": "main", "channel": "telegram", "account": "default", "chat": "111", "sender": "111",
        "chat_type": "private", "session": f"s{number // 40}", "speaker": "Ann", "provenance": "owner",
        "source_ref": f"{kind}:{number}", "importance": 0.5, "pinned": False,
    })  # fmt: skip


def until_embedded() -> None:
    """Return once every memory has a vector."""
    while call(STATUS, {}, timeout=60)["pending"]:
        time.sleep(LOOK_S)


def import_all(texts: Sequence[str], kind: str, folder: Path) -> None:
    """Import the texts in one file and wait for their vectors."""
    file = folder / f"{kind}.jsonl"
    file.write_text("".join(line(i, text, kind) + "\n" for i, text in enumerate(texts)), encoding="utf-8")
    done = call("/v1/context-retention/import", {"path": str(file)}, timeout=600)
    if done["refused"] or done["stored"] != len(texts):
        raise SystemExit(f"not all was imported: {done}")
    until_embedded()


def capture_all(texts: Sequence[str], kind: str) -> None:
    """Capture the texts one call each, from several connections, and wait for their vectors."""

    def capture(start: int) -> None:
        with Connection() as connection:
            for number in range(start, len(texts), CLIENTS):
                turn: dict[str, object] = {
                    "text": texts[number],
                    "source_ref": f"{kind}:{number}",
                    "session": kind,
                }
                post(connection, "/v1/context-retention/capture", turn)

    clients = [threading.Thread(target=capture, args=(start,)) for start in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    until_embedded()


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@dataclass(slots=True)
class Spent:
    """What one way of embedding took so far."""

    process: psutil.Process
    """The one that embeds."""
    clock: float = 0.0
    cpu: float = 0.0

    def on(self, work: Callable[[], object]) -> None:
        """Do the work and add what it took."""
        before = self._cpu()
        self.clock += seconds(work)
        self.cpu += self._cpu() - before

    def _cpu(self) -> float:
        used = self.process.cpu_times()
        return float(used.user + used.system)


def recall_ms(texts: Sequence[str], going: Callable[[int], bool]) -> list[float]:
    """Return the milliseconds of recalls, one after another, as long as it is going."""
    taken: list[float] = []
    with Connection() as connection:
        while going(len(taken)):
            question: dict[str, object] = {
                "query": f"What about {texts[len(taken) % len(texts)][:80]}? {len(taken)}"
            }
            taken.append(1_000 * seconds(partial(post, connection, RECALL, question)))
    return taken


def measure(file: str, count: int, recalls: int) -> dict[str, float]:
    """Return the figures of one run."""
    texts = texts_of(file, count)
    embedder = get_embedder(load_settings())
    embedder.load()
    with Resident() as resident:
        resident.until_ready()
        bare, server = psutil.Process(), psutil.Process(resident.pid)
        spent = {"bare": Spent(bare), "import": Spent(server), "capture": Spent(server)}
        for number in range(BLOCKS):
            block = texts[number::BLOCKS]
            spent["bare"].on(partial(embedder.encode, block))
            spent["import"].on(partial(import_all, block, f"import{number}", resident.state))
            again = [f"{text} Right?" for text in block]  # the server knows the vectors of the others
            spent["capture"].on(partial(capture_all, again, f"capture{number}"))
            done = count * (number + 1) / BLOCKS
            progress(", ".join(f"{name} {done / taken.clock:.0f}/s" for name, taken in spent.items()))
        recall_ms(texts, lambda asked: asked < 20)
        idle = recall_ms(texts, lambda asked: asked < recalls)
        more = [f"{text} Again." for text in texts]
        loading = threading.Thread(target=import_all, args=(more, "last", resident.state))
        loading.start()
        busy = recall_ms(texts, lambda _: loading.is_alive())
        loading.join()
    return {
        "texts": count,
        "bare_per_s": count / spent["bare"].clock,
        "import_per_s": count / spent["import"].clock,
        "capture_per_s": count / spent["capture"].clock,
        "share_of_bare": spent["bare"].clock / spent["import"].clock,
        "share_of_bare_cpu": spent["bare"].cpu / spent["import"].cpu,
        "capture_share_of_bare": spent["bare"].clock / spent["capture"].clock,
        "capture_share_of_bare_cpu": spent["bare"].cpu / spent["capture"].cpu,
        "recall_idle_p95_ms": float(np.percentile(idle, 95)),
        "recall_busy_p50_ms": float(np.percentile(busy, 50)),
        "recall_busy_p95_ms": float(np.percentile(busy, 95)),
        "recall_busy_to_idle": float(np.percentile(busy, 95) / np.percentile(idle, 95)),
    }


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="a LoCoMo file")
    parser.add_argument("--texts", type=int, default=4_000)
    parser.add_argument("--recalls", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    emit("embedding", measure(chosen.data, chosen.texts, chosen.recalls), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
