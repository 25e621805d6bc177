"""The engines by name; each is imported when it is asked for."""

from __future__ import annotations

from clawcortex.speech.engines.base import Engine
from clawcortex.speech.records import EngineName


def load_engine(name: EngineName, model: str) -> Engine:
    """Load an engine with a model by name or path; raise EngineError when either is not on this machine."""
    if name == "pocketsphinx":
        from clawcortex.speech.engines.pocketsphinx import PocketSphinxEngine

        return PocketSphinxEngine(model)
    if name == "faster-whisper":
        from clawcortex.speech.engines.faster import FasterWhisperEngine

        return FasterWhisperEngine(model)
    from clawcortex.speech.engines.whisper import WhisperEngine

    return WhisperEngine(model)
