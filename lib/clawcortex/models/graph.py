"""The ONNX graph of a whole sentence-transformers model: tokens in, one unit vector out."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from clawcortex.errors import ModelError
from clawcortex.models.artifacts import GRAPH, OUTPUT, TOKENIZER, WEIGHTS, Manifest, sha256


def write_graph(work: Path, transformer: Any, manifest: Manifest) -> Manifest:
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
        files={
            name: ((work / name).stat().st_size, sha256(work / name)) for name in (GRAPH, WEIGHTS, TOKENIZER)
        },
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
            opset_version=23,  # the first with an Attention node: a fifth faster, and less memory
            input_names=names,
            output_names=[OUTPUT],
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
    options.add_session_config_entry(
        "session.optimized_model_external_initializers_min_size_in_bytes", "1024"
    )
    onnxruntime.InferenceSession(str(traced), options, providers=["CPUExecutionProvider"])
    for file in traced.parent.glob(f"{traced.name}*"):
        file.unlink()
