"""The memories that bench/scale.py measures: reproducible, distinct, in order, of real words."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from clawcortex.text.terms import terms

BENCH = Path(__file__).parents[2] / "bench"
if str(BENCH) not in sys.path:
    sys.path.append(str(BENCH))

import synthetic  # noqa: E402 - found by the line above
from locomo import Conversation, Turn  # noqa: E402 - as above

START = datetime(2026, 3, 1, tzinfo=UTC)
SAID = (
    "I went to Lisbon. It was 12 degrees!", "Mel, did you see the red bicycle?", "No.", "Paint dries slowly. I waited.",
    "The kids love the new piano, Caroline.", "We sang 3 songs. All of them old.",
)  # fmt: skip


@pytest.fixture
def conversations() -> list[Conversation]:
    people = ("Caroline", "Mel")
    turns = tuple(
        Turn(f"c/{i}", people[i % 2], text, "", START + timedelta(seconds=30 * i), "c/1")
        for i, text in enumerate(SAID)
    )
    return [Conversation("c", people, turns, ())]


def test_the_first_telling_is_the_original(conversations: list[Conversation]) -> None:
    made = list(synthetic.memories(conversations, 60))
    assert [memory.text for memory in made[:6]] == synthetic.originals(conversations) == list(SAID)
    assert {memory.scope for memory in made[:6]} == {synthetic.ASKED}


def test_every_key_is_one_memory_in_order_of_time(conversations: list[Conversation]) -> None:
    made = list(synthetic.memories(conversations, 600))
    assert len(made) == len({memory.key for memory in made}) == 600
    assert all(one.created_at < other.created_at for one, other in pairwise(made))
    assert made[-1].created_at <= datetime.now(UTC)
    assert all(memory.text.strip() and memory.terms == tuple(terms(memory.text)) for memory in made)


def test_retellings_are_of_other_people_and_the_same_each_time(conversations: list[Conversation]) -> None:
    made = list(synthetic.memories(conversations, 600))
    told_again = made[6:]
    assert not any("Caroline" in memory.text or memory.speaker == "Mel" for memory in told_again)
    assert len({memory.text for memory in told_again}) > 150
    again = list(islice(synthetic.memories(conversations, 600), 100))
    assert [memory.text for memory in again] == [memory.text for memory in made[:100]]


def test_noisy_vectors_stay_normalised_and_near() -> None:
    plain = np.eye(384, dtype=np.float32)[:50]
    moved = synthetic.noisy(plain, np.random.default_rng(1))
    assert np.allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-5)
    assert 0.8 < float((moved * plain).sum(axis=1).mean()) < 0.92
