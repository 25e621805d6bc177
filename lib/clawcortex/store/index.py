"""The index: columns and nearest vectors in RAM, made from the store and kept in step with it.

The store is the truth. `refresh` replays the store's log of changes; when the log does not reach back,
or the snapshot is missing, damaged or of another history, everything is read from rows and vectors.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from clawcortex.errors import StorageError
from clawcortex.store.base import Store
from clawcortex.store.nearest import Nearest
from clawcortex.store.snapshot import Header, read_snapshot, write_snapshot
from clawcortex.store.state import State
from clawcortex.store.view import View

__all__ = ["Index", "View"]

log = logging.getLogger(__name__)

LAG = 2_000
"""Most changes that a start reads from the store after the snapshot; the store's log keeps ten times as many."""


class Index:
    """Hold what recall reads. Every method is safe from any thread; `view` never waits."""

    def __init__(
        self, store: Store, model: str, dimensions: int, *, flat_limit: int, snapshot_folder: Path
    ) -> None:
        self.model = model
        self.dimensions = dimensions
        self._store = store
        self._flat_limit = flat_limit
        self._file = snapshot_folder / "index.faiss"
        self._following = threading.Lock()
        self._rebuilding = threading.Lock()
        self._saving = threading.Lock()
        self._removed: set[int] = set()
        self._saved = 0
        self._loaded = False
        self._state = self._fresh()
        self._publish()

    def _fresh(self) -> State:
        return State(self._store, self.model, Nearest(self.dimensions, flat_limit=self._flat_limit))

    @property
    def generation(self) -> int:
        """Return the store's generation that is held; 0 before anything was read."""
        return self._generation

    @property
    def embedded(self) -> int:
        """Return how many memories have a vector here."""
        view = self._view
        return int(np.count_nonzero(view.embedded & view.alive))

    def snapshot_due(self) -> bool:
        """Return whether the snapshot holds what was removed, or is further behind than a start should catch up.

        At a million memories it is 400 MB: too much to be written again for every memory.
        """
        state, behind = self._state, self._generation - self._saved
        far = behind > min(LAG, len(state.held) // 1_000)
        return far or (behind > 0 and (self._saved == 0 or state.wasted > 0))

    def view(self) -> View:
        """Return an immutable, consistent look at everything, as of the last refresh."""
        return self._view

    def refresh(self) -> None:
        """Take over what the store has beyond what is held; cheap when that is nothing."""
        if self._loaded and self._store.generation == self._generation:
            return
        with self._following:
            if not self._loaded:
                self._state = self._from_snapshot() or self._from_store()
            elif (changes := self._store.changes(self._state.generation)) is None:
                log.info("the store's log does not reach back to %d: reading all", self._state.generation)
                self._state = self._from_store()
            else:
                self._state.follow(changes)
            self._publish()
            self._loaded = True

    def load(self) -> None:
        """Make ready: from the snapshot where it fits, else from the store."""
        self.refresh()

    def remove(self, positions: Iterable[int]) -> None:
        """Make the memories at these `n` invisible now, before the store has removed them."""
        gone = [int(n) for n in positions]
        with self._following:
            self._removed.update(gone)
            self._state.remove(gone)
            self._publish()

    def rebuild(self) -> int:
        """Read all anew from the store while the old goes on answering; return the number of vectors."""
        with self._rebuilding:
            state = self._from_store()
            with self._following:
                changes = self._store.changes(state.generation)
                state.follow(changes or [])
                state.remove(self._removed)
                self._state = state
                self._publish()
                self._loaded = True
                self._removed = {n for n in self._removed if state.held.holds(n)}
                return self.embedded

    def snapshot(self) -> None:
        """Write the vectors to the cache; those of removed memories are dropped first."""
        with self._saving:
            self.refresh()
            if self._state.wasted:
                self.rebuild()
            with self._following:
                state = self._state
                generation, ns = state.generation, state.vectors_owned()
                if generation == 0 or (generation == self._saved and self._file.exists()):
                    return
                copy, scale = state.nearest.copier(), state.nearest.scale
            reached = self._stamp(generation)
            if reached is not None:
                header = Header(generation, reached, self.model, self.dimensions, len(ns), scale)
                write_snapshot(self._file, header, ns, copy())
                self._saved = generation

    def _publish(self) -> None:
        # In this order: who finds the generation reached must find the view that has it.
        self._view = self._state.view()
        self._generation = self._state.generation

    def _from_store(self) -> State:
        state = self._fresh()
        state.read_all()
        return state

    def _from_snapshot(self) -> State | None:
        """Return the state of the snapshot brought up to date; None when there is none that fits."""
        try:
            found = read_snapshot(self._file, self._fits)
            if found is None:
                return None
            header, ns, faiss_index = found
            nearest = Nearest(
                self.dimensions, flat_limit=self._flat_limit, faiss_index=faiss_index, scale=header.scale
            )
            changes = self._store.changes(header.generation)
            if changes is None or not nearest.fits:
                return None
            state = State(self._store, self.model, nearest)
            state.adopt(ns, header.generation)
            state.follow(changes)
        except StorageError as error:
            log.warning("the index snapshot is of no use, reading the store instead: %s", error.message)
            return None
        self._saved = header.generation
        return state

    def _fits(self, header: Header) -> bool:
        mine = (header.model, header.dimensions) == (self.model, self.dimensions)
        return mine and header.stamp == self._stamp(header.generation)

    def _stamp(self, generation: int) -> int | None:
        """Return when the store reached that generation; None when it does not know any more."""
        changes = self._store.changes(generation - 1)
        return changes[0].at if changes and changes[0].generation == generation else None
