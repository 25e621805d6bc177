"""How likely two corrections are of one mistake: two Gaussians over embeddings, fitted to the catalogue.

How the phrasings of one kind differ tells what an embedding says besides the mistake (who, which product, which
words); how the kinds differ tells what is left. In a space where the first is white and the second diagonal, the
log-likelihood ratio of "the same mistake" against "one never seen" is a sum over dimensions. It needs of each
mistake only the number and the sum of its corrections: one more costs the same however many there were.
(Probabilistic linear discriminant analysis, Ioffe 2006, as used for telling speakers.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clawcortex.models.base import Floats

Numbers = NDArray[np.float64]

SHRINKAGE = 0.5
"""How far the covariance inside kinds is drawn towards a sphere: there are fewer phrasings than it has numbers."""
DIMENSIONS = 100
LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Likeness:
    """The fitted space."""

    centre: Numbers
    axes: Numbers
    """Shape: dimensions of the embedding x dimensions of the space."""
    between: Numbers
    """Variance of mistakes along each axis; inside a mistake it is 1."""

    def project(self, vectors: Floats) -> Numbers:
        """Return embeddings in the fitted space."""
        return np.asarray((vectors - self.centre) @ self.axes)

    def ratios(self, one: Numbers, counts: Numbers, sums: Numbers) -> Numbers:
        """Return the log-likelihood ratio of one correction being of each mistake (shapes: mistakes, x axes)."""
        spread = 1 / (1 / self.between + counts[:, None])
        expected = sums * spread
        same = np.log1p(spread) + (one - expected) ** 2 / (1 + spread)
        alone = np.log1p(self.between) + one**2 / (1 + self.between)
        return np.asarray((alone - same).sum(axis=1) / 2)


def fit(groups: Sequence[Floats]) -> Likeness:
    """Return the space that tells these groups apart (each: phrasings x dimensions); at least three groups of two."""
    centre = np.concatenate(groups).mean(axis=0).astype(np.float64)
    means = np.array([group.mean(axis=0) for group in groups], np.float64)
    apart = np.concatenate([group - mean for group, mean in zip(groups, means, strict=True)])
    inside = apart.T @ apart / (len(apart) - len(groups))
    usual = len(apart) / len(groups)
    moved = means - centre
    between = moved.T @ moved / len(groups) - inside / usual
    size = len(inside)
    inside = (1 - SHRINKAGE) * inside + SHRINKAGE * np.trace(inside) / size * np.eye(size)
    variances, directions = np.linalg.eigh(inside)
    white = directions / np.sqrt(variances)
    variances, directions = np.linalg.eigh(white.T @ between @ white)
    best = np.argsort(-variances)[: min(DIMENSIONS, len(groups) - 1)]
    return Likeness(centre, white @ directions[:, best], np.maximum(variances[best], LEAST))
