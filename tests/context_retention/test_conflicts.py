"""The current fact comes first, near-duplicates are not repeated, nothing else moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from context_retention.conflicts import settle
from context_retention.relation import Relation, Said, relation

THEN = datetime(2026, 5, 1, tzinfo=UTC)


def said(text: str, day: int = 0, speaker: str = "Ann") -> Said:
    return Said(text, speaker, THEN + timedelta(days=day))


@pytest.mark.parametrize(
    ("newer", "older", "cosine", "kind"),
    [
        ("The router password is on the fridge", "the router password is on the fridge", 1.0, "duplicate"),
        ("The meeting is at 10", "The meeting is at 9", 0.98, "supersedes"),
        ("I no longer eat meat", "I eat meat on Sundays", 0.75, "supersedes"),
        ("I moved to Lisbon in May", "I live in Berlin, near the park", 0.5, "supersedes"),
        ("We moved the deadline to 12 June", "The deadline is 1 June", 0.8, "supersedes"),
        ("My dentist is Dr. Weber", "My dentist is called Dr. Klein", 0.85, "supersedes"),
        ("Tom likes jazz", "Tom likes chess", 0.7, "none"),
        ("I do not drink coffee", "I drink coffee", 0.9, "supersedes"),
        ("Is the meeting at 10?", "The meeting is at 9", 0.9, "none"),
        ("The invoice is 120 euros", "Lunch was 15 euros", 0.65, "none"),
        ("Our cat is called Miso", "Our cat is called Miso!", 0.99, "duplicate"),
    ],
)
def test_relation(newer: str, older: str, cosine: float, kind: Relation) -> None:
    assert relation(said(newer, 10), said(older), cosine) == kind


def test_another_speaker_does_not_supersede() -> None:
    assert relation(said("I do not drink coffee", 10, "Bob"), said("I drink coffee"), 0.9) == "none"


def test_the_current_fact_is_put_right_before_the_old_one() -> None:
    facts = [said("The meeting is at 9"), said("Bring the slides", 1), said("The meeting is at 10", 2)]
    cosines = np.array([[1.0, 0.1, 0.9], [0.1, 1.0, 0.1], [0.9, 0.1, 1.0]], np.float32)
    order = settle(facts, cosines)
    assert order.shown == (2, 0, 1)
    assert order.superseded_by == {0: 2}


def test_a_near_duplicate_is_named_not_shown() -> None:
    facts = [said("Our cat is called Miso"), said("Our cat is called Miso", 3)]
    order = settle(facts, np.ones((2, 2), np.float32))
    assert order.shown == (0,)
    assert order.duplicates == {0: [1]}


def test_nothing_to_settle() -> None:
    assert settle([], np.zeros((0, 0), np.float32)).shown == ()
