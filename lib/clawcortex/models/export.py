"""Turn a sentence-transformers model into an ONNX graph, once: `python -m clawcortex.models.export`.

The result is compared with sentence-transformers on 200 sentences before it may be used. A model that
cannot be exported, or whose graph answers differently, is served by sentence-transformers itself.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from clawcortex.errors import ClawcortexError, DiskFullError, ModelError, storage_error
from clawcortex.files import locked, sync_folder
from clawcortex.models.artifacts import (
    MANIFEST,
    Manifest,
    artifact_folder,
    read_manifest,
    verify,
)
from clawcortex.models.graph import write_graph
from clawcortex.models.source import find_folder, fingerprint, stamp
from clawcortex.paths import private_folder

if TYPE_CHECKING:
    from clawcortex.models.base import Floats

Say = Callable[[str], None]
EXPORT_SECONDS = 600.0
"""How long a second export waits for a first one."""


def export(name: str, *, say: Say = lambda _: None, force: bool = False) -> Manifest:
    """Return the manifest of the model's export, made now unless a sound one is there."""
    source = find_folder(name)
    folder = artifact_folder(name)
    try:
        private_folder(folder.parent)
        with locked(folder, seconds=EXPORT_SECONDS):
            found = None if force else _current(name, folder, source, say)
            if found:
                say(f"{name} is already exported ({folder})")
                return found
            say(f"Exporting {name} from {source} (about 30 s)")
            return _export(name, folder, source, say)
    except OSError as error:
        raise storage_error(error, folder) from error


def _current(name: str, folder: Path, source: Path, say: Say) -> Manifest | None:
    """Return the manifest of a sound export of these very files."""
    try:
        manifest = read_manifest(folder)
        if manifest is None:
            return None
        if manifest.stamp != stamp(source) and manifest.source != fingerprint(name, source):
            return None
        verify(folder, manifest)
    except ModelError as error:
        say(f"{error.message}: exporting anew")
        return None
    # Another ONNX Runtime may not read the fused graph; another exporter may export what this one could not.
    deciding = ("onnxruntime",) if manifest.backend == "onnx" else _VERSIONED
    now = _versions()
    same = all(manifest.versions.get(package) == now.get(package) for package in deciding)
    return manifest if same else None


def _versions() -> dict[str, str]:
    found = {}
    for package in _VERSIONED:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _need_space(folder: Path, source: Path) -> None:
    """Raise DiskFullError unless the traced and the optimised graph fit."""
    needed = 3 * sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(f"{folder}: exporting takes {needed >> 20} MB, {free >> 20} MB are free")


def _export(name: str, folder: Path, source: Path, say: Say) -> Manifest:
    from clawcortex.models.parity import sentences
    from clawcortex.models.torch import open_transformer, reference_vectors

    for leftover in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(leftover)  # of an export that was killed: the lock is ours
    _need_space(folder.parent, source)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        sign, checksum = stamp(source), fingerprint(name, source)
        transformer = open_transformer(name, source)
        texts = sentences()
        reference = reference_vectors(transformer, texts)
        manifest = Manifest(
            name=name,
            source=checksum,
            stamp=sign,
            backend="torch",
            dimensions=int(reference.shape[1]),
            versions=_versions(),
        )
        try:
            manifest = _compared(work, write_graph(work, transformer, manifest), texts, reference)
            say(f"Exported; on {len(texts)} sentences the lowest cosine is {manifest.parity:.7f}")
        except (OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 (exporters of other people's models fail in every way)
            _need_space(folder.parent, source)
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            say(f"{name} cannot be exported ({reason}); sentence-transformers serves it: slower, and 600 MB")
            for file in work.iterdir():
                file.unlink()
            manifest = replace(manifest, reason=reason)
        _publish(work, folder, manifest)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


_VERSIONED = (
    "onnx",
    "onnxruntime",
    "onnxscript",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
)


def _compared(work: Path, manifest: Manifest, texts: Sequence[str], reference: Floats) -> Manifest:
    """Return the manifest with the parity measured through the embedder that will serve it."""
    from clawcortex.models import parity
    from clawcortex.models.onnx import OnnxEmbedder

    (work / MANIFEST).write_bytes(manifest.as_json())
    found = parity.least_cosine(OnnxEmbedder(manifest.name, folder=work).encode(texts), reference)
    if not found >= parity.LEAST_COSINE:
        raise ModelError(f"its graph answers differently (lowest cosine {found:.5f})")
    return replace(manifest, parity=round(found, 7))


def _publish(work: Path, folder: Path, manifest: Manifest) -> None:
    """Make the files durable, then visible under their name at once."""
    (work / MANIFEST).write_bytes(manifest.as_json())
    for file in work.iterdir():
        file.chmod(0o600)
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    sync_folder(work)
    if folder.exists():
        # A folder cannot be renamed over a full one. A process that has the old files open keeps them.
        folder.rename(work.with_name(work.name + ".old"))
    work.rename(folder)
    sync_folder(folder.parent)
    shutil.rmtree(work.with_name(work.name + ".old"), ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Export the configured or named model; print what was done; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m clawcortex.models.export", description=__doc__)
    parser.add_argument("--model", default="", help="wheel, folder or name; default: the setting")
    parser.add_argument("--force", action="store_true", help="export again although a sound export is there")
    given = parser.parse_args(arguments)
    logging.disable(logging.WARNING)  # torch's exporter warns of what nobody here uses
    try:
        export(given.model or _configured(), say=_print, force=given.force)
    except ClawcortexError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    finally:
        logging.disable(logging.NOTSET)
    return 0


def _configured() -> str:
    from clawcortex.settings import load_settings

    return load_settings().embedding_model


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
