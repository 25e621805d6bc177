from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex.settings import Settings
from clawcortex.store.opening import open_store
from clawcortex.testing import FakeHost

from .desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return a desk over a real store."""
    store = open_store(Settings(store_url=f"sqlite:{tmp_path / 'memory.db'}"))
    yield Desk(store, FakeHost())
    store.close()
