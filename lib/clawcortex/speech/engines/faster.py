"""faster-whisper: the same models on CTranslate2, several times faster on a processor and in less memory."""

from __future__ import annotations

import math

from clawcortex.errors import EngineError, InputError
from clawcortex.models.base import Floats
from clawcortex.speech.decoding import RATE
from clawcortex.speech.engines.base import Heard, Piece
from clawcortex.speech.weights import find_faster


class FasterWhisperEngine:
    """A converted model in memory; 8-bit on a processor."""

    pause_s = 2.0
    punctuates = True
    loops = True

    def __init__(self, model: str) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise EngineError(
                f"the speech engine faster-whisper is not installed: {error}",
                hint="Run `python3 install.py --engine faster-whisper`.",
            ) from error
        folder = find_faster(model)
        self.model = (
            folder.name if len(folder.name) != 40 else f"{model}@{folder.name[:12]}"
        )  # a commit's name
        try:
            self._whisper = WhisperModel(
                str(folder), device="auto", compute_type="auto", local_files_only=True
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise EngineError(
                f"{folder}: cannot be loaded by faster-whisper ({error})",
                hint="Set speech_model to a folder made by ct2-transformers-converter, with its tokenizer.json.",
            ) from error

    def hear(self, samples: Floats, language: str) -> Heard:
        """Return the segments. No window is told of the one before: what it made up would go on."""
        if language and language not in self._whisper.supported_languages:
            raise InputError(f"the model does not know the language {language!r}", hint="Leave it empty.")
        found, about = self._whisper.transcribe(
            samples, language=language or None, condition_on_previous_text=False
        )
        end = len(samples) / RATE
        pieces = tuple(
            Piece(
                min(part.start, end),
                min(part.end, end),
                part.text,
                math.exp(min(0.0, part.avg_logprob)),
                part.no_speech_prob,
            )
            for part in found
        )
        return Heard(pieces, about.language)
