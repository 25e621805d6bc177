"""An engine's contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clawcortex.models.base import Floats


@dataclass(frozen=True, slots=True)
class Piece:
    """What an engine heard in one stretch of a window; times count from the window's beginning."""

    start_s: float
    end_s: float
    text: str
    confidence: float
    no_speech: float = 0.0
    """How likely the engine itself finds it that nobody spoke."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine heard in a window."""

    pieces: Sequence[Piece]
    language: str


class Engine(Protocol):
    """Turn speech into words. Loading is done by making one; it raises EngineError for what is missing."""

    model: str
    """The weights, as a transcript names them."""
    pause_s: float
    """A pause that ends a window."""
    punctuates: bool
    loops: bool
    """True for one that writes text by itself: it may go round in circles where it hears nothing."""

    def hear(self, samples: Floats, language: str) -> Heard:
        """Return what is said in at most 30 s of 16 kHz mono sound; an empty language is found out."""
