"""Capture from many processes at once and count what is stored, lost and doubled.

    install.py run -- python bench/concurrency.py --processes 8 --each 250

Every process captures its own numbered turns through the resident server, each turn twice: the second time it is
a replay and must be stored once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from functools import partial

from clawcortex.client import Connection
from durability import stored_sources
from report import emit
from resident import Resident, post


def capture(process: int, each: int) -> None:
    """Capture this process's turns, each twice."""
    with Connection() as connection:
        for number in range(each):
            text = f"turn {number} of process {process} says something worth keeping"
            for _ in range(2):
                turn: dict[str, object] = {"text": text, "source_ref": f"{process}:{number}"}
                post(connection, "/v1/context-retention/capture", turn)


def measure(processes: int, each: int) -> dict[str, float]:
    """Return the figures of one run."""
    expected = {f"{process}:{number}" for process in range(processes) for number in range(each)}
    with Resident(), multiprocessing.Pool(processes) as pool:
        begun = time.perf_counter()
        pool.map(partial(capture, each=each), range(processes), chunksize=1)
        taken = time.perf_counter() - begun
        stored = stored_sources()
    return {
        "stored": sum(stored.values()),
        "lost": len(expected - set(stored)),
        "duplicated": sum(count - 1 for count in stored.values()),
        "captures_per_s": 2 * processes * each / taken,
    }


def main() -> int:
    """Run and report; exit 1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--each", type=int, default=250)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = measure(chosen.processes, chosen.each)
    emit("concurrency", figures, as_json=chosen.json)
    return 1 if figures["lost"] or figures["duplicated"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
