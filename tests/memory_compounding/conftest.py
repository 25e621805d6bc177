"""Houses with this skill alone, and the real model: what is one mistake is a matter of meaning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex.models.embedder import get_embedder
from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from tests.memory_compounding.house import House, made


@pytest.fixture
def house(tmp_path: Path, models_cache: Path) -> Iterator[House]:
    """A house with an empty store."""
    embedder = get_embedder(Settings())
    embedder.load()
    store = open_store(Settings())
    yield made(store, embedder, tmp_path / "workspace")
    store.close()
