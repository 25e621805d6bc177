"""The fitted network in numpy: what the embedder's layers say of a word, and how it is written, to scores of tags.

Fitted by bench/fit_entities.py on public data (tagger.npz says which, and its licence): a few hundred thousand numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clawcortex.models.base import Floats

FILE = Path(__file__).with_name("tagger.npz")
NEVER = -1e4


@dataclass(frozen=True, slots=True)
class Network:
    """One fitted network."""

    norms: tuple[tuple[Floats, Floats], ...]
    """Scale and shift of each layer's normalisation."""
    inner: Floats
    seen: Floats
    inner_bias: Floats
    around: Floats
    """Shape: words to either side and the word itself x hidden x hidden."""
    around_bias: Floats
    outer: Floats
    outer_bias: Floats

    def scores(self, states: Floats, shown: Floats, lengths: Sequence[int]) -> Floats:
        """Return the score of every tag for every word of sentences of these lengths (shape: words x tags)."""
        width = states.shape[1] // len(self.norms)
        parts = [
            _normalised(states[:, i * width : (i + 1) * width]) * scale + shift
            for i, (scale, shift) in enumerate(self.norms)
        ]
        hidden = _gelu(np.concatenate(parts, axis=1) @ self.inner + shown @ self.seen + self.inner_bias)
        reach = len(self.around) // 2
        starts = np.cumsum([reach, *(length + reach for length in lengths)])  # zeros between the sentences
        rows = np.concatenate([start + np.arange(n) for start, n in zip(starts, lengths, strict=False)])
        padded = np.zeros((int(starts[-1]), hidden.shape[1]), np.float32)
        padded[rows] = hidden
        beside = np.concatenate([padded[rows + shift] for shift in range(-reach, reach + 1)], axis=1)
        heard = _gelu(beside @ self.around.reshape(-1, hidden.shape[1]) + self.around_bias)
        return np.asarray((hidden + heard) @ self.outer + self.outer_bias, np.float32)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the file holds."""

    model: str
    """Name of the embedder's vectors; another one's layers say other things."""
    data: str
    """sha256 of the file that it learned from."""
    layers: tuple[int, ...]
    tags: tuple[str, ...]
    networks: tuple[Network, ...]
    steps: Floats
    """Score of a tag behind another (shape: tags x tags)."""

    def scores(self, states: Sequence[Floats], shown: Sequence[Floats]) -> list[Floats]:
        """Return the mean of the networks' scores for each sentence; many are read at once."""
        lengths = [len(one) for one in states]
        every, seen = np.concatenate(states), np.concatenate(shown)
        found = np.stack([one.scores(every, seen, lengths) for one in self.networks]).mean(axis=0)
        return np.split(found, np.cumsum(lengths)[:-1])


@lru_cache(maxsize=1)
def fitted() -> Fitted:
    """Return what is shipped."""
    return read(FILE)


def read(file: Path) -> Fitted:
    """Return what bench/fit_entities.py wrote."""
    with np.load(file) as packed:
        return unpack({name: packed[name] for name in packed.files})


def unpack(every: Mapping[str, NDArray[Any]]) -> Fitted:
    """Return what such a file's arrays mean."""
    layers = tuple(int(one) for one in every["layers"])
    networks = []
    for number in range(int(every["networks"])):

        def of(name: str, number: int = number) -> Floats:
            values: Floats = every[f"{name}{number}"].astype(np.float32)
            return values

        norms = tuple(zip(of("scale"), of("shift"), strict=True))
        networks.append(
            Network(
                norms,
                of("inner"),
                of("seen"),
                of("inner_bias"),
                of("around"),
                of("around_bias"),
                of("outer"),
                of("outer_bias"),
            )
        )
    tags = tuple(str(one) for one in every["tags"])
    return Fitted(
        str(every["model"]), str(every["data"]), layers, tags, tuple(networks), bound(every["steps"], tags)
    )


def bound(steps: NDArray[Any], tags: Sequence[str]) -> Floats:
    """Return the scores of one tag behind another, where I- only stands behind its own kind."""
    found = steps.astype(np.float32)
    for i, before in enumerate(tags):
        for j, tag in enumerate(tags):
            if tag.startswith("I-") and before[2:] != tag[2:]:
                found[i, j] = NEVER
    return found


def _normalised(values: Floats) -> Floats:
    mean, spread = values.mean(1, keepdims=True), values.var(1, keepdims=True)
    found: Floats = (values - mean) / np.sqrt(spread + 1e-5)
    return found


def _gelu(values: Floats) -> Floats:
    """Return what the fit's activation returns: x * sigmoid(1.702 x)."""
    found: Floats = values / (1 + np.exp(-np.clip(1.702 * values, -60, 60)))
    return found
