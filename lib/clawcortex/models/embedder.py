"""The one seam to the embedding model: `get_embedder`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import MANIFEST, Manifest, artifact_folder, read_manifest
from clawcortex.models.base import Embedder
from clawcortex.paths import models_dir
from clawcortex.settings import Settings

_embedders: dict[tuple[str, str, Path], Embedder] = {}
_lock = threading.Lock()


def get_embedder(settings: Settings) -> Embedder:
    """Return this process's one embedder of the configured model; it is not loaded yet."""
    key = settings.embedding_backend, settings.embedding_model, models_dir()
    with _lock:
        if key not in _embedders:
            _embedders[key] = _make(settings.embedding_backend, settings.embedding_model)
        return _embedders[key]


def find_embedder(model: str) -> Embedder | None:
    """Return an embedder by the name that its vectors bear; None when its export is not here any more."""
    from clawcortex.models.hash import HashEmbedder

    if HashEmbedder.named(model) is not None:
        return get_embedder(Settings(embedding_backend="hash", embedding_model=model))
    for manifest in _manifests():
        if manifest.model == model:
            found = get_embedder(Settings(embedding_model=manifest.name))
            if found.model == model:
                return found
    return None


def release(embedder: Embedder) -> None:
    """Let go of an embedder: its memory is free once the last call that uses it has ended."""
    with _lock:
        for key in [key for key, held in _embedders.items() if held is embedder]:
            del _embedders[key]


def _manifests() -> Iterator[Manifest]:
    for file in sorted(models_dir().glob(f"*/{MANIFEST}")):
        try:
            manifest = read_manifest(file.parent)
        except ModelError:
            continue  # whoever names that model is told by its load()
        if manifest is not None:
            yield manifest


def _make(backend: str, name: str) -> Embedder:
    if backend == "hash":
        from clawcortex.models.hash import HashEmbedder

        return HashEmbedder.named(name) or HashEmbedder()
    if backend == "torch" or _needs_torch(name):
        from clawcortex.models.torch import TorchEmbedder

        return TorchEmbedder(name)
    from clawcortex.models.onnx import OnnxEmbedder

    return OnnxEmbedder(name)


def _needs_torch(name: str) -> bool:
    """Return whether the export found that this model has no graph."""
    try:
        manifest = read_manifest(artifact_folder(name))
    except ModelError:
        return False  # the embedder's load() reports it
    return manifest is not None and manifest.backend == "torch"
