"""What the transcriber's process is asked and what it says: one JSON object a line."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from clawcortex.speech.records import EngineName, Transcript


class Order(BaseModel):
    """One recording to be transcribed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    engine: EngineName
    model: str
    language: str = Field(default="", pattern="^([a-z]{2,3})?$")
    max_bytes: int = Field(gt=0)
    max_s: float = Field(gt=0)


class Said(BaseModel):
    """One line of the process.

    `loading` the engine, then in turns `reading` the file and `hearing` a window of it, at last `done` or `failed`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["loading", "reading", "hearing", "done", "failed"]
    done_s: float = 0.0
    total_s: float = 0.0
    transcript: Transcript | None = None
    error: dict[str, str] | None = None
