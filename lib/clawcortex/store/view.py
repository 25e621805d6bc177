"""One consistent look at the index: what a recall reads from beginning to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clawcortex.errors import InputError
from clawcortex.store.base import Columns, Floats, Ints, Store
from clawcortex.store.held import Mask, Rows, rows_of
from clawcortex.store.nearest import Nearest
from clawcortex.store.records import Scope

FEW = 64
"""So few allowed rows are scored exactly without searching."""


def pool(k: int) -> int:
    """Return how many candidates of 8 bits hold the true best k: measured, see `nearest`."""
    return k + max(32, k // 2)


@dataclass(frozen=True, slots=True)
class View:
    """Everything as it was at one moment. Arrays are shared and must not be changed."""

    columns: Columns
    previous: Rows
    """Row of the memory before in the same session and chat, -1 none."""
    next: Rows
    alive: Mask
    embedded: Mask
    """Which rows have a vector."""
    scopes: Mapping[int, Scope]
    sessions: Mapping[str, Ints]
    speakers: Mapping[int, str]
    store: Store
    model: str
    nearest: Nearest
    ends: Ints
    position: Rows
    """Where each row's vector stands in `nearest`, -1 when it has none yet."""
    row: Rows
    """Which row each position in `nearest` belongs to, -1 when to none any more."""
    aligned: bool
    """Whether position p belongs to row p throughout."""

    def at(self, ns: Sequence[int] | Ints) -> Ints:
        """Return the row of each `n`, -1 when unknown."""
        return rows_of(self.columns.n, np.asarray(ns, np.int64))

    def sessions_named(self, name: str) -> Ints:
        """Return the numbers of the sessions that bear this name, one a chat."""
        return self.sessions.get(name, np.empty(0, np.int64))

    def terms_of(self, rows: Ints) -> tuple[Ints, NDArray[np.uint32]]:
        """Return the term hashes of these rows, and where each row's begin (one more than rows)."""
        rows = np.asarray(rows, np.int64)
        counts = self.columns.term_counts[rows].astype(np.int64)
        indptr = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(counts, out=indptr[1:])
        starts = self.ends[rows] - counts
        picked = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], counts)
        return indptr, self.columns.terms[picked]

    def vectors(self, rows: Ints) -> Floats:
        """Return the vectors of these rows, zeros where not embedded; above the flat limit within 8 bits."""
        rows = np.asarray(rows, np.int64)
        found = np.zeros((len(rows), self.nearest.dimensions), np.float32)
        positions = self.position[rows]
        known = positions >= 0
        found[known] = self.nearest.vectors(positions[known].astype(np.int64))
        return found

    def cosines(self, rows: Ints, vector: Floats) -> Floats:
        """Return the cosines of these rows, zero where not embedded; above the flat limit within 0.004."""
        positions = self.position[np.asarray(rows, np.int64)]
        found = np.zeros(len(positions), np.float32)
        known = positions >= 0
        found[known] = self.nearest.products(positions[known].astype(np.int64), vector)
        return found

    def search(self, vector: Floats, k: int, mask: Mask, *, exact: bool = True) -> tuple[Ints, Floats]:
        """Return the k nearest allowed rows and their cosines, best first.

        Without `exact`, above the flat limit, they are the nearest within 8 bits, and no vector is read from the
        store: for whoever weighs them anew and takes more than needed.
        """
        exact = exact or self.nearest.exact
        vector = self._checked(vector, k, mask)
        allowed = mask & self.alive & self.embedded
        count = int(np.count_nonzero(allowed))
        k = min(k, count)
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if count <= max(FEW, pool(k)):
            rows = np.flatnonzero(allowed)
            cosines = None
        else:
            wanted = pool(k) if exact and not self.nearest.exact else k
            positions, cosines = self.nearest.search(vector, wanted, self._by_position(allowed))
            rows = self.row[positions].astype(np.int64)
            if not exact:
                return rows, np.clip(cosines, -1.0, 1.0)
        if cosines is None or not self.nearest.exact:
            rows, cosines = self._scored(vector, rows)
        best = np.argsort(-cosines, kind="stable")[:k]
        return rows[best], np.clip(cosines[best], -1.0, 1.0)

    def _checked(self, vector: Floats, k: int, mask: Mask) -> Floats:
        vector = np.asarray(vector, np.float32).reshape(-1)
        if k < 1:
            raise InputError(f"k is {k}", hint="Ask for at least one row.")
        if len(vector) != self.nearest.dimensions:
            raise InputError(
                f"the query vector has {len(vector)} dimensions, the index {self.nearest.dimensions}",
                hint="Embed the query with the model of the index; `rebuild_index` after changing the model.",
            )
        if not np.isfinite(vector).all():
            raise InputError("the query vector holds NaN or infinity")
        if mask.shape != self.alive.shape or mask.dtype != np.bool_:
            raise InputError(f"the mask is {mask.dtype} {mask.shape}, not bool {self.alive.shape}")
        return vector

    def _by_position(self, allowed: Mask) -> Mask:
        if self.aligned:
            return allowed[: len(self.row)]
        # A replaced vector's old position names a row that does not name it back; so does -1.
        present: Mask = self.position[self.row] == np.arange(len(self.row))
        return allowed[self.row] & present

    def _scored(self, vector: Floats, rows: Ints) -> tuple[Ints, Floats]:
        """Return the rows that still have a vector, with their exact cosines."""
        if self.nearest.exact:
            return rows, self.nearest.vectors(self.position[rows].astype(np.int64)) @ vector
        ns = self.columns.n[rows].tolist()
        exact = self.store.vectors_at(self.model, ns)
        still = np.fromiter((n in exact for n in ns), np.bool_, len(ns))
        if not still.any():
            return np.empty(0, np.int64), np.empty(0, np.float32)
        return rows[still], np.stack([exact[n] for n in ns if n in exact]) @ vector
