"""The pairs that `bench/contradiction.py` measures with: whole, balanced, and the final half unseen by the dev half."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[2] / "bench" / "contradictions.jsonl"
LEAST = {"value_change": 110, "negation": 70, "refinement": 70, "unrelated": 90, "paraphrase": 60}
SUPERSEDING = {"value_change", "negation"}
FIELDS = {"id", "kind", "half", "speaker", "older", "newer", "gap_days", "supersedes"}
QUESTIONS = {"question_now", "question_before"}

Pair = dict[str, Any]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def plain(sentence: str) -> str:
    """Return the words alone, so that case and punctuation make no second sentence."""
    return " ".join(re.findall(r"\w+", sentence.lower()))


def frame(pair: Pair) -> str:
    """Return the pair with names and numbers blanked: what a template would leave standing."""
    return " => ".join(
        re.sub(r"\b(?:[A-Z][\w']*|\S*\d\S*)", "_", sentence) for sentence in (pair["older"], pair["newer"])
    )


def test_ids_are_unique_and_in_order(pairs: list[Pair]) -> None:
    assert [pair["id"] for pair in pairs] == [f"c{number:03}" for number in range(1, len(pairs) + 1)]


def test_every_pair_has_the_fields_of_its_kind(pairs: list[Pair]) -> None:
    for pair in pairs:
        supersedes = pair["kind"] in SUPERSEDING
        assert pair.keys() == (FIELDS | QUESTIONS if supersedes else FIELDS), pair
        assert pair["supersedes"] is supersedes, pair
        assert pair["half"] in {"dev", "final"}, pair
        assert type(pair["gap_days"]) is int, pair
        assert pair["gap_days"] >= 1, pair
        texts = [pair[field] for field in pair.keys() - {"gap_days", "supersedes"}]
        assert all(isinstance(text, str) and text and text == text.strip() for text in texts), pair
        assert all(pair[question].endswith("?") for question in QUESTIONS & pair.keys()), pair


def test_every_kind_is_there_often_enough_and_in_both_halves(pairs: list[Pair]) -> None:
    counts = Counter((pair["kind"], pair["half"]) for pair in pairs)
    assert {kind for kind, _ in counts} == LEAST.keys()
    for kind, least in LEAST.items():
        dev, final = counts[kind, "dev"], counts[kind, "final"]
        assert dev + final >= least, kind
        assert abs(dev - final) <= 2, kind


def test_no_sentence_stands_twice(pairs: list[Pair]) -> None:
    sentences = Counter(plain(pair[side]) for pair in pairs for side in ("older", "newer"))
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


def test_no_frame_stands_in_both_halves_or_too_often(pairs: list[Pair]) -> None:
    halves = {half: Counter(frame(p) for p in pairs if p["half"] == half) for half in ("dev", "final")}
    assert halves["dev"].keys() & halves["final"].keys() == set()
    assert [form for form, count in chain(*(half.items() for half in halves.values())) if count > 3] == []


def test_no_question_holds_the_whole_of_either_statement(pairs: list[Pair]) -> None:
    for pair in (pair for pair in pairs if pair["supersedes"]):
        assert plain(pair["newer"]) not in plain(pair["question_now"]), pair
        assert plain(pair["older"]) not in plain(pair["question_before"]), pair
        assert plain(pair["question_now"]) != plain(pair["question_before"]), pair
