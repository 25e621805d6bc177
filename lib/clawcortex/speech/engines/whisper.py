"""openai-whisper, the default: about a hundred languages, punctuated; runs on torch."""

from __future__ import annotations

import math
import pickle

from clawcortex.errors import EngineError, InputError
from clawcortex.models.base import Floats
from clawcortex.speech.decoding import RATE
from clawcortex.speech.engines.base import Heard, Piece
from clawcortex.speech.weights import find_whisper


class WhisperEngine:
    """A checkpoint in memory; on the GPU where there is one."""

    pause_s = 2.0
    punctuates = True
    loops = True

    def __init__(self, model: str) -> None:
        try:
            import torch
            import whisper
        except ImportError as error:
            raise EngineError(
                f"the speech engine whisper is not installed: {error}",
                hint="Run `python3 install.py` without --no-voice and --minimal.",
            ) from error
        file, self.model = find_whisper(model)
        self._gpu = torch.cuda.is_available()
        self._transcribe = whisper.transcribe
        self._languages = whisper.tokenizer.LANGUAGES
        try:
            self._whisper = whisper.load_model(str(file), device="cuda" if self._gpu else "cpu")
        except (
            OSError,
            RuntimeError,
            KeyError,
            TypeError,
            ValueError,
            EOFError,
            pickle.UnpicklingError,
        ) as error:
            reason = str(error).partition("\n")[0]
            raise EngineError(
                f"{file}: is no checkpoint of Whisper ({reason})",
                hint="Set speech_model to a checkpoint that torch saved with dims and model_state_dict.",
            ) from error

    def hear(self, samples: Floats, language: str) -> Heard:
        """Return Whisper's segments. No window is told of the one before: what it made up would go on."""
        if language and language not in self._languages:
            raise InputError(f"Whisper does not know the language {language!r}", hint="Leave it empty.")
        found = self._transcribe(
            self._whisper,
            samples,
            language=language or None,
            condition_on_previous_text=False,
            fp16=self._gpu,
            verbose=None,
        )
        end = len(samples) / RATE
        pieces = tuple(
            Piece(
                min(part["start"], end),
                min(part["end"], end),
                part["text"],
                math.exp(min(0.0, part["avg_logprob"])),
                part["no_speech_prob"],
            )
            for part in found["segments"]
        )
        return Heard(pieces, found["language"])
