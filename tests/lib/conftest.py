"""What the store's conformance suite runs on: every backend, opened, closed and opened again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clawcortex
from clawcortex.settings import Settings
from clawcortex.store.base import Floats, Store
from clawcortex.store.index import Index
from clawcortex.store.opening import open_store
from clawcortex.store.records import NewMemory
from tests.postgres import QUICK, Server, started

BASE = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
MODEL = "test-model"
DIMENSIONS = 16

OpenStore = Callable[[], Store]
NewMemories = Callable[..., list[NewMemory]]
Vectors = Callable[..., Floats]
OpenIndex = Callable[..., Index]
Python = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One PostgreSQL for all tests; each gets a schema of its own."""
    yield from started(QUICK)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store, of each backend in turn."""
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'store' / 'memory.db'}"
        return
    with request.getfixturevalue("postgres").memory() as url:
        yield url


@pytest.fixture
def open_again(store_url: str) -> Iterator[OpenStore]:
    """Open the same store once more; all are closed at the end."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(open_store(Settings(store_url=store_url)))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: OpenStore) -> Store:
    """An open, empty store."""
    return open_again()


@pytest.fixture
def memories() -> NewMemories:
    """Make memories: numbered texts a minute apart, with what is given for all of them."""

    def make(count: int, *, start: int = 0, **given: Any) -> list[NewMemory]:
        return [
            NewMemory(
                **{
                    "text": f"text number {i}",
                    "key": f"key-{i}",
                    "created_at": BASE + timedelta(minutes=i),
                    "terms": ("text", "number", str(i)),
                    **given,
                }
            )
            for i in range(start, start + count)
        ]

    return make


@pytest.fixture
def vectors() -> Vectors:
    """Make random unit vectors, the same for the same seed."""

    def make(count: int, seed: int = 0, dimensions: int = DIMENSIONS) -> Floats:
        drawn = np.random.default_rng(seed).standard_normal((count, dimensions), dtype=np.float32)
        unit: Floats = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        return unit

    return make


@pytest.fixture
def open_index(tmp_path: Path) -> OpenIndex:
    """Open an index over a store; its snapshots share one folder."""

    def open_one(
        store: Store, *, flat_limit: int = 10_000, model: str = MODEL, dimensions: int = DIMENSIONS
    ) -> Index:
        return Index(store, model, dimensions, flat_limit=flat_limit, snapshot_folder=tmp_path / "cache")

    return open_one


@pytest.fixture
def python() -> Iterator[Python]:
    """Start a real process that runs a script; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []
    environment = {**os.environ, "PYTHONPATH": str(Path(clawcortex.__file__).parents[1])}

    def run(script: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, *map(str, arguments)]
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
