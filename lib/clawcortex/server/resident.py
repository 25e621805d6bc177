"""The resident process: it answers at once, opens the rest in the background, and drains at the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import uvicorn

from clawcortex import paths
from clawcortex.server import peers
from clawcortex.server.app import Faces, build
from clawcortex.server.backups import Backups
from clawcortex.server.calls import Calls, new_request_id
from clawcortex.server.commands import Commands
from clawcortex.server.consumers import FAILED, Consumers
from clawcortex.server.hooks import Hooks
from clawcortex.server.injected import Lately
from clawcortex.server.lifecycle import Lock, identity, say
from clawcortex.server.looping import Loop
from clawcortex.server.metrics import Metrics, resident_bytes
from clawcortex.server.page.door import Door
from clawcortex.server.page.house import House
from clawcortex.server.page.routes import PAGE, Page
from clawcortex.server.pool import Pools
from clawcortex.server.resources import Residence
from clawcortex.server.spool import Spool
from clawcortex.server.tasks import run_one
from clawcortex.server.watching import Watch
from clawcortex.server.worker import Worker
from clawcortex.settings import Settings

log = logging.getLogger(__name__)

DRAIN_S = 10.0
"""How long requests in flight, and then the worker, may take to end."""


class _Uvicorn(uvicorn.Server):
    """uvicorn with our signals and our word when it listens."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to Resident: uvicorn would raise them again after its shutdown, before ours."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._announce()


def _configured(application: Any, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        **more,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=int(DRAIN_S),
    )


def _networked(application: Any, settings: Settings) -> tuple[_Uvicorn, socket.socket]:
    """Return the listener on the network and what it listens on; SettingsError where that cannot be."""
    from clawcortex.server import network

    guarded = network.guarded(application, network.the_token(), open_path=PAGE)
    config = _configured(guarded, http="httptools", **network.tls(settings))
    said = partial(log.info, "listening on the network", extra={"listen": settings.listen})
    return _Uvicorn(config, said), network.bound(settings)


class Resident:
    """The resident process: everything that lives as long as it does."""

    def __init__(self, settings: Settings) -> None:
        self._pools = Pools()
        self._metrics = Metrics(self._sizes)
        self._residence = Residence(settings, wake=self._wake, drain=self._drain)
        calls = Calls(self._residence, self._metrics)
        lately, watch = Lately(), Watch()
        self._hooks = Hooks(
            self._residence, self._metrics, self._pools, caught_up=self._caught_up, lately=lately
        )
        self._spool = Spool(self._apply)
        self._worker = Worker(self._residence, self._spool, failed=self._metrics.worker_errors.inc)
        failed = self._metrics.worker_errors.inc
        self._tasks = (
            Loop("tasks", self._residence, run_one, failed=failed),
            Loop("slow tasks", self._residence, partial(run_one, slow=True), failed=failed),
            Loop("watch", self._residence, watch.step, failed=failed),
        )
        self._consumers = Consumers(
            self._residence, count=self._count_consumed, failed=self._metrics.worker_errors.inc
        )
        self._backups = Backups(self._residence, failed=failed)
        faces = Faces(
            self._residence,
            calls,
            Commands(self._residence, calls, self._pools),
            self._hooks,
            self._pools,
            self._metrics,
            Page(
                self._residence,
                calls,
                self._pools,
                House(self._residence, self._metrics, lately, watch),
                Door(),
            ),
            draining=self._draining,
            stop=self.stop,
        )
        application: Any = build(faces)
        self._server = _Uvicorn(
            _configured(application, http=peers.Protocol, timeout_keep_alive=300), self._started
        )
        self._network = [_networked(application, settings)] if settings.listen else []
        self._starting: Lock | None = None

    def run(self, bound: socket.socket, starting: Lock) -> bool:
        """Serve until told to stop; return whether everything ended in time."""
        self._starting = starting
        asyncio.run(self._serve(bound))
        log.info("draining")
        for tasks in self._tasks:
            tasks.begin_stopping()  # while the worker ends, no further job begins
        self._consumers.begin_stopping()
        self._residence.hush()
        self._backups.begin_stopping()
        in_time = self._worker.stop(DRAIN_S)
        for tasks in self._tasks:
            in_time = tasks.stop(DRAIN_S) and in_time
        in_time = self._consumers.stop(DRAIN_S) and in_time
        in_time = self._pools.close(DRAIN_S) and in_time
        in_time = self._backups.stop(DRAIN_S) and in_time
        self._residence.close()
        log.info("ended", extra={"in_time": in_time})
        return in_time

    def stop(self) -> None:
        """Ask to end: stop accepting, finish what runs; safe from any thread and signal."""
        self._server.should_exit = True
        for server, _ in self._network:
            server.should_exit = True

    async def _serve(self, bound: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        self._residence.begin()
        self._worker.start()
        for tasks in self._tasks:
            tasks.start()
        self._consumers.start()
        self._backups.start()
        listening = [(self._server, bound), *self._network]
        await asyncio.gather(*(server.serve(sockets=[at]) for server, at in listening))

    def _started(self) -> None:
        said = {"state": "listening", "socket": str(paths.socket_path()), **identity()}
        log.info("listening", extra=said | {"rss_mb": round(resident_bytes() / 1e6)})
        say(said)
        if self._starting is not None:
            self._starting.release()

    def _draining(self) -> bool:
        return self._server.should_exit

    def _wake(self) -> None:
        self._worker.wake()

    def _drain(self) -> None:
        self._spool.drain()

    def _caught_up(self, seconds: float) -> bool:
        return self._worker.caught_up.wait(seconds)

    def _apply(self, hook: str, event: Mapping[str, Any], ctx: Mapping[str, Any]) -> None:
        self._hooks.apply(hook, {"event": event, "ctx": ctx}, new_request_id())

    def _count_consumed(self, consumer: str, outcome: str) -> None:
        self._metrics.consumed.labels(consumer, outcome).inc()

    def _sizes(self) -> dict[str, tuple[str, float]]:
        sizes = {
            "resident_bytes": ("Memory of the process", resident_bytes()),
            "spool_files": ("Turns that wait in the spool", float(len(self._spool.waiting()))),
        }
        for name, inside in self._pools.sizes().items():
            sizes[f"queue_{name}"] = (f"Calls of this kind that run or wait: {name}", float(inside))
        opened = self._residence.peek()
        if opened is not None:
            index = opened.resources.index
            sizes |= {
                "memories": ("Memories in the store", float(opened.resources.store.count())),
                "given_up_events": (
                    "Events that a consumer gave up",
                    float(opened.resources.store.count_records(FAILED)),
                ),
                "embedded": ("Memories with a vector", float(index.embedded)),
                "index_generation": ("Generation of the index", float(index.generation)),
                "model_ready": ("1 when recall is semantic", float(opened.resources.embedder.ready())),
            }
        return sizes
