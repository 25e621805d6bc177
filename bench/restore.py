"""Lose the database's disk under load, restore from the backups' disk, and count what is missing.

    install.py run -- python bench/restore.py --data ../shared/data/locomo-dev.json --n 100000

A real server on a filled store takes its first backup and follows it; clients capture numbered turns and write down
when each was acknowledged. Then the server is killed with SIGKILL, the state folder is taken away, and `clawcortex
restore` makes another from the folder of backups alone. What was acknowledged and is not there is lost: `rpo_s` is the
age of the oldest of it at the kill. The same questions go to the restored memory and to the one that was taken away,
without what the other lost.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from clawcortex import paths
from clawcortex.client import Connection, call
from clawcortex.errors import ClawcortexError
from clawcortex.launch import environment
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import load_settings
from clawcortex.store.opening import open_store
from clawcortex.store.records import Selection
from clawcortex.upkeep.backup import segments, shelf
from locomo import Conversation, load
from report import emit, progress
from resident import Resident, post
from synthetic import memories, noisy, originals

BATCH = 5_000
NOW = "2026-12-01T12:00:00Z"
Answer = list[tuple[str, float]]


def fill(conversations: Sequence[Conversation], count: int) -> None:
    """Write so many memories and their vectors into the store."""
    embedder = get_embedder(load_settings())
    known, chance = embedder.encode(originals(conversations)), np.random.default_rng(7)
    waiting = memories(conversations, count)
    with closing(open_store(load_settings())) as store:
        for start in range(0, count, BATCH):
            batch = [next(waiting) for _ in range(min(BATCH, count - start))]
            vectors = noisy(known[np.arange(start, start + len(batch)) % len(known)], chance)
            store.put_vectors(embedder.model, [one.n for one in store.add(batch)], vectors)


def until_followed() -> float:
    """Return once every write is added to a backup, and how many seconds that took."""
    folder, begun = shelf.folder_of(load_settings()), time.perf_counter()
    while True:
        for backup in shelf.ids(folder):
            if segments.base(shelf.stream_of(folder, backup), None) is not None:
                return time.perf_counter() - begun
        time.sleep(0.05)


def load_until(stop: threading.Event, client: int, acknowledged: dict[str, float]) -> None:
    """Capture turns one after another; write down when each was acknowledged."""
    number = 0
    with Connection(timeout=30) as connection:
        while not stop.is_set():
            source = f"{client}:{number}"
            turn: dict[str, object] = {
                "text": f"turn {number} of client {client} says something worth keeping",
                "source_ref": source,
                "session": f"load-{client}",
            }
            with suppress(ClawcortexError, OSError):
                post(connection, "/v1/context-retention/capture", turn)
                acknowledged[source] = time.time()
            number += 1


def under_load(resident: Resident, seconds: float, clients: int) -> tuple[dict[str, float], float]:
    """Kill the server after so many seconds of load; return what was acknowledged when, and the time of the kill."""
    acknowledged: dict[str, float] = {}
    stop = threading.Event()
    threads = [
        threading.Thread(target=load_until, args=(stop, client, acknowledged)) for client in range(clients)
    ]
    for thread in threads:
        thread.start()
    stop.wait(seconds)
    killed = time.time()
    resident.kill()
    stop.set()
    for thread in threads:
        thread.join()
    return {source: at for source, at in acknowledged.items() if at <= killed}, killed


def restore() -> float:
    """Run `clawcortex restore` as a person would; return its seconds."""
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "clawcortex", "restore", "--json"],
        env=environment(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - begun


def answers(resident: Resident, questions: Sequence[str]) -> tuple[list[Answer], float]:
    """Start a server and ask it; return the hits of each question, and the seconds until it could answer."""
    begun = time.perf_counter()
    resident.start()
    resident.until_ready()
    ready = time.perf_counter() - begun
    found: list[Answer] = []
    for question in questions:
        said = call("/v1/context-retention/recall", {"query": question, "top_k": 10, "now": NOW}, timeout=60)
        found.append([(str(hit["id"]), round(float(hit["score"]), 3)) for hit in said["hits"]])
    resident.kill()
    return found, ready


def lost_sources(acknowledged: dict[str, float]) -> list[str]:
    """Return what was acknowledged and is not in the store."""
    with closing(open_store(load_settings())) as store:
        held = {memory.source_ref for memory in store.rows(store.columns().n.tolist())}
        wrong = store.check()
    if wrong:
        raise SystemExit(f"the restored memory is damaged: {wrong}")
    return [source for source in acknowledged if source not in held]


def without(away: Path, keep: Path) -> None:
    """Let the memory that was taken away hold what the restored one holds."""
    settings = load_settings()
    with (
        closing(open_store(settings.model_copy(update={"store_url": f"sqlite:{away}"}))) as store,
        closing(open_store(settings.model_copy(update={"store_url": f"sqlite:{keep}"}))) as restored,
    ):
        here = set(restored.columns().n.tolist())
        gone = [n for n in store.columns().n.tolist() if n not in here]
        if gone:
            store.delete(Selection(ids=tuple(one.id for one in store.rows(gone))))


def measure(
    conversations: Sequence[Conversation], count: int, seconds: float, clients: int, questions: Sequence[str]
) -> dict[str, float]:
    """Return the figures of one lost disk."""
    with tempfile.TemporaryDirectory(prefix="clawcortex-shelf-") as other, Resident() as resident:
        resident.kill()
        os.environ["CLAWCORTEX_BACKUP_FOLDER"] = other
        home = resident.state
        fill(conversations, count)
        progress(f"{count} memories filled")
        resident.start()
        resident.until_ready()
        followed = until_followed()
        progress(f"followed after {followed:.1f} s")
        acknowledged, killed = under_load(resident, seconds, clients)
        away = home.with_name("away")
        home.rename(away)  # the disk is gone
        took = restore()
        progress(f"restored in {took:.1f} s")
        lost = lost_sources(acknowledged)
        found, ready = answers(resident, questions)
        without(away / "memory.sqlite", paths.database_path())
        home.rename(home.with_name("restored"))
        away.rename(home)
        there, _ = answers(resident, questions)
    same = sum(one == other for one, other in zip(found, there, strict=True))
    return {
        "rpo_s": max((killed - acknowledged[source] for source in lost), default=0.0),
        "restore_s": took,
        "answers_equal": same / max(1, len(questions)),
        "lost": float(len(lost)),
        "acknowledged": float(len(acknowledged)),
        "ready_s": ready,
        "first_backup_s": followed,
        "memories": float(count),
    }


def main() -> int:
    """Run and report; exit 1 when more than a second is lost, or an answer is another."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="a LoCoMo file")
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of load")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    conversations = load(chosen.data)
    asked = [question.text for one in conversations for question in one.questions]
    questions = asked[:: max(1, len(asked) // chosen.questions)][: chosen.questions]
    figures = measure(conversations, chosen.n, chosen.seconds, chosen.clients, questions)
    emit("restore", figures, as_json=chosen.json)
    return 1 if figures["rpo_s"] > 1 or figures["answers_equal"] < 1 else 0


if __name__ == "__main__":
    raise SystemExit(main())
