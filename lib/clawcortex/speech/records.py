"""What was heard, as it crosses every border: shapes with a schema, times in seconds from the beginning."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EngineName = Literal["whisper", "faster-whisper", "pocketsphinx"]
ENGINES: tuple[EngineName, ...] = ("whisper", "faster-whisper", "pocketsphinx")
Silence = Literal["", "silence", "no speech", "nothing understood"]
"""Why a transcript is empty: nothing to hear, no voice in it (noise, hum, music), or a voice that made no words."""


class Segment(BaseModel):
    """One stretch of speech."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str
    confidence: float = Field(ge=0, le=1, description="How sure the engine is of a word, on average")


class Transcript(BaseModel):
    """What a recording says. An empty text has its reason in `silence`; nothing is ever invented."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(description="The segments joined; one a line where the engine knows no punctuation")
    segments: tuple[Segment, ...] = ()
    language: str = Field(default="", description="Code as en; empty where nobody knows")
    engine: EngineName
    model: str = Field(description="The weights that were used, by name and checksum where they have one")
    seconds: float = Field(ge=0, description="Length of the recording")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Checksum of the recording's file")
    silence: Silence = ""
    cut: bool = Field(default=False, description="The file is damaged: this is what could be read of it")
    dropped: int = Field(default=0, ge=0, description="Segments let go because the engine made them up")
    engine_s: float = Field(default=0, ge=0, description="Seconds that the engine itself took")
