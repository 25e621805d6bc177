"""PocketSphinx: small, English only, its model comes with its wheel. For machines that never see a network."""

from __future__ import annotations

import numpy as np

from clawcortex.errors import EngineError, InputError
from clawcortex.models.base import Floats
from clawcortex.speech.decoding import RATE
from clawcortex.speech.engines.base import Heard, Piece

_FRAME_S = 0.01
_MARKS = ("<", "[", "++")
"""Begin what is no word: silence, noise, the ends of a sentence."""


class PocketSphinxEngine:
    """The decoder with its own en-us model."""

    pause_s = 0.6
    punctuates = False
    loops = False

    def __init__(self, model: str = "") -> None:  # noqa: ARG002 - the wheel has one model
        try:
            from importlib.metadata import version

            from pocketsphinx import Decoder
        except ImportError as error:
            raise EngineError(
                "the speech engine pocketsphinx is not installed",
                hint="Run `python3 install.py --engine pocketsphinx`.",
            ) from error
        try:
            self._decoder = Decoder(samprate=RATE, cmn="batch", loglevel="FATAL")
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                f"pocketsphinx cannot load its model: {error}",
                hint="Run `python3 install.py --engine pocketsphinx` again.",
            ) from error
        self.model = f"en-us {version('pocketsphinx')}"

    def hear(self, samples: Floats, language: str) -> Heard:
        """Return one piece: the words of the window."""
        if language not in ("", "en"):
            raise InputError(
                f"pocketsphinx hears English only, not {language!r}",
                hint="Set speech_engine to whisper for other languages.",
            )
        sound = (samples * 32_767).astype("<i2").tobytes()
        self._decoder.start_utt()
        self._decoder.process_raw(
            sound, full_utt=True
        )  # levelled over the whole, so alike whatever came before
        self._decoder.end_utt()
        found = self._decoder.hyp()
        words = [item for item in self._decoder.seg() or () if not item.word.startswith(_MARKS)]
        if found is None or not words:
            return Heard((), "en")
        text = " ".join(item.word.partition("(")[0] for item in words)
        sure = float(np.clip(found.prob, 0.0, 1.0)) ** (1 / len(words))
        start, end = words[0].start_frame * _FRAME_S, (words[-1].end_frame + 1) * _FRAME_S
        return Heard((Piece(start, end, text, sure),), "en")
