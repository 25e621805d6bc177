"""How alike two corrections are: by what either may be a case of, judged by the mistakes that are written down.

Each written mistake is a Gaussian over embeddings; all have one covariance, fitted to them (linear discriminant
analysis). With what else speaks for a mistake this gives the probability of each. Two corrections are alike when these
are: the Bhattacharyya coefficient, the sum of the roots of their products, is 1 for the same ones and 0 for none in
common. So two of a mistake that nobody wrote down can be alike, too: what they resemble is. As points are the roots, a
mistake needs only the number and the sum of its corrections for the mean likeness to all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clawcortex.models.base import Floats

Numbers = NDArray[np.float64]

SHRINKAGE = 0.3
"""How far the covariance inside mistakes is drawn towards a sphere: there are fewer texts than it has numbers."""
SHARPNESS = 0.25
"""What log-likelihoods count: the dimensions of an embedding tell less than independent ones would."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The written mistakes, as they are told apart."""

    centre: Numbers
    axes: Numbers
    """Shape: dimensions of the embedding x mistakes."""
    offsets: Numbers

    def point(self, vector: Floats, evidence: Numbers) -> Numbers:
        """Return the roots of the probabilities of each mistake, given what else speaks for each (log, any offset)."""
        logits = SHARPNESS * ((vector - self.centre) @ self.axes - self.offsets) + evidence
        likely = np.exp(logits - logits.max())
        return np.asarray(np.sqrt(likely / likely.sum()))


def fit(groups: Sequence[Floats]) -> Likeness:
    """Return what tells these groups apart (each: texts x dimensions); at least two groups, more texts than groups."""
    centre = np.concatenate(groups).mean(axis=0).astype(np.float64)
    means = np.array([group.mean(axis=0) for group in groups], np.float64)
    apart = np.concatenate([group - mean for group, mean in zip(groups, means, strict=True)])
    inside = apart.T @ apart / (len(apart) - len(groups))
    size = len(inside)
    inside = (1 - SHRINKAGE) * inside + SHRINKAGE * np.trace(inside) / size * np.eye(size)
    moved = (means - centre).T
    axes = np.linalg.solve(inside, moved)
    return Likeness(centre, axes, (moved * axes).sum(axis=0) / 2)
