"""The real OpenClaw, once for all end-to-end tests."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawcortex import paths

from .bridging import Bridge, Server, registered
from .house import ROOT, House, living_in

WANTED = "CLAWCORTEX_E2E"
LOCATION = "CLAWCORTEX_OPENCLAW"
MISSING = "CLAWCORTEX_OPENCLAW_MISSING"


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.path.is_relative_to(Path(__file__).parent):
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


@pytest.fixture(params=["beside the data", "in a short folder"])
def state(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a state folder, once with a path that no socket address holds."""
    found = tmp_path / ("state" if request.param == "beside the data" else "s" * 120)
    monkeypatch.setenv("OPENCLAW_STATE_DIR", str(found))
    return found


@pytest.fixture
def server(state: Path) -> Iterator[Server]:
    """Return a server where `paths.socket_path` says."""
    place = paths.socket_path()
    paths.private_folder(place.parent)
    with Server(place) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield found
        found.shutdown()
        thread.join()
    place.unlink()


@pytest.fixture
def plugin(request: pytest.FixtureRequest) -> Path:
    """Return the plugin's folder: this checkout, unless the test has one of its own."""
    return request.getfixturevalue("scheduling") if "scheduling" in request.fixturenames else ROOT


@pytest.fixture
def bridge(openclaw: Path, state: Path, plugin: Path) -> Iterator[Bridge]:
    """Return a call into the registered plugin."""
    with registered(openclaw, state, plugin) as found:
        yield found
