"""The embedder of the resident process: ONNX Runtime on an exported graph; torch is never imported.

The graph is optimised at export and its weights lie in a file of their own, which is mapped, not read:
of the vocabulary only the rows that texts use become resident.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import (
    GRAPH,
    OUTPUT,
    TOKENIZER,
    Manifest,
    artifact_folder,
    describe,
    read_manifest,
    verify,
)
from clawcortex.models.base import Floats
from clawcortex.models.batches import BatchedEmbedder
from clawcortex.models.layers import layer_names, with_outputs

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

TOKENS_PER_RUN = 256
"""Padded tokens in one run: more is not faster on two cores, but takes more memory (1,024: 70 MB more)."""


class OnnxEmbedder(BatchedEmbedder):
    """Embed with the exported graph of one model."""

    def __init__(self, name: str, *, folder: Path | None = None) -> None:
        self._folder = folder or artifact_folder(name)
        self._name = name
        self._tokenizer: Tokenizer
        self._session: InferenceSession
        self._manifest: Manifest
        self._layers: list[str] = []
        super().__init__(*describe(name, self._folder))

    def _open(self) -> None:
        manifest = checked_manifest(self._name, self._folder, self)
        faults: list[ModelError] = []
        # Hashing 90 MB takes as long as the imports and leaves the interpreter free for them.
        hashing = threading.Thread(target=_verify_into, args=(self._folder, manifest, faults))
        hashing.start()
        import onnxruntime
        import tokenizers

        hashing.join()
        if faults:
            raise faults[0]
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(self._folder / TOKENIZER))
            self._tokenizer.enable_truncation(manifest.max_tokens)
            self._tokenizer.no_padding()
            graph, self._layers = self._readable()
            options = self._options()
            options.add_session_config_entry(
                "session.model_external_initializers_file_folder_path", str(self._folder)
            )
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except ModelError:
            raise
        except Exception as error:  # both libraries raise children of Exception itself
            raise ModelError(f"{self._folder}: the exported model cannot be opened ({error})") from error
        self._manifest = manifest

    def read_words(self, sentences: Sequence[Sequence[str]], layers: Sequence[int]) -> list[Floats]:
        """Return what these layers say of each word (shape: words x (layers * dimensions)), for every sentence.

        Layer 0 is the embedding. A word is the mean of its first and its last piece; zeros for one that has none and
        for those behind the model's longest text. Raise ModelError when not loadable, or for a graph without layers.
        """
        self.load()
        if not self._layers or max(layers) >= len(self._layers):
            raise ModelError(f"{self._folder}: its graph does not show layers {list(layers)}")
        texts = [[_valid(word) for word in sentence] for sentence in sentences]
        encodings = self._tokenizer.encode_batch(texts, is_pretokenized=True)
        outputs = [self._layers[layer] for layer in layers]
        found = [np.zeros((len(text), len(layers) * self._dimensions), np.float32) for text in texts]
        for rows in _runs([len(encoding.ids) for encoding in encodings]):
            states = self._session.run(outputs, self._features([encodings[row] for row in rows]))
            every = np.concatenate(states, axis=2)
            for state, row in zip(every, rows, strict=True):
                words, first, last = _pieces(encodings[row].word_ids)
                found[row][words] = (state[first] + state[last]) / 2
        return found

    def _readable(self) -> tuple[str | bytes, list[str]]:
        """Return the graph to open and the names of the layers that it gives back, none where they are not known."""
        graph = self._folder / GRAPH
        try:
            names = layer_names(graph)
        except ModelError:
            return str(graph), []
        return with_outputs(graph, names), names

    def _options(self) -> Any:
        return session_options()

    def _encodings(self, batch: Sequence[str]) -> list[Encoding]:
        prompt = self._manifest.prompt
        return self._tokenizer.encode_batch_fast([prompt + _valid(text) for text in batch])

    def _embed(self, batch: Sequence[str]) -> Floats:
        encodings = self._encodings(batch)
        vectors = np.empty((len(batch), self._dimensions), np.float32)
        for rows in _runs([len(encoding.ids) for encoding in encodings]):
            vectors[rows] = self._session.run([OUTPUT], self._features([encodings[row] for row in rows]))[0]
        return vectors

    def _features(self, encodings: Sequence[Encoding]) -> dict[str, NDArray[np.int64]]:
        shape = len(encodings), max(len(encoding.ids) for encoding in encodings)
        features = {name: np.zeros(shape, np.int64) for name in self._manifest.inputs}
        features["input_ids"].fill(self._manifest.pad)
        for row, encoding in enumerate(encodings):
            length = len(encoding.ids)
            features["input_ids"][row, :length] = encoding.ids
            features["attention_mask"][row, :length] = 1
            if "token_type_ids" in features:
                features["token_type_ids"][row, :length] = encoding.type_ids
        return features


def session_options() -> Any:
    """Return options for short queries beside other work on two cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Two threads that spin while a call runs, and only then: a query takes 7 ms instead of 12 on two idle cores.
    options.intra_op_num_threads = min(2, os.cpu_count() or 1)
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.inter_op_num_threads = 1
    # Shapes differ from run to run: patterns would hold memory for each.
    options.enable_mem_pattern = False
    # The graph was optimised when it was exported.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return options


def checked_manifest(name: str, folder: Path, embedder: BatchedEmbedder) -> Manifest:
    """Return the manifest that the embedder's name and dimensions came from; raise ModelError otherwise."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise ModelError(f"the model {name} is not exported yet ({folder} holds none)")
    if manifest.backend != "onnx":
        raise ModelError(
            f"the model {name} has no graph ({manifest.reason}); sentence-transformers serves it",
            hint="Restart the resident server with `clawcortex stop` and `clawcortex start`.",
        )
    if (manifest.model, manifest.dimensions) != (embedder.model, embedder.dimensions):
        raise ModelError(
            f"the model {name} was exported while this process ran: vectors would be {manifest.model}",
            hint="Restart the resident server with `clawcortex stop` and `clawcortex start`.",
        )
    return manifest


def _verify_into(folder: Path, manifest: Manifest, faults: list[ModelError]) -> None:
    try:
        verify(folder, manifest)
    except ModelError as error:
        faults.append(error)


def _runs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield rows of similar length, as many as `TOKENS_PER_RUN` allows, at least one."""
    run: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if run and (len(run) + 1) * lengths[row] > TOKENS_PER_RUN:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _pieces(word_ids: Sequence[int | None]) -> tuple[list[int], list[int], list[int]]:
    """Return the words that have pieces, and where the first and the last one of each is."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, word in enumerate(word_ids):
        if word is not None:
            first.setdefault(word, place)
            last[word] = place
    return list(first), list(first.values()), list(last.values())


def _valid(text: str) -> str:
    """Return the text as tokenizers takes it: lone surrogates are no characters."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
