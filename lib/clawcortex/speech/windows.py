"""A stream of sound becomes windows of speech: cut at pauses, short enough for an engine, never all in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from clawcortex.models.base import Floats
from clawcortex.speech.decoding import RATE
from clawcortex.speech.gate import FRAME
from clawcortex.speech.timbre import is_voice

BEGINS, GOES_ON = 0.5, 0.35
"""Probability at which speech begins, and below which it pauses."""
FRAMES_S = RATE / FRAME
LONGEST = int(28 * FRAMES_S)
"""Frames of a window: Whisper hears 30 s at a time."""
PAD = int(0.4 * FRAMES_S)
"""Frames kept before and after speech: the gate is late at soft beginnings."""
LEAST = int(0.25 * FRAMES_S)
"""A window with fewer voiced frames is a click, a cough, a chord."""
SURE, SURELY = 0.8, 3
"""A recording in which the gate is never so sure, in so many frames, has no voice in it, only what resembles one."""
LOOK_BACK = int(10 * FRAMES_S)
"""Where speech goes on without a pause, the quietest place in so many last frames is where it is cut."""


class Judge(Protocol):
    """What says of frames how likely they are speech."""

    def judge(self, frames: Floats) -> Floats:
        """Return a probability a frame."""


@dataclass(frozen=True, slots=True)
class Window:
    """Sound with speech in it, and when it begins in the recording."""

    start_s: float
    samples: Floats


class Windows:
    """Cut one recording."""

    def __init__(self, gate: Judge, *, pause_s: float) -> None:
        self._gate = gate
        self._pause = max(1, int(pause_s * FRAMES_S))
        self._lead: deque[Floats] = deque(maxlen=PAD)
        self._frames: list[Floats] = []
        self._chances: list[float] = []
        self._quiet = 0
        self._seen = 0
        self._sure = 0
        self.loudest = 0.0
        """Its highest level so far, in [0, 1]."""

    def has_voice(self) -> bool:
        """Return whether what came so far is surely a voice somewhere; ask when all is cut."""
        return self._sure >= SURELY

    def cut(self, blocks: Iterable[Floats]) -> Iterator[Window]:
        """Yield the windows of a sound as soon as each is complete."""
        rest = np.zeros(0, np.float32)
        for block in blocks:
            self.loudest = max(self.loudest, float(np.abs(block).max(initial=0.0)))
            joined = np.concatenate([rest, block])
            whole = len(joined) // FRAME * FRAME
            yield from self._take(joined[:whole])
            rest = joined[whole:]
        if len(rest):
            yield from self._take(np.pad(rest, (0, FRAME - len(rest))))
        yield from self._close()

    def _take(self, sound: Floats) -> Iterator[Window]:
        if not len(sound):
            return
        frames = sound.reshape(-1, FRAME)
        for frame, chance in zip(frames, self._gate.judge(frames).tolist(), strict=True):
            self._seen += 1
            self._sure += chance >= SURE
            if self._frames:
                yield from self._extend(frame, chance)
            elif chance >= BEGINS:
                self._frames = [*self._lead, frame]
                self._chances = [0.0] * len(self._lead) + [chance]
                self._quiet = 0
            else:
                self._lead.append(frame)

    def _extend(self, frame: Floats, chance: float) -> Iterator[Window]:
        self._frames.append(frame)
        self._chances.append(chance)
        self._quiet = self._quiet + 1 if chance < (BEGINS if self._quiet else GOES_ON) else 0
        if self._quiet > self._pause:
            yield from self._close()
        elif len(self._frames) >= LONGEST:
            yield from self._split()

    def _close(self) -> Iterator[Window]:
        """End the open window; what is quiet at its end begins the next one."""
        surplus = max(0, self._quiet - PAD)
        kept = len(self._frames) - surplus
        yield from self._window(kept)
        self._lead.extend(self._frames[kept:])
        self._frames, self._chances, self._quiet = [], [], 0

    def _split(self) -> Iterator[Window]:
        """Cut where it is least likely that somebody speaks, over a third of a second."""
        near = np.convolve(self._chances[-LOOK_BACK:], np.ones(9) / 9, mode="same")[4:-4]
        at = len(self._chances) - LOOK_BACK + 4 + int(near.argmin())
        yield from self._window(at)
        self._frames, self._chances = self._frames[at:], self._chances[at:]

    def _window(self, count: int) -> Iterator[Window]:
        voiced = np.array(self._chances[:count]) >= BEGINS
        if voiced.sum() < LEAST:
            return
        frames = np.stack(self._frames[:count])
        if is_voice(frames, voiced, RATE):
            yield Window((self._seen - len(self._frames)) * FRAME / RATE, frames.reshape(-1))
