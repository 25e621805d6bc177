"""Measure the hook's round trip against the time sentence-transformers needs for the same query.

    install.py run -- python bench/recall_latency.py --n 100000

The store is filled directly: texts are made of real vocabulary with a natural word frequency, the vectors of
the first few thousand are embedded, the others are those plus noise (search time does not depend on values).
Prompts go through the socket as the gateway sends them; hook and reference take turns, so that noise of the
machine hits both.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import psutil

from clawcortex import paths
from clawcortex.client import Connection, call
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import load_settings
from clawcortex.store.opening import open_store
from clawcortex.store.records import NewMemory, Scope
from clawcortex.text.terms import terms
from report import emit
from resident import Resident, post

BLOCK, SETTLED = 20, 3
"""Hook and reference are measured in turns of this many; torch's threads spin on for a moment after its last."""
PRIVATE = {"isGroup": False, "senderId": "111"}
DISPATCHED = {"conversationId": "111", "channelId": "telegram"}
EMBEDDED = 4_000
BATCH = 5_000
PEOPLE = ("Ann", "Tom", "Mia", "Lars", "Priya", "Chen")
SUBJECTS = """dentist router garden invoice holiday marathon piano kitchen passport deadline
birthday bicycle tax allergy workshop museum recipe contract school concert"""
VERBS = "booked moved finished forgot bought cancelled planned repaired praised lost"
QUESTIONS = (
    "When is my dentist appointment?",
    "What did Tom say about the router?",
    "How is the marathon training going?",
    "Which museum did Mia like?",
    "What is the deadline of the contract?",
    "Did we pay the invoice for the kitchen?",
    "I am planning a birthday dinner for Priya, any ideas?",
    "Where did I leave the passport?",
    "What recipe did Lars recommend last week?",
    "Is Chen allergic to anything?",
)


def sentences(count: int) -> Iterator[str]:
    """Yield texts of 8 to 30 words; filler words follow Zipf's law over 20,000 stems."""
    chance = random.Random(7)
    subjects, verbs = SUBJECTS.split(), VERBS.split()
    vocabulary = [
        f"{a}{b}{c}"
        for a in "bdfgklmnprst"
        for b in ("a", "ei", "o", "u")
        for c in ("ran", "lem", "vost", "tig", "nor", "pel", "sak", "dur", "min", "zet")
    ]
    vocabulary += [f"{one}{other}" for one in vocabulary for other in ("a", "in", "or", "us") * 10][:20_000]
    weights = [1 / rank for rank in range(1, len(vocabulary) + 1)]
    for _ in range(count):
        filler = " ".join(chance.choices(vocabulary, weights, k=chance.randint(4, 24)))
        yield f"{chance.choice(PEOPLE)} {chance.choice(verbs)} the {chance.choice(subjects)}: {filler}"


def fill(count: int) -> None:
    """Write the memories and their vectors straight into the store."""
    settings = load_settings()
    store, embedder = open_store(settings), get_embedder(settings)
    start = datetime.now(UTC) - timedelta(days=700)
    scope = Scope("main", "telegram", "default", "111", "111")
    pool = np.zeros((0, 0), dtype=np.float32)
    noise = np.random.default_rng(7)
    batch: list[NewMemory] = []
    for number, text in enumerate(sentences(count)):
        said_at = start + timedelta(seconds=number * 600 * 86_400 / count)
        batch.append(
            NewMemory(
                text=text,
                key=f"bench:{number}",
                created_at=said_at,
                scope=scope,
                session=f"s{number // 40}",
                speaker=PEOPLE[number % 6],
                terms=tuple(terms(text)),
            )
        )
        if len(batch) == BATCH or number == count - 1:
            added = store.add(batch)
            if len(pool) < EMBEDDED:
                pool = embedder.encode([memory.text for memory in batch[:EMBEDDED]])
            picked = pool[np.arange(len(batch)) % len(pool)]
            vectors = picked + noise.normal(0, 0.03, picked.shape).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            store.put_vectors(embedder.model, [one.n for one in added], vectors.astype(np.float32))
            print(f"\r{number + 1} memories", end="", file=sys.stderr)
            batch = []
    print(file=sys.stderr)
    store.close()


def cold_start(resident: Resident) -> float:
    """Return the seconds from starting the server to the first semantic answer."""
    resident.kill()
    begun = time.perf_counter()
    resident.start()
    while call("/v1/context-retention/recall", {"query": QUESTIONS[0]})["mode"] != "hybrid":
        continue
    return time.perf_counter() - begun


def round_trips(rounds: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of hook calls and of the reference's embedding, measured in turns."""
    from sentence_transformers import SentenceTransformer

    from clawcortex.models.source import find_folder

    reference = SentenceTransformer(str(find_folder(load_settings().embedding_model)), device="cpu")
    context = {
        "agentId": "main", "sessionKey": "agent:main:main", "channel": "telegram", "accountId": "default",
        "chatId": "111", "senderId": "111", "trigger": "user",
    }  # fmt: skip
    hook: list[float] = []
    embed: list[float] = []
    with Connection() as connection:
        post(connection, "/v1/hooks/before_dispatch", {"event": PRIVATE, "ctx": {**context, **DISPATCHED}})
        for block in range(-1, rounds // BLOCK):  # the first block warms up
            asked = [f"{QUESTIONS[number % len(QUESTIONS)]} ({block}.{number})" for number in range(BLOCK)]
            answered = [timed(partial(_prompt, connection, context, question)) for question in asked]
            embedded = [timed(partial(_reference, reference, question)) for question in asked]
            if block >= 0:
                hook += answered[SETTLED:]
                embed += embedded[SETTLED:]
    return hook, embed


def _prompt(connection: Connection, context: dict[str, str], question: str) -> None:
    post(connection, "/v1/hooks/before_prompt_build", {"event": {"prompt": question}, "ctx": context})


def _reference(model: Any, question: str) -> None:
    model.encode([question], normalize_embeddings=True, show_progress_bar=False)


def timed(call_it: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    begun = time.perf_counter()
    call_it()
    return (time.perf_counter() - begun) * 1_000


def own_embedding(rounds: int) -> float:
    """Return the median milliseconds that the resident embedder needs for a query."""
    embedder = get_embedder(load_settings())
    taken = []
    for number in range(rounds + 10):
        begun = time.perf_counter()
        embedder.encode([f"{QUESTIONS[number % len(QUESTIONS)]} [{number}]"])
        taken.append((time.perf_counter() - begun) * 1_000)
    return float(np.median(taken[10:]))


CHILD = """
import resource, subprocess, sys, time
begun = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
taken = time.perf_counter() - begun
print(done.returncode, taken * 1000, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command from a small process: a child's peak memory counts its parent's until it is replaced."""


def process_cost(command: list[str]) -> tuple[float, float]:
    """Return the median milliseconds and the peak megabytes of a short process."""
    times, peak = [], 0.0
    unit = 1_024 if sys.platform == "linux" else 1_048_576
    for _ in range(15):
        ran = subprocess.run(["python3", "-c", CHILD, *command], capture_output=True, check=True, text=True)
        code, taken, memory = ran.stdout.split()
        if code != "0":
            raise SystemExit(f"{command} failed with {code}: {ran.stderr}")
        times.append(float(taken))
        peak = max(peak, int(memory) / unit)
    return float(np.median(times)), peak


def measure(count: int, rounds: int) -> dict[str, float]:
    """Return the figures for one size of memory."""
    with Resident() as resident:
        resident.kill()
        fill(count)
        resident.start()
        resident.until_ready()
        call("/v1/context-retention/rebuild_index", {}, timeout=600)
        cold = cold_start(resident)
        hook, reference = round_trips(rounds)
        entry = paths.repo_root() / "skills" / "context-retention" / "run.py"
        bare, _ = process_cost(["python3", "-c", "pass"])
        client, client_rss = process_cost(["python3", str(entry), "status", "--json"])
        status = partial(call, "/v1/context-retention/status", {})
        operation = float(np.median([timed(status) for _ in range(15)]))
        return {
            "n": count,
            "hook_p50_ms": float(np.median(hook)),
            "hook_p95_ms": float(np.percentile(hook, 95)),
            "embed_p50_ms": own_embedding(rounds),
            "reference_embed_p50_ms": float(np.median(reference)),
            "hook_to_reference_ratio": float(np.median(hook) / np.median(reference)),
            "cold_start_s": cold,
            "server_rss_mb": psutil.Process(resident.pid).memory_info().rss / 1e6,
            "client_rss_mb": client_rss,
            "client_overhead_ms": client - bare - operation,
        }


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    emit("recall_latency", measure(chosen.n, chosen.rounds), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
