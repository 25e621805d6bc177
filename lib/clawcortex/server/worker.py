"""The worker: one thread that reads the spool, embeds what has no vector yet and snapshots the index."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from clawcortex.errors import ClawcortexError
from clawcortex.server.calls import background
from clawcortex.server.spool import Spool

if TYPE_CHECKING:
    from clawcortex.models.base import Embedder
    from clawcortex.server.resources import Opened, Residence
    from clawcortex.skills.context import Resources
    from clawcortex.store.base import Store

log = logging.getLogger(__name__)

BATCH = 64
"""Texts embedded between two looks at whether to stop."""
SPOOL_S = 5.0
"""The spool is looked at this often: index.js leaves a turn there whenever a call failed."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0


class Worker:
    """Work in the background until stopped; every wait is on one event."""

    def __init__(self, residence: Residence, spool: Spool, *, failed: Callable[[], None]) -> None:
        self._residence = residence
        self._spool = spool
        self._failed = failed
        self._event = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._snapshot_at = time.monotonic()
        self.caught_up = threading.Event()
        """Set once the spool that waited at the start was applied, or was found to be impossible to apply."""

    def start(self) -> None:
        """Begin; the first round waits until the store is open."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._event.set()

    def stop(self, seconds: float) -> bool:
        """Ask to stop between batches; return whether the thread ended in time."""
        self._stopping = True
        self._event.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping:
            try:
                self._round(self._residence.opened())
                pause = 0.0
            except Exception as error:  # the thread outlives every fault: logged, counted, retried
                self._failed()
                pause = min(max(pause * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
                typed = isinstance(error, ClawcortexError)
                log.warning("worker: %s; next try in %.1f s", error, pause, exc_info=not typed)
            self.caught_up.set()
            self._event.wait(pause or self._idle_s())
            self._event.clear()

    def _round(self, opened: Opened) -> None:
        self._spool.drain()
        self.caught_up.set()
        self._embed(opened.resources.store)
        opened = self._residence.opened()
        self._do_chores(opened)
        self._snapshot_when_due(opened.resources)

    def _embed(self, store: Store) -> None:
        """Embed everything, first with the model that answers, then with the one that shall answer."""
        resources = self._residence.follow_models()
        models = [model for model in (resources.embedder, resources.target) if model is not None]
        for model in models:
            if not model.ready():
                self._residence.load_model(model)
        if any(model.ready() and store.unembedded(model.model, limit=1) for model in models):
            with store.exclusive("embedding") as mine:  # of several servers on one store, one embeds
                while mine and not self._stopping and any(embed_some(resources, model) for model in models):
                    self._snapshot_when_due(resources)
                    self._spool.drain()  # a bulk import lasts hours; what was said meanwhile must not wait
        if resources.target is not None and not self._stopping:
            self._residence.follow_models()

    def _do_chores(self, opened: Opened) -> None:
        """Let each skill look after what is new; one that fails does not keep the others from theirs.

        What came meanwhile goes first: each chore does one piece, and the next round, which begins at once, more.
        """
        for skill, chore in opened.registry.chores():
            context = background(opened.resources, skill.name, chore.name)
            try:
                while not self._stopping and chore.run(context) and not self._event.is_set():
                    pass
            except Exception as error:  # it is tried again in the next round
                self._failed()
                typed = isinstance(error, ClawcortexError)
                context.log.warning("%s: %s", chore.name, error, exc_info=not typed)

    def _idle_s(self) -> float:
        return min(SPOOL_S, self._residence.settings.idle_snapshot_s)

    def _snapshot_when_due(self, resources: Resources) -> None:
        from clawcortex.upkeep.audit import note_head

        now = time.monotonic()
        if now - self._snapshot_at < self._residence.settings.idle_snapshot_s:
            return
        self._snapshot_at = (
            now  # before what may fail: what cannot be written down must not hold up embedding
        )
        if resources.index.snapshot_due():
            resources.index.snapshot()
        note_head(resources.store)


def embed_some(resources: Resources, embedder: Embedder) -> int:
    """Embed one batch of memories that have no vector of this model yet; return how many there were."""
    if not embedder.ready():
        return 0
    waiting = resources.store.unembedded(embedder.model, limit=BATCH)
    if waiting:
        numbers = [n for n, _ in waiting]
        vectors = embedder.encode([text for _, text in waiting])
        resources.store.put_vectors(embedder.model, numbers, vectors)
        resources.index.refresh()
    return len(waiting)
