"""What the process holds once, opened in the background while the server already answers.

Whoever calls before it is open waits; whoever calls after it failed gets the typed reason, and a new attempt.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clawcortex import paths
from clawcortex.errors import ClawcortexError, UnavailableError
from clawcortex.skills.registry import Registry
from clawcortex.skills.registry import load as load_skills

if TYPE_CHECKING:
    from clawcortex.models.base import Embedder
    from clawcortex.settings import Settings
    from clawcortex.skills.context import Resources

log = logging.getLogger(__name__)

RETRY_S = 1.0
"""A store that could not be opened is tried again after this, when somebody calls."""

Nudge = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Opened:
    """The resources and the skills that use them."""

    resources: Resources
    registry: Registry


def open_resources(settings: Settings, wake: Nudge, drain: Nudge) -> Opened:
    """Open the store and its index, name the embedder, load the skills; slow imports happen here."""
    from clawcortex.files import remove_leftovers
    from clawcortex.models.embedder import get_embedder
    from clawcortex.skills.context import Resources
    from clawcortex.store.index import Index
    from clawcortex.store.opening import open_store

    store = open_store(settings)
    for folder in (paths.cache_dir() / "index", paths.state_dir() / "exports"):
        if folder.is_dir():
            remove_leftovers(folder)  # a killed writer's half file may hold what was forgotten since
    try:
        embedder = get_embedder(settings)
        index = Index(
            store,
            embedder.model,
            embedder.dimensions,
            flat_limit=settings.flat_index_limit,
            snapshot_folder=paths.private_folder(paths.cache_dir() / "index"),
        )
        index.load()
        resources = Resources(
            settings=settings,
            store=store,
            index=index,
            embedder=embedder,
            clock=lambda: datetime.now(UTC),
            wake=wake,
            drain=drain,
        )
        return Opened(resources, load_skills())
    except BaseException:
        store.close()
        raise


class Residence:
    """Open everything in the background and say how far it is."""

    def __init__(self, settings: Settings, *, wake: Nudge, drain: Nudge) -> None:
        self.settings = settings
        self._wake = wake
        self._drain = drain
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._changed = threading.Condition()
        self._opened: Opened | None = None
        self._failure: ClawcortexError | None = None
        self._tried_at = 0.0
        self.model_failure: ClawcortexError | None = None

    def begin(self) -> None:
        """Start opening the store and loading the model, side by side; return at once."""
        threading.Thread(target=self._begin, name="opening", daemon=True).start()
        threading.Thread(target=self._load_early, name="model", daemon=True).start()

    def _begin(self) -> None:
        self._open()
        self._wake()

    def _load_early(self) -> None:
        from clawcortex.models.embedder import get_embedder

        try:
            embedder = get_embedder(self.settings)
        except ClawcortexError:
            log.exception(
                "the embedding model cannot be named"
            )  # opening fails on it too, and tells the callers
        else:
            self.load_model(embedder)

    def load_model(self, embedder: Embedder) -> None:
        """Load the embedding model; keep the reason when that fails."""
        try:
            embedder.load()
        except ClawcortexError as error:
            if str(error) != str(self.model_failure):  # the worker tries again and again: tell a reason once
                log.exception("the embedding model cannot be loaded")
            self.model_failure = error
        else:
            self.model_failure = None
            self._wake()
        with self._changed:
            self._changed.notify_all()

    def _open(self) -> None:
        with self._lock:
            if self._opened is not None or time.monotonic() - self._tried_at < RETRY_S:
                return
            try:
                self._opened = open_resources(self.settings, self._wake, self._drain)
                self._failure = None
            except ClawcortexError as error:
                log.exception("opening failed")
                self._failure = error
            except Exception as error:  # the caller gets it typed, the log gets the traceback
                log.exception("opening failed")
                self._failure = UnavailableError(
                    f"the server could not open its store: {type(error).__name__}: {error}"
                )
            self._tried_at = time.monotonic()
            self._settled.set()
        with self._changed:
            self._changed.notify_all()

    def opened(self) -> Opened:
        """Return what is open; wait while it opens, raise the reason when it cannot be opened."""
        self._settled.wait()
        if self._opened is None:
            self._open()
        if self._opened is None:
            raise self._failure or UnavailableError("the server is not open")
        return self._opened

    def peek(self) -> Opened | None:
        """Return what is open, without waiting."""
        return self._opened

    def wait(self, seconds: float) -> None:
        """Return when every part is ready or failed, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: "loading" not in self.parts().values(), seconds)

    def parts(self) -> dict[str, str]:
        """Return the state of each part: "ready", "loading", or why it failed."""
        opened = self._opened
        if opened is None:
            state = str(self._failure) if self._failure else "loading"
            return {"store": state, "index": state, "skills": state, "model": state}
        broken = "; ".join(f"{item.folder}: {item.reason}" for item in opened.registry.broken)
        model = "ready" if opened.resources.embedder.ready() else str(self.model_failure or "loading")
        return {"store": "ready", "index": "ready", "skills": broken or "ready", "model": model}

    def close(self) -> None:
        """Write the index's snapshot and close the store."""
        with self._lock:  # an opening that has begun is waited for
            opened = self._opened
        if opened is None:
            return
        try:
            opened.resources.index.snapshot()
        except ClawcortexError:
            log.exception("the index could not be written; it is rebuilt at the next start")
        opened.resources.store.close()
