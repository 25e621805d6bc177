"""Houses with this skill alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex.store.sql import times

from .house import ANN, House, made


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house whose agents may see each other's memories of Ann, its owner; events and jobs go by its clock."""
    found = made(tmp_path / "workspace", owners=(f"telegram:{ANN}",), share_between_agents=True)
    monkeypatch.setattr(times, "now", lambda: times.stamp(found.clock()))
    yield found
    found.store.close()
