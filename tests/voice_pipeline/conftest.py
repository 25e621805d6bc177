"""A call as the server makes it, with a clock and a host of the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex.server.resources import Residence
from clawcortex.settings import Settings


@pytest.fixture
def residence(state_dir: Path) -> Iterator[Residence]:
    """Return what the server holds."""
    residence = Residence(Settings(embedding_backend="hash"), wake=lambda: None, drain=lambda: None)
    residence._open()
    yield residence
    residence.close()
