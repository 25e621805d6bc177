"""What the process holds once, opened in the background while the server already answers.

Whoever calls before it is open waits; whoever calls after it failed gets the typed reason, and a new attempt.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
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
    from clawcortex.store.base import Store
    from clawcortex.store.index import Index

log = logging.getLogger(__name__)

RETRY_S = 1.0
"""A store that could not be opened is tried again after this, when somebody calls."""


def _wanted(settings: Settings) -> Embedder:
    from clawcortex.models.embedder import get_embedder

    return get_embedder(settings)


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
    from clawcortex.openclaw.gateway import GatewayHost
    from clawcortex.server import reembedding
    from clawcortex.skills.context import Resources
    from clawcortex.store.opening import open_store
    from clawcortex.text import privacy

    privacy.enforce(settings.privacy)
    store = open_store(settings)
    state = paths.state_dir()
    for folder in (paths.cache_dir() / "index", state / "exports", state / "archive"):
        if folder.is_dir():
            remove_leftovers(folder)  # a killed writer's half file may hold what was forgotten since
    try:
        wanted = get_embedder(settings)
        reembedding.declare(store, wanted)
        choice = reembedding.choose(store, wanted)
        resources = Resources(
            settings=settings,
            store=store,
            index=open_index(settings, store, choice.serving),
            embedder=choice.serving,
            target=None if choice.settled else choice.target,
            clock=lambda: datetime.now(UTC),
            wake=wake,
            drain=drain,
            host=GatewayHost(),
        )
        return Opened(resources, load_skills())
    except BaseException:
        store.close()
        raise


def open_index(settings: Settings, store: Store, embedder: Embedder) -> Index:
    """Return the index of a model's vectors, ready to answer."""
    from clawcortex.store.index import Index

    index = Index(
        store,
        embedder.model,
        embedder.dimensions,
        flat_limit=settings.flat_index_limit,
        snapshot_folder=paths.private_folder(paths.cache_dir() / "index"),
    )
    index.load()
    return index


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
        self._failures: dict[str, ClawcortexError] = {}

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
        """Load an embedding model; keep the reason when that fails."""
        known = self._failures.pop(embedder.model, None)
        try:
            embedder.load()
        except ClawcortexError as error:
            if str(error) != str(known):  # the worker tries again and again: tell a reason once
                log.exception("the embedding model %s cannot be loaded", embedder.model)
            self._failures[embedder.model] = error
        else:
            self._wake()
        with self._changed:
            self._changed.notify_all()

    def follow_models(self) -> Resources:
        """Let the model answer that the store calls for now, without a pause; return the resources.

        Calls in flight keep the index and the embedder they began with. What the target has replaced is removed.
        """
        from clawcortex.models.embedder import release
        from clawcortex.server import reembedding

        opened = self.opened()
        held = opened.resources
        choice = reembedding.choose(held.store, _wanted(self.settings))
        target = None if choice.settled else choice.target
        if not reembedding.same(choice.serving, held.embedder):
            log.info("recall answers from %s now, no more from %s", choice.serving.model, held.embedder.model)
            if not choice.serving.ready():
                self.load_model(choice.serving)
            index = open_index(self.settings, held.store, choice.serving)
            release(held.embedder)
            held = replace(held, index=index, embedder=choice.serving, target=target)
        elif not (
            target is held.target or (target and held.target and reembedding.same(target, held.target))
        ):
            held = replace(held, target=target)
        self._opened = Opened(held, opened.registry)
        if target is None:
            self._remove_others(held)
        return held

    def _remove_others(self, held: Resources) -> None:
        from clawcortex.server import reembedding

        for name in reembedding.others(held.store, held.embedder.model):
            held.index.snapshot()  # before what it replaces is gone
            count = held.store.drop_vectors(name)
            log.info("%d vectors of %s removed: all is embedded with %s", count, name, held.embedder.model)

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
        model = self._state(opened.resources.embedder)
        return {"store": "ready", "index": "ready", "skills": broken or "ready", "model": model}

    def _state(self, embedder: Embedder) -> str:
        if embedder.ready():
            return "ready"
        failure = self._failures.get(embedder.model)
        return f"{failure}; {failure.hint}" if failure else "loading"

    def reembedding(self) -> str:
        """Return how far the change of the model is, "" when there is none."""
        from clawcortex.store.progress import told

        opened = self._opened
        if opened is None or opened.resources.target is None:
            return ""
        held, target = opened.resources, opened.resources.target
        state = self._state(target)
        line = told(held.store, held.index.view(), held.embedder.model, target.model)
        return line if state in ("ready", "loading") else f"{line}; it does not go on: {state}"

    def hush(self) -> None:
        """End the transcriber; whoever waits for it is told."""
        from clawcortex.speech import get_transcriber

        get_transcriber(self.settings).close()

    def close(self) -> None:
        """Write the index's snapshot and close the store."""
        from clawcortex.upkeep.audit import note_head

        with self._lock:  # an opening that has begun is waited for
            opened = self._opened
        if opened is None:
            return
        try:
            opened.resources.index.snapshot()
        except ClawcortexError:
            log.exception("the index could not be written; it is rebuilt at the next start")
        try:
            note_head(opened.resources.store)
        except ClawcortexError:
            log.exception("the newest line of the audit could not be noted")
        opened.resources.store.close()
