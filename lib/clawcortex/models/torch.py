"""The reference embedder: sentence-transformers itself, for export and for models that do not export."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import artifact_folder, describe, vector_name
from clawcortex.models.base import Floats
from clawcortex.models.batches import BatchedEmbedder
from clawcortex.models.source import find_folder, fingerprint


class TorchEmbedder(BatchedEmbedder):
    """Embed with sentence-transformers: seconds to start, 600 MB, and any model it knows."""

    def __init__(self, name: str, *, folder: Path | None = None) -> None:
        self._name = name
        self._transformer: Any = None
        self._running = threading.Lock()
        super().__init__(*describe(name, folder or artifact_folder(name)))

    def _open(self) -> None:
        folder = find_folder(self._name)
        if vector_name(self._name, fingerprint(self._name, folder)) != self._model:
            raise ModelError(f"the model {self._name} is not installed yet, or its files changed ({folder})")
        self._transformer = open_transformer(self._name, folder)

    def _embed(self, batch: Sequence[str]) -> Floats:
        with self._running:
            return reference_vectors(self._transformer, batch)


def open_transformer(name: str, folder: Path) -> Any:
    """Return sentence-transformers' model of this folder, on the CPU, without asking the network."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise ModelError(
            f"the model {name} needs sentence-transformers, which is not installed ({error})",
            hint="Run `python3 install.py` again without --minimal.",
        ) from error
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # ships no annotation
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{folder}: sentence-transformers cannot open the model ({reason})") from error


def reference_vectors(transformer: Any, texts: Sequence[str]) -> Floats:
    """Return what sentence-transformers makes of the texts, L2-normalised."""
    vectors = transformer.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(vectors, np.float32)
