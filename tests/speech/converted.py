"""A checkpoint of `checkpoints` as faster-whisper reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from ctranslate2.specs.whisper_spec import WhisperSpec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from whisper.tokenizer import get_tokenizer

from tests.speech.checkpoints import SIZE


def convert(checkpoint: Path, folder: Path) -> Path:
    """Write the same weights as faster-whisper reads them: CTranslate2's format, and the tokenizer beside it."""
    weights = {
        name: value.float().numpy()
        for name, value in torch.load(checkpoint, weights_only=True)["model_state_dict"].items()
    }
    spec = WhisperSpec(1, 1, 1, 1)

    def linear(to: Any, *names: str) -> None:
        to.weight = np.concatenate([weights[f"{name}.weight"] for name in names])
        none = np.zeros(SIZE, np.float32)  # Whisper's keys have no bias
        to.bias = np.concatenate([weights.get(f"{name}.bias", none) for name in names])

    def norm(to: Any, name: str) -> None:
        to.gamma, to.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]

    def common(layer: Any, name: str) -> None:
        norm(layer.self_attention.layer_norm, f"{name}.attn_ln")
        linear(layer.self_attention.linear[0], *(f"{name}.attn.{part}" for part in ("query", "key", "value")))
        linear(layer.self_attention.linear[1], f"{name}.attn.out")
        norm(layer.ffn.layer_norm, f"{name}.mlp_ln")
        linear(layer.ffn.linear_0, f"{name}.mlp.0")
        linear(layer.ffn.linear_1, f"{name}.mlp.2")

    for number in (1, 2):
        conv = getattr(spec.encoder, f"conv{number}")
        conv.weight, conv.bias = (
            weights[f"encoder.conv{number}.weight"],
            weights[f"encoder.conv{number}.bias"],
        )
    spec.encoder.position_encodings.encodings = weights["encoder.positional_embedding"]
    norm(spec.encoder.layer_norm, "encoder.ln_post")
    common(spec.encoder.layer[0], "encoder.blocks.0")
    spec.decoder.embeddings.weight = weights["decoder.token_embedding.weight"]
    spec.decoder.position_encodings.encodings = weights["decoder.positional_embedding"]
    norm(spec.decoder.layer_norm, "decoder.ln")
    common(spec.decoder.layer[0], name := "decoder.blocks.0")
    cross = spec.decoder.layer[0].attention
    norm(cross.layer_norm, f"{name}.cross_attn_ln")
    linear(cross.linear[0], f"{name}.cross_attn.query")
    linear(cross.linear[1], f"{name}.cross_attn.key", f"{name}.cross_attn.value")
    linear(cross.linear[2], f"{name}.cross_attn.out")
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    words = get_tokenizer(multilingual=True, num_languages=99, language="en", task="transcribe")
    shown = bytes_to_unicode()
    vocabulary = {
        "".join(shown[byte] for byte in token): number
        for token, number in words.encoding._mergeable_ranks.items()
    }
    special = sorted(words.special_tokens, key=words.special_tokens.__getitem__)
    spec.register_vocabulary([*vocabulary, *special])
    spec.config.lang_ids = list(words.all_language_tokens)
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.alignment_heads = [], [], [(0, 0)]
    spec.validate()
    folder.mkdir()
    spec.save(str(folder))
    merges = [
        (token[:at], token[at:])
        for token in vocabulary
        for at in range(1, len(token))
        if token[:at] in vocabulary and token[at:] in vocabulary
    ]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def bytes_to_unicode() -> dict[int, str]:
    """Return the letter that stands for each byte in a vocabulary, as GPT-2 has it."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + at) for at, byte in enumerate(others)}
