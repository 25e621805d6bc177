"""One recording from file to transcript: decoded, gated, cut, heard, and cleared of what an engine made up."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from clawcortex.models.base import Floats
from clawcortex.speech.decoding import Recording
from clawcortex.speech.engines.base import Engine, Piece
from clawcortex.speech.gate import Gate
from clawcortex.speech.protocol import Order
from clawcortex.speech.records import Segment, Silence, Transcript
from clawcortex.speech.windows import Windows

INAUDIBLE = 0.001
"""A recording that never gets louder (-60 dB) is silence."""
NO_SPEECH, UNSURE = 0.6, 0.37
"""Whisper's own bounds: it finds no speech, and its mean log probability is below -1."""
GUESSED = 0.1
"""Words that an engine holds for less likely than this are a guess at a noise."""
REPEATS = 2.4
"""Text that deflates better than this goes round in circles."""

TELL_S = 10.0
"""Where nobody speaks, how far it is is told every so many seconds of the recording."""

Told = Callable[[Literal["reading", "hearing"], float, float], None]
"""Is told what is being done, up to which second the recording is done, and its length where the header says it."""


def transcribe(order: Order, engine: Engine, gate: Gate, tell: Told) -> Transcript:
    """Return what a recording says; raise AudioError for one that is of no use."""
    gate.reset()
    tell("reading", 0.0, 0.0)
    with Recording(Path(order.path), max_bytes=order.max_bytes, max_s=order.max_s) as recording:
        windows = Windows(gate, pause_s=engine.pause_s)
        language, dropped, spoken, engine_s = order.language, 0, False, 0.0
        segments: list[Segment] = []
        for window in windows.cut(_told(recording, tell)):
            spoken = True
            tell("hearing", window.start_s, recording.declared_s)
            begun = time.monotonic()
            heard = engine.hear(window.samples, language)
            engine_s += time.monotonic() - begun
            sound = [
                piece
                for piece in heard.pieces
                if piece.text.strip() and not made_up(piece, loops=engine.loops)
            ]
            dropped += len(heard.pieces) - len(sound)
            language = language or (heard.language if sound else "")
            segments += [_segment(piece, window.start_s) for piece in sound]
            tell("reading", recording.seconds, recording.declared_s)
        silence: Silence = ""
        if not windows.has_voice():
            dropped, segments, spoken = dropped + len(segments), [], False
        if not segments:
            silence = "nothing understood" if spoken else "no speech"
            silence = "silence" if windows.loudest < INAUDIBLE else silence
        return Transcript(
            text=(" " if engine.punctuates else "\n").join(segment.text for segment in segments),
            segments=tuple(segments),
            language=language,
            engine=order.engine,
            model=engine.model,
            seconds=round(recording.seconds, 3),
            sha256=recording.sha256,
            silence=silence,
            cut=recording.cut,
            dropped=dropped,
            engine_s=round(engine_s, 3),
        )


def _told(recording: Recording, tell: Told) -> Iterator[Floats]:
    """Yield the recording's blocks, telling now and then how far it is."""
    told = 0.0
    for block in recording.blocks():
        if recording.seconds - told >= TELL_S:
            told = recording.seconds
            tell("reading", told, recording.declared_s)
        yield block


def made_up(piece: Piece, *, loops: bool) -> bool:
    """Return whether an engine most likely invented it: it doubts itself, or one that can goes round in circles."""
    doubtful = (piece.no_speech > NO_SPEECH and piece.confidence < UNSURE) or piece.confidence < GUESSED
    text = piece.text.strip().encode()
    return doubtful or (loops and len(text) / len(zlib.compress(text)) > REPEATS)


def _segment(piece: Piece, offset: float) -> Segment:
    start, end = offset + max(0.0, piece.start_s), offset + max(piece.start_s, piece.end_s, 0.0)
    return Segment(
        start_s=round(start, 2),
        end_s=round(end, 2),
        text=" ".join(piece.text.split()),
        confidence=round(min(1.0, max(0.0, piece.confidence)), 3),
    )
