"""Kill the server with SIGKILL under load and count what was acknowledged, lost and doubled.

    install.py run -- python bench/durability.py --kills 200 --clients 4

Every client captures numbered turns and writes down each one that was acknowledged; a call that fails is
repeated with the same source until it is. After the last kill the store is read back.
"""

from __future__ import annotations

import argparse
import collections
import json
import multiprocessing
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path

from clawcortex.client import call
from clawcortex.errors import ClawcortexError
from report import emit
from resident import Resident

ACKS_BETWEEN_KILLS = 25


def capture_until_told(client: int, acknowledged: Connection, told: Connection) -> None:
    """Capture turns one after another; send each number once it was acknowledged."""
    number = 0
    while not told.poll():
        turn = {
            "text": f"turn {number} of client {client} says something worth keeping",
            "source_ref": f"{client}:{number}",
            "session": f"load-{client}",
        }
        try:
            call("/v1/context-retention/capture", turn, timeout=5.0)
        except ClawcortexError:
            continue  # the server was just killed: the same turn is sent again
        acknowledged.send(f"{client}:{number}")
        number += 1
    acknowledged.close()


def gather(pipes: list[Connection], seen: list[str], at_least: int) -> None:
    """Read acknowledgements until this many more have come."""
    goal = len(seen) + at_least
    while len(seen) < goal:
        seen.extend(pipe.recv() for pipe in wait(pipes) if isinstance(pipe, Connection))


def until_closed(pipe: Connection) -> Iterator[str]:
    """Yield what still comes until the other end is closed."""
    while True:
        try:
            yield pipe.recv()
        except EOFError:
            return


def measure(kills: int, clients: int) -> dict[str, float]:
    """Return the figures of one run."""
    with Resident() as resident:
        pairs = [multiprocessing.Pipe(duplex=False) for _ in range(clients)]
        stops = [multiprocessing.Pipe(duplex=False) for _ in range(clients)]
        processes = [
            multiprocessing.Process(target=capture_until_told, args=(i, pairs[i][1], stops[i][0]))
            for i in range(clients)
        ]
        for process in processes:
            process.start()
        for _, writing in pairs:
            writing.close()
        seen: list[str] = []
        pipes = [reading for reading, _ in pairs]
        for kill in range(kills):
            gather(pipes, seen, ACKS_BETWEEN_KILLS)
            resident.kill()
            resident.start()
            print(f"\rkill {kill + 1}/{kills}, {len(seen)} acknowledged", end="", file=sys.stderr)
        gather(pipes, seen, ACKS_BETWEEN_KILLS)
        for _, telling in stops:
            telling.send("enough")
        for pipe in pipes:
            seen.extend(until_closed(pipe))
        for process in processes:
            process.join()
        print(file=sys.stderr)
        stored = stored_sources()
    return {
        "acknowledged": len(seen),
        "lost": sum(1 for source in set(seen) if source not in stored),
        "duplicated": sum(count - 1 for count in stored.values()),
        "kills": kills,
    }


def stored_sources() -> collections.Counter[str]:
    """Return how often each source is stored."""
    exported = call("/v1/context-retention/export", {}, timeout=120.0)
    with Path(str(exported["path"])).open(encoding="utf-8") as lines:
        return collections.Counter(json.loads(line)["source_ref"] for line in lines)


def main() -> int:
    """Run and report; exit 1 when anything acknowledged was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = measure(chosen.kills, chosen.clients)
    emit("durability", figures, as_json=chosen.json)
    return 1 if figures["lost"] or figures["duplicated"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
