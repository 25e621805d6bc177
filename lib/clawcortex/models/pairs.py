"""Two texts read together, by the embedder's own graph with small changes to its matrices.

An embedder sees one text at a time; whether one text takes back another shows only where each word can look at the
words of both. The changes are of low rank (W + down @ up, "LoRA": arXiv 2106.09685), hundreds of kilobytes beside the
90 MB that stay shared with the embedder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import MANIFEST, read_manifest
from clawcortex.models.base import Floats
from clawcortex.models.matrices import matrices
from clawcortex.models.onnx import OnnxEmbedder, _valid, session_options

if TYPE_CHECKING:
    from tokenizers import Encoding

LONGEST = 160
"""Tokens of both texts; the longer one is cut first."""
_BETWEEN = "\0"


@dataclass(frozen=True, slots=True)
class Change:
    """What is added to one matrix (shape: inputs x outputs): `down` (inputs x rank) times `up` (rank x outputs)."""

    down: Floats
    up: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Return the shape of the matrix that is changed."""
        return self.down.shape[0], self.up.shape[1]


class PairReader(OnnxEmbedder):
    """Return one unit vector for each pair of texts."""

    def __init__(self, name: str, changes: Sequence[Change], *, folder: Path | None = None) -> None:
        super().__init__(name, folder=folder)
        self._changes = changes
        self._held: list[Any] = []

    def read(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return L2-normalised vectors (shape: pairs x dimensions); raise ModelError when not loadable."""
        return self.encode([_BETWEEN.join(text.replace(_BETWEEN, " ") for text in pair) for pair in pairs])

    def _open(self) -> None:
        super()._open()
        self._tokenizer.enable_truncation(LONGEST)  # here: it may not be changed while another thread encodes

    def _options(self) -> Any:
        import onnxruntime

        options = session_options()
        options.add_session_config_entry("session.disable_prepacking", "1")  # a second copy of each matrix
        shapes = {change.shape for change in self._changes}
        found = [matrix for matrix in matrices(self._folder) if matrix.shape in shapes]
        if [matrix.shape for matrix in found] != [change.shape for change in self._changes]:
            raise ModelError(f"{self._folder}: its graph has other matrices than the changes are for")
        for matrix, change in zip(found, self._changes, strict=True):
            changed = matrix.read(self._folder) + change.down @ change.up
            self._held.append(
                onnxruntime.OrtValue.ortvalue_from_numpy(changed)
            )  # the session only refers to it
            options.add_initializer(matrix.name, self._held[-1])
        return options

    def _encodings(self, batch: Sequence[str]) -> list[Encoding]:
        return self._tokenizer.encode_batch_fast([tuple(_valid(pair).split(_BETWEEN)) for pair in batch])


def open_reader(model: str, changes: Sequence[Change], folder: Path) -> PairReader | None:
    """Return a reader over the export in this folder whose vectors bear this name; None when it is not there."""
    for file in sorted(folder.glob(f"*/{MANIFEST}")):
        manifest = read_manifest(file.parent)
        if manifest and manifest.model == model and manifest.backend == "onnx":
            return PairReader(manifest.name, changes, folder=file.parent)
    return None


def unpack(packed: np.lib.npyio.NpzFile) -> list[Change]:
    """Return the changes of an archive of bytes "down<i>" and "up<i>" with their "scale<i>" (down, up)."""
    found = []
    for i in range(sum(name.startswith("down") for name in packed.files)):
        down, up = packed[f"scale{i}"].astype(np.float32)
        found.append(
            Change(packed[f"down{i}"].astype(np.float32) * down, packed[f"up{i}"].astype(np.float32) * up)
        )
    return found
