"""A gateway of ours for this folder's tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from clawcortex.openclaw.gateway import GatewayHost

from .port import Port, tell


@pytest.fixture
def port() -> Iterator[Port]:
    with Port() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def host(port: Port) -> GatewayHost:
    tell(port.number)
    return GatewayHost()
