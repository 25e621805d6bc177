"""Decisions under fire: how many events are lost or applied twice, and how long a tap takes until it is recorded.

Several clients put the same questions (each under one dedupe key), and press their buttons in an order of their own,
several times, with different answers, while half of the questions expire and the server is killed with SIGKILL again
and again. A call that fails is repeated, or left in the spool as index.js leaves it. After the last kill the store is
read: every question must have come to one end, with one event, and that end must be what its presser was told.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any

from clawcortex import paths
from clawcortex.client import Connection, answer, call, spool
from clawcortex.errors import ClawcortexError, InputError
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from report import emit
from resident import Resident

ASK, PRESS = "/v1/feedback-router/ask", "/v1/hooks/button_pressed"
ASKS, DECISIONS, ANSWERED = "feedback.asks", "feedback.decisions", "decision.answered"
TOLD = {"✅": "approve", "❌": "reject", "⏭": "skip"}
"""How the answer to a press begins that was recorded."""
WINDOW = 20
EXPIRES_S, LIVES_S = 1, 86_400
HELD = 200
"""So many presses a client keeps back: each comes when its question has expired, or just does."""
SPOOLED = 0.5
"""Share of failed presses that are left in the spool instead of being repeated."""


@dataclass
class Seen:
    """What the clients were told."""

    events: int = 0
    ids: dict[int, set[str]] = field(default_factory=lambda: collections.defaultdict(set))
    told: dict[str, set[str]] = field(default_factory=lambda: collections.defaultdict(set))
    """The answers that a client was told were recorded, by ask."""
    pressed: set[str] = field(default_factory=set)
    """Asks with a press that was acknowledged or is in the spool."""
    took_ms: list[float] = field(default_factory=list)

    def take(self, kind: str, number: int, ask: str, choice: str, took_ms: float) -> None:
        """Count one acknowledged event."""
        self.events += 1
        self.ids[number].add(ask)
        if kind != "ask":
            self.pressed.add(ask)
        if kind == "press":
            self.took_ms.append(took_ms)
        if choice:
            self.told[ask].add(choice)


class Caller:
    """One client's connection; made again after each fault."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def __call__(self, path: str, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the answer; None when the server was just killed."""
        try:
            if self._connection is None:
                self._connection = Connection(timeout=20.0)
            status, body = self._connection.request(path, payload)
            return answer(path, status, body)
        except InputError:
            raise
        except ClawcortexError:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return None


def press_until_told(client: int, seen: Pipe, told: Pipe) -> None:
    """Ask and press, window after window, until told to stop; send what was acknowledged."""
    chance, calling, first = random.Random(client), Caller(), 0
    held: collections.deque[tuple[int, str]] = collections.deque()
    while not told.poll():
        numbers = list(range(first, first + WINDOW))
        chance.shuffle(numbers)
        asks = {number: _asked(calling, number, seen) for number in numbers}
        presses = [number for number in numbers for _ in range(chance.randint(1, 3))]
        chance.shuffle(presses)
        for number in presses:
            held.append((number, asks[number]))
            if number % 4 != 3:
                _press(calling, *held.pop(), chance, seen)
            elif len(held) > HELD:
                _press(calling, *held.popleft(), chance, seen)
        first += WINDOW
    seen.close()


def _asked(calling: Caller, number: int, seen: Pipe) -> str:
    lives = EXPIRES_S if number % 2 else LIVES_S
    question = {
        "title": f"Question {number}?",
        "dedupe_key": f"storm-{number}",
        "expires_in": lives,
        "allowed": ["telegram:111"],
    }
    while (found := calling(ASK, question)) is None:
        time.sleep(0.01)
    seen.send(("ask", number, found["id"], "", 0.0))
    return str(found["id"])


def _press(calling: Caller, number: int, ask: str, chance: random.Random, seen: Pipe) -> None:
    event = {
        "channel": "telegram",
        "accountId": "default",
        "chatId": "111",
        "senderId": "111",
        "senderName": "Ann",
        "isGroup": False,
        "isAuthorized": True,
        "value": f"clawcortex:{ask}:{chance.choice(('approve', 'reject', 'skip'))}",
        "messageId": "1",
        "pressedAt": int(time.time() * 1000),
    }
    while True:
        began = time.perf_counter()
        found = calling(PRESS, {"event": event, "ctx": {}})
        if found is not None:
            choice = TOLD.get(str(found.get("reply", ""))[:1], "")
            seen.send(("press", number, ask, choice, (time.perf_counter() - began) * 1000))
            return
        if chance.random() < SPOOLED:
            spool("button_pressed", event, {})
            seen.send(("spooled", number, ask, "", 0.0))
            return
        time.sleep(0.01)


def measure(events: int, kills: int, clients: int) -> dict[str, float]:
    """Return the figures of one run."""
    os.environ["CLAWCORTEX_EMBEDDING_BACKEND"] = "hash"  # no model takes part
    with Resident() as resident:
        pairs = [multiprocessing.Pipe(duplex=False) for _ in range(clients)]
        stops = [multiprocessing.Pipe(duplex=False) for _ in range(clients)]
        processes = [
            multiprocessing.Process(target=press_until_told, args=(i, pairs[i][1], stops[i][0]))
            for i in range(clients)
        ]
        for process in processes:
            process.start()
        for _, writing in pairs:
            writing.close()
        pipes, seen = [reading for reading, _ in pairs], Seen()
        began = time.perf_counter()
        for kill in range(kills):
            gather(pipes, seen, events * (kill + 1) // (kills + 1))
            resident.kill()
            resident.start()
            print(f"\rkill {kill + 1}/{kills}, {seen.events} events", end="", file=sys.stderr)
        gather(pipes, seen, events)
        rate = seen.events / (time.perf_counter() - began)
        for _, telling in stops:
            telling.send("enough")
        for pipe in pipes:
            for one in until_closed(pipe):
                seen.take(*one)
        for process in processes:
            process.join()
        print(file=sys.stderr)
        settle()
        resident.kill()
        return figures_of(seen, kills) | {"events_per_s": rate}


def gather(pipes: list[Pipe], seen: Seen, goal: int) -> None:
    """Read what is acknowledged until so many events have come."""
    while seen.events < goal:
        for pipe in wait(pipes):
            if isinstance(pipe, Pipe):
                seen.take(*pipe.recv())


def until_closed(pipe: Pipe) -> Iterator[tuple[str, int, str, str, float]]:
    """Yield what still comes until the other end is closed."""
    while True:
        try:
            yield pipe.recv()
        except EOFError:
            return


def settle(longest_s: float = 300.0) -> None:
    """Wait until the spool is read and the questions that expire have; give up after so many seconds."""
    ends = time.monotonic() + longest_s
    while time.monotonic() < ends:
        found = call("/v1/feedback-router/pending", {"limit": 1_000})
        waiting = [one for one in found["asks"] if int(one["title"].split()[1][:-1]) % 2]
        if not waiting and not list(paths.spool_dir().glob("*.json")):
            return
        time.sleep(0.5)


def figures_of(seen: Seen, kills: int) -> dict[str, float]:
    """Compare what was told with what is stored."""
    store = open_store(Settings())
    asks, decisions = store.list_records(ASKS), store.list_records(DECISIONS)
    answered: collections.Counter[str] = collections.Counter()
    after = 0
    while page := store.read_events("storm", kinds=(ANSWERED,), limit=5_000):
        answered.update(str(event.payload["ask_id"]) for event in page)
        after = page[-1].seq
        store.ack_events("storm", after)
    store.close()
    acknowledged = {ask for ids in seen.ids.values() for ask in ids}
    wrong = sum(
        1
        for ask, choices in seen.told.items()
        if len(choices) > 1 or {str(decisions.get(ask, {}).get("choice"))} != choices
    )
    lost = (
        sum(1 for ask in acknowledged if ask not in asks and ask not in decisions)
        + sum(1 for ask in seen.pressed if ask in asks)
        + sum(1 for ask in decisions if not answered[ask])
        + wrong
    )
    twice = (
        sum(count - 1 for count in answered.values())
        + sum(len(ids) - 1 for ids in seen.ids.values())
        + sum(1 for ask in decisions if ask in asks)
    )
    states = collections.Counter(str(one["state"]) for one in decisions.values())
    took = sorted(seen.took_ms)
    return {
        "events": seen.events,
        "asks": len(acknowledged),
        "answered": states["answered"],
        "expired": states["expired"],
        "kills": kills,
        "lost": lost,
        "applied_twice": twice,
        "tap_p50_ms": took[len(took) // 2],
        "tap_p99_ms": took[int(len(took) * 0.99)],
    }


def main() -> int:
    """Run and report; exit 1 when anything was lost or applied twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = measure(chosen.events, chosen.kills, chosen.clients)
    emit("feedback_storm", figures, as_json=chosen.json)
    return 1 if figures["lost"] or figures["applied_twice"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
