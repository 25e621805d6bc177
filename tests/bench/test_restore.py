"""bench/restore.py in small: a lost disk costs less than a second, and the answers are the same."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
if str(BENCH) not in sys.path:
    sys.path.append(str(BENCH))

import restore  # noqa: E402 - found by the line above
from locomo import Conversation, Turn  # noqa: E402 - as above

SAID = (
    "I went to Lisbon. It was 12 degrees!", "Mel, did you see the red bicycle?", "No.", "Paint dries slowly. I waited.",
    "The kids love the new piano, Caroline.", "We sang 3 songs. All of them old.",
)  # fmt: skip


def test_a_lost_disk_costs_less_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OPENCLAW_STATE_DIR",
        "CLAWCORTEX_PYTHON",
        "CLAWCORTEX_BACKUP_FOLDER",
        "CLAWCORTEX_MODELS_DIR",
    ):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # the benchmark sets them: put back after the test
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_BACKEND", "hash")
    start = datetime(2026, 3, 1, tzinfo=UTC)
    people = ("Caroline", "Mel")
    turns = tuple(
        Turn(f"c/{i}", people[i % 2], text, "", start + timedelta(seconds=30 * i), "c/1")
        for i, text in enumerate(SAID)
    )
    figures = restore.measure([Conversation("c", people, turns, ())], 120, 1.0, 2, list(SAID))
    assert figures["acknowledged"] > 0
    assert figures["answers_equal"] == 1
    assert figures["memories"] == 120
