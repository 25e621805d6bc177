"""Measure recall, capture, start, memory and disk as the store grows.

    install.py run -- python bench/scale.py --data ../shared/data/locomo-dev.json --n 10000,100000,1000000
    install.py run -- python bench/scale.py --data … --n 100000 --store postgresql --url postgresql://…

The store is filled directly, as `synthetic` says. Then a real resident server is started on that state folder and
asked LoCoMo's questions through its socket, as prompts of the chat that most was said in. After it ended, the same
search runs in this process, stage by stage: `stages` says what each is. The hook's deadline is out of the way.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from clawcortex.client import Connection, call
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import load_settings
from clawcortex.store.base import Floats
from clawcortex.store.opening import open_store
from clawcortex.store.records import Scope
from locomo import Conversation, load
from recall_latency import timed
from report import emit, progress
from resident import Resident, post
from stages import stages
from synthetic import ASKED, memories, noisy, originals

BATCH = 5_000
WARM = 20
"""Questions asked before the measured ones."""
BULK = 500
"""Texts captured through the server to measure capture end to end."""
CONTEXT = {
    "agentId": ASKED.agent, "sessionKey": "agent:main:main", "channel": ASKED.channel, "accountId": ASKED.account,
    "chatId": ASKED.chat, "senderId": ASKED.sender, "trigger": "user",
}  # fmt: skip


def fill(conversations: Sequence[Conversation], count: int, known: Floats) -> dict[str, float]:
    """Write the memories and their vectors into the store; return rows a second of both, over the last tenth."""
    settings = load_settings()
    store, model = open_store(settings), get_embedder(settings).model
    if store.count():
        raise SystemExit(f"{settings.store_url} holds {store.count()} memories already: give an empty store")
    chance = np.random.default_rng(7)
    waiting = memories(conversations, count)
    adding: list[float] = []
    placing: list[float] = []
    for start in range(0, count, BATCH):
        batch = [next(waiting) for _ in range(min(BATCH, count - start))]
        vectors = noisy(known[np.arange(start, start + len(batch)) % len(known)], chance)
        begun = time.perf_counter()
        added = store.add(batch)
        stored = time.perf_counter()
        store.put_vectors(model, [one.n for one in added], vectors)
        adding.append((stored - begun) / len(batch))
        placing.append((time.perf_counter() - stored) / len(batch))
        if (start // BATCH) % 20 == 0:
            progress(f"{start + len(batch)} memories, {1 / adding[-1]:.0f} rows/s")
    store.close()
    last = max(1, len(adding) // 10)
    return {
        "add_per_s": 1 / float(np.mean(adding[-last:])),
        "put_vectors_per_s": 1 / float(np.mean(placing[-last:])),
    }


def until_ready(connection: Connection) -> None:
    """Return once the server's recall is semantic."""
    while True:
        status, body = connection.request("/readyz?wait=120")
        if status == 200:
            return
        progress(f"waiting: {json.loads(body).get('parts')}")


def start(resident: Resident) -> float:
    """Start the server; return the seconds until recall is semantic."""
    begun = time.perf_counter()
    resident.start()
    with Connection(timeout=300) as connection:
        until_ready(connection)
    return time.perf_counter() - begun


def prompts(connection: Connection, questions: Sequence[str], *, fresh: bool = False) -> list[float]:
    """Return the milliseconds of each prompt's hook; with `fresh`, one memory is captured before each."""
    taken = []
    for number, question in enumerate(questions):
        if fresh:
            post(connection, "/v1/context-retention/capture", {
                "text": f"Note {number}: {question}", "chat": "telegram:default:111", "chat_type": "private",
            })  # fmt: skip
        event: dict[str, object] = {"event": {"prompt": question}, "ctx": CONTEXT}
        taken.append(timed(partial(post, connection, "/v1/hooks/before_prompt_build", event)))
    return taken


def ask(questions: Sequence[str], rounds: int) -> dict[str, float]:
    """Return the latencies of prompts on a quiet store, and on one that a capture just changed."""
    context = {**CONTEXT, "conversationId": ASKED.chat, "channelId": ASKED.channel}
    with Connection() as connection:
        private = {"event": {"isGroup": False, "senderId": ASKED.sender}, "ctx": context}
        post(connection, "/v1/hooks/before_dispatch", private)
        asked = [questions[i * 7 % len(questions)] for i in range(WARM + 2 * rounds)]
        prompts(connection, asked[:WARM])
        quiet = prompts(connection, asked[WARM : WARM + rounds])
        fresh = prompts(connection, asked[WARM + rounds :], fresh=True)
    return {
        "recall_p50_ms": float(np.median(quiet)),
        "recall_p95_ms": float(np.percentile(quiet, 95)),
        "fresh_p50_ms": float(np.median(fresh)),
        "fresh_p95_ms": float(np.percentile(fresh, 95)),
    }


def bulk(conversations: Sequence[Conversation], folder: Path, count: int) -> dict[str, float]:
    """Import new texts and wait for their vectors; compare with the bare embedder on as many other texts."""
    # Other texts for each size: this process's embedder remembers those of the last.
    texts = [f"Among {count}: {text}" for text in originals(conversations)][: 2 * BULK]
    mine, bare = texts[::2], texts[1::2]
    file = folder / "bulk.jsonl"
    scope = {name: getattr(ASKED, name) for name in Scope.__slots__}
    line = {
        "created_at": "2026-01-01T00:00:00Z", "session": "bulk", "speaker": "Ann", "provenance": "owner",
        "source_ref": "", "importance": 0.5, "pinned": False, **scope,
    }  # fmt: skip
    file.write_text(
        "".join(json.dumps({"id": f"b{i}", "text": text, **line}) + "\n" for i, text in enumerate(mine))
    )
    begun = time.perf_counter()
    call("/v1/context-retention/import", {"path": str(file)}, timeout=600)
    while call("/v1/context-retention/status", {})["pending"]:
        time.sleep(0.1)  # counting what is pending costs the server as much as a recall
    taken = time.perf_counter() - begun
    embedder = get_embedder(load_settings())
    embedder.load()
    begun = time.perf_counter()
    for at in range(0, len(bare), 64):
        embedder.encode(bare[at : at + 64])
    alone = time.perf_counter() - begun
    return {
        "capture_per_s": len(mine) / taken,
        "embedder_per_s": len(bare) / alone,
        "capture_to_embedder_ratio": (len(mine) / taken) / (len(bare) / alone),
    }


def disk(folder: Path) -> float:
    """Return the megabytes of all files in the state folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def measure(
    conversations: Sequence[Conversation], count: int, rounds: int, known: Floats
) -> dict[str, float]:
    """Return the figures for one size of memory."""
    questions = [question.text for one in conversations for question in one.questions]
    with Resident() as resident:
        resident.kill()
        filled = fill(conversations, count, known)
        built = start(resident)
        progress(f"read from the store in {built:.1f} s")
        begun = time.perf_counter()
        call("/v1/context-retention/rebuild_index", {}, timeout=900)
        rebuilt = time.perf_counter() - begun
        resident.kill()
        loaded = start(resident)
        progress(f"rebuilt and written in {rebuilt:.1f} s, started from the snapshot in {loaded:.1f} s")
        latencies = ask(questions, rounds)
        memory = psutil.Process(resident.pid).memory_info().rss / 1e6
        progress(f"asked: {latencies}")
        captured = bulk(conversations, resident.state, count)
        peak = _peak(resident.pid)
        space = disk(resident.state)
        resident.kill()
        parts = stages(questions, rounds, ASKED)
    return {
        **latencies, "rss_mb": memory, "rss_peak_mb": peak, "disk_mb": space, **captured, **filled,
        "start_from_store_s": built, "rebuild_s": rebuilt, "start_from_snapshot_s": loaded, **parts,
    }  # fmt: skip


def _peak(pid: int) -> float:
    """Return the most megabytes a process ever held; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1_000 for line in lines if line.startswith("VmHWM")), 0.0)


def main() -> int:
    """Run every size and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="a LoCoMo file")
    parser.add_argument("--n", default="10000,100000,1000000", help="sizes, separated by commas")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--url", default="", help="of an empty PostgreSQL database")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if (chosen.store == "postgresql") != bool(chosen.url):
        parser.error("--store postgresql takes --url, and only it")
    sizes = [int(size) for size in chosen.n.split(",")]
    if chosen.url and len(sizes) > 1:
        parser.error("one size for one PostgreSQL database")
    os.environ["CLAWCORTEX_HOOK_DEADLINE_MS"] = "10000"
    if chosen.url:
        os.environ["CLAWCORTEX_STORE_URL"] = chosen.url
    conversations = load(chosen.data)
    known = get_embedder(load_settings()).encode(originals(conversations))
    figures: dict[str, float] = {}
    for size in sizes:
        found = measure(conversations, size, chosen.rounds, known)
        figures |= {f"{name}_{size}": value for name, value in found.items()}
    emit("scale", figures, as_json=chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
