"""A context over a real store, index and model, in this process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clawcortex import paths
from clawcortex.models.embedder import get_embedder
from clawcortex.openclaw.host import Agent
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context, Resources
from clawcortex.store.index import Index
from clawcortex.store.opening import open_store
from clawcortex.store.records import Scope
from clawcortex.testing import FakeHost, HashEmbedder

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def embed_pending(resources: Resources) -> None:
    """Do what the server's worker does, now."""
    model = resources.embedder.model
    while waiting := resources.store.unembedded(model, limit=256):
        numbers, texts = zip(*waiting, strict=True)
        resources.store.put_vectors(model, numbers, resources.embedder.encode(texts))
    resources.index.refresh()


@pytest.fixture
def resources(models_cache: Path) -> Iterator[Resources]:
    """Resources whose worker runs at once."""
    settings = Settings()
    store = open_store(settings)
    embedder = get_embedder(settings)
    embedder.load()
    index = Index(
        store, embedder.model, embedder.dimensions, flat_limit=1_000, snapshot_folder=paths.cache_dir()
    )
    made: Resources
    made = Resources(
        settings=settings,
        store=store,
        index=index,
        embedder=embedder,
        clock=lambda: NOW,
        wake=lambda: embed_pending(made),
        drain=lambda: None,
        host=FakeHost(),
    )
    yield made
    store.close()


Asking = Callable[..., Context]


@pytest.fixture
def asking(resources: Resources) -> Asking:
    """Return a context: the owner's, or that of a scope."""
    log = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})

    def ask(scope: Scope | None = None, *, settings: Settings | None = None, now: datetime = NOW) -> Context:
        caller = Caller("cli", trusted=True) if scope is None else Caller("hook", scope, actor=scope.person)
        held = replace(resources, settings=settings or resources.settings, clock=lambda: now)
        return Context(held, caller, log)

    return ask


Making = Callable[..., Context]


@pytest.fixture
def making(tmp_path: Path) -> Iterator[Making]:
    """Make contexts over one store; words alone matter here, so that the model is a hash."""
    store = open_store(Settings())
    embedder = HashEmbedder()
    index = Index(
        store, embedder.model, embedder.dimensions, flat_limit=1_000, snapshot_folder=paths.cache_dir()
    )
    log = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})

    def make(now: datetime = NOW, **settings: Any) -> Context:
        resources = Resources(
            settings=Settings(**settings),
            store=store,
            index=index,
            embedder=embedder,
            clock=lambda: now,
            wake=lambda: None,
            drain=lambda: None,
            host=FakeHost(agents=[Agent("main", tmp_path / "workspace")]),
        )
        return Context(resources, Caller("cli", trusted=True), log)

    yield make
    store.close()
