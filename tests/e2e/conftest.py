"""The real OpenClaw, once for all end-to-end tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .house import House, living_in

WANTED = "CLAWCORTEX_E2E"
LOCATION = "CLAWCORTEX_OPENCLAW"
MISSING = "CLAWCORTEX_OPENCLAW_MISSING"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def openclaw() -> Path:
    """Return the folder that holds Node (N) and OpenClaw (O)."""
    named = os.environ.get(LOCATION, "").strip()
    if named and (Path(named) / "O" / "node_modules" / ".bin" / "openclaw").exists():
        return Path(named)
    reason = os.environ.get(MISSING) or (
        f"no OpenClaw in {named}" if named else f"{LOCATION} is not set; `python3 install.py test` sets it"
    )
    if os.environ.get(WANTED) == "1":
        pytest.fail(f"{WANTED}=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def house(openclaw: Path, models_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house with a running gateway."""
    with living_in(tmp_path_factory.mktemp("house"), openclaw, models_cache) as found:
        yield found
