"""How the tests of voice-pipeline call an operation."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

from clawcortex.server.resources import Residence
from clawcortex.settings import Settings
from clawcortex.skills.context import Caller, Context, Origin
from clawcortex.testing import FakeHost, FrozenClock

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
"""A Monday in London, Tuesday already in Berlin."""


def calling(residence: Residence, origin: Origin, host: FakeHost) -> Context:
    """Return what a call comes with."""
    resources = replace(
        residence.opened().resources,
        settings=Settings(embedding_backend="hash", timezone="Europe/Berlin"),
        clock=FrozenClock(NOW),
        host=host,
    )
    log = logging.LoggerAdapter(logging.getLogger("clawcortex.tests"), {})
    return Context(resources, Caller(origin, trusted=origin == "cli"), log)
