"""The figures of names: spans of tags, and B-cubed."""

from __future__ import annotations

import sys

import pytest

from clawcortex import paths

BENCH = paths.repo_root() / "bench"
if str(BENCH) not in sys.path:
    sys.path.append(str(BENCH))

from alias_set import FILE, load  # noqa: E402 - found by the line above
from aliases import b_cubed, meant, stream  # noqa: E402 - as above
from entities import figures, spans  # noqa: E402 - as above


def test_spans_of_tags() -> None:
    assert spans(["B-person", "I-person", "O", "I-group", "B-group", "I-person"]) == {
        (0, 2, "person"),
        (3, 4, "group"),
        (4, 5, "group"),
        (5, 6, "person"),
    }
    assert spans([]) == spans(["O"]) == set()


def test_a_name_counts_with_its_borders_and_its_type() -> None:
    true = [["B-person", "I-person", "O", "B-group"]]
    found = figures([["B-person", "I-person", "O", "B-person"]], true)
    assert (found["f1"], found["span_f1"]) == (0.5, 1.0)
    assert figures([["B-person", "O", "O", "O"]], true)["f1"] == 0.0


def test_b_cubed() -> None:
    assert b_cubed(["1", "1", "2"], ["a", "a", "b"])["b3_f1"] == 1.0
    one = b_cubed(["1", "1", "1"], ["a", "a", "b"])
    assert one["precision"] == pytest.approx(5 / 9)
    assert one["recall"] == 1.0


def test_the_set_is_whole() -> None:
    halves = load(FILE, "dev"), load(FILE, "final")
    assert sum(len(one.mentions) for half in halves for one in half) >= 500
    meant = [{name for one in half for name in one.means} for half in halves]
    assert not meant[0] & meant[1]
    for half in halves:
        for passage in half:
            assert all(one.name == passage.text[one.start : one.end] for one in passage.mentions)


def test_the_half_to_tune_on_is_above_its_bar() -> None:
    half = load(FILE, "dev")
    assert b_cubed(stream(half), meant(half))["b3_f1"] >= 0.95
