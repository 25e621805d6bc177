"""bench/audit_tamper.py in small: everything that is done to the trail is found."""

from __future__ import annotations

import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
if str(BENCH) not in sys.path:
    sys.path.append(str(BENCH))

import audit_tamper  # noqa: E402 - found by the line above


def test_every_tampering_is_found() -> None:
    figures = audit_tamper.measure(40, 20, seed=7)
    assert figures["found_share"] == 1
    assert figures["rounds"] == 40
