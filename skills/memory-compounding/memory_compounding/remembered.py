"""The embeddings of the catalogue on disk: made once a model and catalogue, not at every start of the server."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clawcortex import paths
from clawcortex.errors import ClawcortexError
from clawcortex.files import write_atomic
from clawcortex.models.base import Embedder, Floats

log = logging.getLogger(__name__)

PREFIX = "catalogue-"


def vectors_of(embedder: Embedder, texts: Sequence[str]) -> Floats:
    """Return the embeddings of these texts; a file that is missing, damaged or of other texts is made anew."""
    held = hashlib.sha256("\x1f".join((embedder.model, *texts)).encode()).hexdigest()[:16]
    file = paths.cache_dir() / f"{PREFIX}{held}.npy"
    found = _read(file)
    if found is not None and found.shape == (len(texts), embedder.dimensions):
        return found
    made = embedder.encode(texts)
    try:
        _write(file, made)
    except (ClawcortexError, OSError) as error:
        log.warning("the catalogue's embeddings are not kept: %s", error)
    return made


def _read(file: Path) -> Floats | None:
    try:
        found = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.dtype == np.float32 and bool(np.isfinite(found).all()) else None


def _write(file: Path, vectors: Floats) -> None:
    content = io.BytesIO()
    np.save(content, vectors, allow_pickle=False)
    write_atomic(paths.private_folder(file.parent) / file.name, content.getvalue())
    for other in file.parent.glob(f"{PREFIX}*.npy"):
        if other != file:
            other.unlink(missing_ok=True)
