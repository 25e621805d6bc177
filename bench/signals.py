"""Signals: what detecting in one new turn costs after a thousand mentions, and after very many.

Agents are told turns that name entities, a few very often and most rarely, as in life. After 1,000 mentions and again
after `--mentions`, the same kind of new turns is measured one by one, each with everything it takes: names recognised
by rules and by the fitted tagger over the real embedder, resolved, looked up and stored durably, signals raised. The
memories themselves and their embeddings are made before and not measured: they are recall's. In between, names are
recognised by rules alone. `cost_ratio` is the median then against the median at 1,000 mentions, of one run;
`store_cost_ratio` is the same without the tagger, which costs the same whatever is known.
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import logging
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from report import emit, progress

if TYPE_CHECKING:
    from clawcortex.skills.context import Context

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EARLY = 1_000
MEASURED = 200
CHUNK = 500
DOES = (
    "moved the deadline of {} to Friday and told {}", "sent an invoice that {} and {} have to check",
    "wants {} to meet {} next week about the offer", "asks whether {} still works with {} on the drawings",
    "had a long call on prices between {} and {}", "will not deliver to {} before {} has paid",
)  # fmt: skip
BEGINS = (
    "The office heard that", "This morning", "By the way,", "As far as I know", "It seems that", "Please note that",
)  # fmt: skip
SYLLABLES = """ba be bi bo bu
da de di do ka ke ki ko la le li lo ma me mi mo na ne ni no ra re ri ro sa se ta ti to va vi
zo""".split()
FORMS = ("GmbH", "Inc.", "Ltd.", "AG", "Corp.")


def names(count: int) -> list[str]:
    """Return so many names of companies, each of a word of its own and a legal form."""
    chance, made = random.Random(1), dict[str, None]()
    while len(made) < count:
        made["".join(chance.choices(SYLLABLES, k=5)).capitalize() + chance.choice("nrstx")] = None
    return [f"{word} {FORMS[place % len(FORMS)]}" for place, word in enumerate(made)]


def turns(agents: int, entities: int, seed: int) -> Iterator[tuple[str, str]]:
    """Yield (agent, text); the n-th most frequent entity is named 1/n as often as the first."""
    chance = random.Random(seed)
    known = names(entities)
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(entities)))

    def one() -> str:
        return known[bisect.bisect(weights, chance.random() * weights[-1])]

    while True:
        text = f"{chance.choice(BEGINS)} {one()} {chance.choice(DOES).format(one(), one())}."
        yield f"agent{chance.randrange(agents)}", text


class Bench:
    """The skill on a store of its own, fed with turns."""

    def __init__(self, agents: int, entities: int) -> None:
        from clawcortex import paths
        from clawcortex.models.embedder import get_embedder
        from clawcortex.openclaw.host import Agent
        from clawcortex.settings import Settings
        from clawcortex.skills.context import Caller, Context, Resources
        from clawcortex.store.index import Index
        from clawcortex.store.opening import open_store
        from clawcortex.testing import FakeHost, FrozenClock, HashEmbedder

        settings = Settings(owners=("telegram:111",), share_between_agents=True)
        store, embedder = open_store(settings), HashEmbedder()
        index = Index(
            store,
            embedder.model,
            embedder.dimensions,
            flat_limit=1_000_000,
            snapshot_folder=paths.cache_dir(),
        )
        self.clock = FrozenClock(NOW)
        resources = Resources(
            settings=settings, store=store, index=index, embedder=embedder, clock=self.clock, wake=lambda: None,
            drain=lambda: None, host=FakeHost(agents=[Agent(f"agent{n}", Path("workspace")) for n in range(agents)]),
        )  # fmt: skip
        log = logging.LoggerAdapter(logging.getLogger("bench"), {})
        self.context: Context = Context(resources, Caller("task", trusted=True), log)
        real = get_embedder(Settings())
        real.load()
        self.whole = replace(self.context, resources=replace(resources, embedder=real))
        self._turns = turns(agents, entities, seed=7)
        self._number = 0
        self.mentions = 0
        self.signals = 0

    def add(self, count: int) -> None:
        """Store so many turns, as they are captured."""
        from clawcortex.store.records import ChatType, NewMemory, Scope
        from clawcortex.text.terms import terms

        new = []
        for agent, text in itertools.islice(self._turns, count):
            self._number += 1
            scope = Scope(agent, "telegram", "default", "111", "111", ChatType.PRIVATE)
            at = self.clock.advance(seconds=1)
            new.append(NewMemory(text, f"bench{self._number}", at, scope, terms=tuple(terms(text))))
        self.context.store.add(new)
        self.context.index.refresh()

    def detect(self, context: Context) -> list[float]:
        """Take in what waits; return the milliseconds that each turn took."""
        from cross_agent_intelligence import streaming

        took: list[float] = []
        while True:
            began = time.perf_counter()
            done = streaming.step(context, limit=1)
            if not done.read:
                return took
            took.append((time.perf_counter() - began) * 1000)
            self.mentions += done.mentions
            self.signals += len(done.signals)

    def grow(self, mentions: int) -> None:
        """Add turns until so many mentions are known."""
        while self.mentions < mentions:
            left = mentions - self.mentions
            self.add(max(1, min(CHUNK, left // 3)))
            self.detect(self.context)
            progress(f"{self.mentions} of {mentions} mentions, {self.signals} signals")


def measure(mentions: int, agents: int, entities: int) -> dict[str, float]:
    """Return the figures of one run."""
    bench = Bench(agents, entities)
    bench.add(20)
    bench.detect(bench.whole)  # what is loaded once
    bench.grow(EARLY)
    early, early_lean = _one_by_one(bench, bench.whole), _one_by_one(bench, bench.context)
    bench.grow(mentions)
    late, late_lean = _one_by_one(bench, bench.whole), _one_by_one(bench, bench.context)
    median = statistics.median
    return {
        "mentions": bench.mentions,
        "agents": agents,
        "entities": entities,
        "signals": bench.signals,
        "early_p50_ms": median(early),
        "early_p95_ms": _p95(early),
        "detect_p50_ms": median(late),
        "detect_p95_ms": _p95(late),
        "cost_ratio": median(late) / median(early),
        "store_p50_ms": median(late_lean),
        "store_p95_ms": _p95(late_lean),
        "store_cost_ratio": median(late_lean) / median(early_lean),
    }


def _one_by_one(bench: Bench, context: Context) -> list[float]:
    took: list[float] = []
    for _ in range(MEASURED):
        bench.add(1)
        took += bench.detect(context)
    return took


def _p95(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.95)]


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=200_000)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--entities", type=int, default=5_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clawcortex-bench-") as state:
        os.environ["OPENCLAW_STATE_DIR"] = state
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the server has it
        sys.path.append(str(Path(__file__).resolve().parents[1] / "skills" / "cross-agent-intelligence"))
        figures = measure(chosen.mentions, chosen.agents, chosen.entities)
    emit("signals", figures, as_json=chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
