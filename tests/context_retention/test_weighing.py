"""What weighs after the learned score: age, importance; and which candidates there are."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from clawcortex.skills.context import Context
from context_retention import candidates, features, operations, ranker, shapes
from context_retention.query import parse
from tests.context_retention.conftest import NOW, Asking


def tell(context: Context, text: str, days_ago: float = 0, **fields: object) -> str:
    said = {"text": text, "timestamp": NOW - timedelta(days=days_ago), **fields}
    request = shapes.CaptureInput.model_validate(said)
    return operations.capture(context, request).id


def scored(context: Context, text: str) -> tuple[features.Features, np.ndarray, list[int]]:
    context.index.refresh()
    view = context.index.view()
    query = parse(text, now=NOW, speakers=view.speakers)
    vector = context.embedder.encode([query.embed])[0]
    frequencies = context.store.frequencies((*query.stems, *query.names))
    rows = candidates.candidates(query, view, context.store, vector, view.alive, frequencies)
    made = features.compute(query, view, rows, vector, frequencies, len(rows))
    return made, ranker.score(made), rows.tolist()


def test_of_two_alike_the_newer_ranks_first(asking: Asking) -> None:
    tell(asking(), "The alarm code of the shed is hidden under the stone", days_ago=300, session="a")
    tell(asking(), "The alarm code of the shed is hidden under the stone", days_ago=2, session="b")
    made, scores, rows = scored(asking(), "alarm code of the shed")
    assert rows[int(np.argmax(scores))] == 1
    assert ranker.why(made, rows.index(0))["recency"] == pytest.approx(np.log(0.5), abs=0.01)


@pytest.mark.parametrize(
    "text", ["alarm code of the shed in January", "what was the alarm code of the shed before?"]
)
def test_age_does_not_count_where_the_past_is_asked_for(asking: Asking, text: str) -> None:
    tell(asking(), "The alarm code of the shed is hidden under the stone", days_ago=300)
    made, _, _ = scored(asking(), text)
    assert made.age.tolist() == [0]


def test_what_is_pinned_does_not_age(asking: Asking) -> None:
    tell(asking(), "The alarm code of the shed is hidden", days_ago=300, pinned=True)
    assert scored(asking(), "alarm code")[0].age.tolist() == [0]


def test_the_vital_ranks_before_the_trivial(asking: Asking) -> None:
    tell(asking(), "The shed has an alarm code", days_ago=2, importance=0.0, session="a")
    tell(asking(), "The shed has an alarm code", days_ago=2, importance=1.0, session="b")
    _, scores, rows = scored(asking(), "shed alarm code")
    assert scores[rows.index(1)] > scores[rows.index(0)]


def test_nothing_stored_gives_nothing(asking: Asking) -> None:
    made, scores, rows = scored(asking(), "anything at all?")
    assert rows == []
    assert scores.shape == (0,)
    assert made.values.shape == (0, len(features.NAMES))


def test_common_words_are_left_out_where_rare_ones_suffice() -> None:
    query = parse("report from the zebra meeting", now=NOW, speakers={})
    frequencies = {"report": candidates.POSTINGS, "zebra": 2, "meet": 50}
    assert candidates.rarest(query, frequencies) == ["zebra", "meet"]
    assert candidates.rarest(query, {"report": 10**6}) == ["report"]
