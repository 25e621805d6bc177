"""Where the time of a search goes: the real search in this process, its parts under a stopwatch.

| stage | what it is |
|---|---|
| embed | the query's vector |
| fts | full text: how many memories hold each stem, then the numbers of those that hold the rarest |
| vectors | the nearest vectors: the scan, and the exact vectors of the best |
| features | everything that is computed of each candidate |
| rows | reading the hits |
| rest | masks, candidates, ranking, conflicts |

A search embeds and looks words up side by side; here one after the other, so that the stages add up.

`fts_naive` is full text without the plan: every stem of the question, and every memory that holds any of them.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np

from clawcortex import paths
from clawcortex.models.embedder import get_embedder
from clawcortex.settings import Settings, load_settings
from clawcortex.skills.context import Caller, Context, Resources
from clawcortex.store.index import Index, View
from clawcortex.store.opening import open_store
from clawcortex.store.records import Scope
from clawcortex.testing import FakeHost
from context_retention import recall
from context_retention.candidates import POSTINGS, rarest
from context_retention.features import compute
from context_retention.query import parse
from context_retention.scopes import visible

STAGES = ("embed", "fts", "vectors", "features", "rows", "rest")
T = TypeVar("T")
EVERYTHING = 1 << 40


class Stopwatch:
    """Add up the seconds of each stage; a stage inside another is not counted twice."""

    def __init__(self) -> None:
        self.taken: defaultdict[str, float] = defaultdict(float)
        self._inside = False

    def around(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the work under the stopwatch."""

        def run(*given: Any, **named: Any) -> Any:
            if self._inside:
                return work(*given, **named)
            self._inside, begun = True, time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                self.taken[stage] += time.perf_counter() - begun
                self._inside = False

        return run


class Watched:
    """Stand for an object, some of whose methods are under the stopwatch."""

    def __init__(self, inner: Any, stages: Mapping[str, str], watch: Stopwatch) -> None:
        self._inner = inner
        self._watched = {name: watch.around(stage, getattr(inner, name)) for name, stage in stages.items()}

    def __getattr__(self, name: str) -> Any:
        return self._watched.get(name) or getattr(self._inner, name)


class InTurn(Executor):
    """Do at once what a search does beside the rest, so that the stages add up to the whole."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Return the finished call."""
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def watching(watch: Stopwatch) -> Iterator[None]:
    """Put the two stages that are no method of the store or the embedder under the stopwatch."""
    watched: tuple[tuple[Any, str, Any], ...] = (
        (View, "search", watch.around("vectors", View.search)),
        (recall, "compute", watch.around("features", compute)),
        (recall, "BESIDE", InTurn()),
    )
    before = [getattr(place, name) for place, name, _ in watched]
    for place, name, replacement in watched:
        setattr(place, name, replacement)
    try:
        yield
    finally:
        for (place, name, _), original in zip(watched, before, strict=True):
            setattr(place, name, original)


@contextmanager
def opened(settings: Settings, watch: Stopwatch) -> Iterator[Context]:
    """Open what the server left, as the server does."""
    store, embedder = open_store(settings), get_embedder(settings)
    embedder.load()
    index = Index(
        store,
        embedder.model,
        embedder.dimensions,
        flat_limit=settings.flat_index_limit,
        snapshot_folder=paths.cache_dir() / "index",
    )
    index.load()
    resources = Resources(
        settings=settings,
        store=Watched(store, {"matching": "fts", "frequencies": "fts", "rows": "rows"}, watch),
        index=index,
        embedder=Watched(embedder, {"encode": "embed"}, watch),
        clock=lambda: datetime.now(UTC),
        wake=lambda: None,
        drain=lambda: None,
        host=FakeHost(),
    )
    try:
        log = logging.LoggerAdapter(logging.getLogger(__name__))
        yield Context(resources, Caller("cli", trusted=True), log)
    finally:
        store.close()


def stages(questions: Sequence[str], rounds: int, asker: Scope) -> dict[str, float]:
    """Return the median milliseconds of each stage, and of full text with and without its plan."""
    watch, settings = Stopwatch(), load_settings()
    rows: list[dict[str, float]] = []
    with opened(settings, watch) as context, watching(watch):
        held = context.store.count()
        scopes = visible(context.store.scopes(), asker, settings)
        for number in range(-10, rounds):
            text = questions[number * 11 % len(questions)]
            wanted = recall.Wanted(
                text=f"{text} [{number} of {held}]",
                now=context.now(),
                scopes=scopes,
                top_k=5,
                trusted_only=True,
                explained=False,
            )
            watch.taken.clear()
            begun = time.perf_counter()
            recall.search(context, wanted)
            whole = time.perf_counter() - begun
            rest = whole - sum(watch.taken.values())
            if number >= 0:
                rows.append({stage: watch.taken[stage] for stage in STAGES} | {"rest": rest})
        plans = [plan(context, question) for question in questions[: rounds // 2]]
    medians = {f"{stage}_p50_ms": float(np.median([row[stage] for row in rows])) * 1_000 for stage in STAGES}
    return medians | {name: float(np.median([one[name] for one in plans])) for name in plans[0]}


def plan(context: Context, question: str) -> dict[str, float]:
    """Return what full text costs for one question by the rarest stems first, and by all of them at once."""
    query = parse(question, now=context.now(), speakers=context.index.view().speakers)
    stems = (*query.stems, *query.names)
    begun = time.perf_counter()
    chosen = rarest(query, context.store.frequencies(stems))
    found = context.store.matching(chosen, limit=POSTINGS)
    planned = time.perf_counter()
    every = context.store.matching(stems, limit=EVERYTHING)
    naive = time.perf_counter()
    return {
        "fts_plan_p50_ms": (planned - begun) * 1_000,
        "fts_plan_postings": len(found),
        "fts_naive_p50_ms": (naive - planned) * 1_000,
        "fts_naive_postings": len(every),
    }
