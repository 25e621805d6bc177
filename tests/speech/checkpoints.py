"""Checkpoints of openai-whisper made here: real code on small weights, which say what the test wants.

No weights can be fetched where tests run. A decoder whose layers add nothing and whose places point at tokens says one
sentence whatever it hears; everything else is Whisper's own: mel, encoder, language, timestamps, fallback, segments.
"""

from __future__ import annotations

from pathlib import Path

import torch
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import get_tokenizer

SIZE = 64
SURE = 10.0
"""How much more a place points at its token than at the one before."""


def save(path: Path, text: str, *, seconds: float = 2.0, language: str = "en", places: int = 64) -> Path:
    """Write a checkpoint that hears `text` in every window; Whisper says at most half as many tokens as places."""
    torch.manual_seed(1)
    model = Whisper(dims := ModelDimensions(80, 1_500, SIZE, 1, 1, 51_865, places, SIZE, 1, 1))
    words = get_tokenizer(multilingual=True, num_languages=99, language=language, task="transcribe")
    end = words.timestamp_begin + round(seconds / 0.02)
    said = [*words.sot_sequence, words.timestamp_begin, *words.encode(f" {text}"), end, words.eot]
    with torch.no_grad():
        for block in model.decoder.blocks:
            for layer in (block.attn.out, block.cross_attn.out, block.mlp[2]):
                layer.weight.zero_()
                layer.bias.zero_()
        tokens = model.decoder.token_embedding.weight
        tokens.normal_()
        for place in range(places):
            model.decoder.positional_embedding[place] = (
                SURE * tokens[(said[1:] + [words.eot] * places)[place]]
            )
    torch.save({"dims": dims.__dict__, "model_state_dict": model.state_dict()}, path)
    return path
