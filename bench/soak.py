"""Put hours of mixed load through one server in minutes: does its memory grow, do its files, does it slow down.

    install.py run -- python bench/soak.py --seconds 600 --rate 60

Clients on kept-alive connections send prompts, turns, recalls, corrections, dictated tasks and looks at the state, at a
fixed rate in all. After a warm-up the process is looked at; at the end it is looked at again. A request that is
late because the server is slow counts from when it should have been sent.
"""

from __future__ import annotations

import argparse
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psutil

from clawcortex.client import Connection
from report import emit, progress
from resident import Resident, post

WARM_UP = 0.2
"""The share of the run after which the first look is taken: caches are full and all code is loaded by then."""
SUBJECTS = (
    "invoice garden Lisbon contract dentist launch budget piano tender school bicycle newsletter".split()
)
DEEDS = "call send check order cancel prepare sign review book repair translate compare".split()
CONTEXT = {
    "agentId": "main",
    "sessionKey": "agent:main:main",
    "trigger": "user",
    "messageProvider": "telegram",
    "channelId": "telegram",
    "chatId": "111",
    "senderId": "111",
}


@dataclass
class Seen:
    """What the clients saw: (seconds since the start, milliseconds) of each request by its sort, and refusals."""

    begun: float
    took: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)


def saying(chance: random.Random, number: int) -> str:
    """Return a sentence that was not said before."""
    return (
        f"Note {number}: {chance.choice(DEEDS)} the {chance.choice(SUBJECTS)} for {chance.choice(SUBJECTS)} "
        f"{chance.randint(1, 9_999)}, and remember that it costs {chance.randint(5, 900)} euros."
    )


def prompt(connection: Connection, chance: random.Random, _: int) -> None:
    """Ask what is to be put before a prompt."""
    question = f"What do we know about the {chance.choice(SUBJECTS)} and the {chance.choice(SUBJECTS)}?"
    post(connection, "/v1/hooks/before_prompt_build", {"event": {"prompt": question}, "ctx": CONTEXT})


def turn(connection: Connection, chance: random.Random, number: int) -> None:
    """Tell of a turn that ended."""
    said = {"role": "user", "content": saying(chance, number), "timestamp": time.time() * 1_000}
    post(connection, "/v1/hooks/agent_end", {"event": {"messages": [said], "success": True}, "ctx": CONTEXT})


def recall(connection: Connection, chance: random.Random, _: int) -> None:
    """Search as a person does."""
    post(
        connection,
        "/v1/context-retention/recall",
        {"query": f"{chance.choice(DEEDS)} {chance.choice(SUBJECTS)}"},
    )


def correct(connection: Connection, chance: random.Random, number: int) -> None:
    """Record a correction."""
    subject, reason = f"draft {number}", f"the {chance.choice(SUBJECTS)} is wrong"
    body: dict[str, object] = {
        "kind": "reject",
        "subject": subject,
        "reason": reason,
        "key": f"soak-{number}",
    }
    post(connection, "/v1/memory-compounding/log", body)


def dictate(connection: Connection, chance: random.Random, _: int) -> None:
    """Find the tasks in a sentence."""
    text = f"Okay, uh, Ben has to {chance.choice(DEEDS)} the {chance.choice(SUBJECTS)} by Friday."
    post(connection, "/v1/voice-pipeline/extract", {"text": text})


def look(connection: Connection, _: random.Random, number: int) -> None:
    """Look at the state, as the doctor and Prometheus do."""
    if number % 2:
        connection.request("/metrics", None)
    else:
        post(connection, "/v1/context-retention/status", {})


MIX: tuple[tuple[Callable[[Connection, random.Random, int], None], int], ...] = (
    (prompt, 40), (turn, 25), (recall, 15), (correct, 5), (dictate, 5), (look, 10),
)  # fmt: skip


def send(client: int, clients: int, rate: float, until: float, seen: Seen) -> None:
    """Send this client's part of the load at its times."""
    chance = random.Random(client)
    sorts, weights = [one for one, _ in MIX], [weight for _, weight in MIX]
    number = client
    with Connection(timeout=60) as connection:
        while (due := seen.begun + number / rate) < until:
            time.sleep(max(0.0, due - time.monotonic()))
            what = chance.choices(sorts, weights)[0]
            try:
                what(connection, chance, number)
            except Exception as error:  # noqa: BLE001 - counted: whatever is refused under load is a figure
                with seen.lock:
                    seen.refused[f"{what.__name__}: {type(error).__name__}: {error}"] += 1
            with seen.lock:
                seen.took[what.__name__].append((due - seen.begun, (time.monotonic() - due) * 1_000))
            number += clients


def held(pid: int) -> tuple[float, int]:
    """Return the megabytes that the server holds, and its open files."""
    process = psutil.Process(pid)
    return process.memory_info().rss / 1e6, process.num_fds()


def measure(seconds: float, rate: float, clients: int) -> tuple[dict[str, float], dict[str, str]]:
    """Return the figures, and what was refused."""
    with Resident() as resident:
        resident.until_ready()
        seen = Seen(time.monotonic())
        until = seen.begun + seconds
        threads = [
            threading.Thread(target=send, args=(client, clients, rate, until, seen))
            for client in range(clients)
        ]
        for thread in threads:
            thread.start()
        looks: list[tuple[float, int]] = []
        for tenth in range(1, 11):
            time.sleep(max(0.0, seen.begun + seconds * tenth / 10 - time.monotonic()))
            looks.append(held(resident.pid))
            progress(f"{tenth * 10} %: {looks[-1][0]:.0f} MB, {looks[-1][1]} files")
        for thread in threads:
            thread.join()
    return figures_of(seen, looks, seconds), dict.fromkeys(seen.refused, "")


def figures_of(seen: Seen, looks: list[tuple[float, int]], seconds: float) -> dict[str, float]:
    """Return growth from the end of the warm-up to the end of the run, and the p99 of its parts."""
    first, last = looks[round(WARM_UP * 10) - 1], looks[-1]
    every = sorted(pair for part in seen.took.values() for pair in part)
    early = [ms for at, ms in every if seconds * WARM_UP <= at < seconds * 0.6]
    late = [ms for at, ms in every if at >= seconds * 0.6]
    return {
        "rss_growth": last[0] / first[0] - 1,
        "fd_growth": float(last[1] - first[1]),
        "p99_early_ms": float(np.percentile(early, 99)),
        "p99_late_ms": float(np.percentile(late, 99)),
        "p99_ratio": float(np.percentile(late, 99) / np.percentile(early, 99)),
        "refused": float(sum(seen.refused.values())),
        "requests": float(len(every)),
        "rss_mb": last[0],
        **{
            f"{name}_p50_ms": float(np.median([ms for _, ms in took]))
            for name, took in sorted(seen.took.items())
        },
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    chosen: Any = parser.parse_args()
    figures, refused = measure(chosen.seconds, chosen.rate, chosen.clients)
    for reason in refused:
        progress(f"refused: {reason}")
    emit("soak", figures, chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
