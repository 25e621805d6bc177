"""What /metrics shows: requests, hooks, queues and sizes, in a registry of our own."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

HOOK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.3, 1.0, 5.0)
Sizes = Callable[[], dict[str, tuple[str, float]]]
"""Name -> (what it is, value now)."""


class Metrics:
    """The counters of one process."""

    def __init__(self, sizes: Sizes = dict) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "clawcortex_requests", "Operations called", ("operation", "outcome"), registry=self.registry
        )
        self.hooks = Counter(
            "clawcortex_hooks", "OpenClaw events", ("event", "outcome"), registry=self.registry
        )
        self.hook_seconds = Histogram(
            "clawcortex_hook_seconds",
            "Time from an event's arrival to its answer",
            ("event",),
            buckets=HOOK_BUCKETS,
            registry=self.registry,
        )
        self.injected = Counter(
            "clawcortex_injected_tokens", "Tokens put into prompts", registry=self.registry
        )
        self.worker_errors = Counter(
            "clawcortex_worker_errors", "Rounds of the worker that failed", registry=self.registry
        )
        self.consumed = Counter(
            "clawcortex_consumed_events",
            "Events told to consumers",
            ("consumer", "outcome"),
            registry=self.registry,
        )
        self.registry.register(_Gauges(sizes))

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Gauges(Collector):
    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the sizes as they are at this moment."""
        for name, (what, value) in self._sizes().items():
            yield GaugeMetricFamily(f"clawcortex_{name}", what, value=value)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Say nothing ahead: the sizes are read when asked for."""
        return ()


def resident_bytes() -> float:
    """Return the memory this process holds now (on macOS: the most it ever held)."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return float(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)
