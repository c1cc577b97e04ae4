"""What the bank tells its operators: readiness and Prometheus metrics."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from starlette.types import Scope

from yunjin.kernel.room import Room

Families = Callable[[], Iterable[Any]]  # yields Prometheus metric families, counted until now
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def reasons(rooms: Iterable[Room]) -> dict[str, str]:
    """Ask every probe; return its name and why it is not ready, "" where it is."""
    return {name: _asked(probe) for room in rooms for name, probe in room.probes.items()}


def _asked(probe: Callable[[], str]) -> str:
    try:
        return probe()
    except Exception as error:  # a probe that breaks says so, and is not ready
        return f"the probe failed: {type(error).__name__}"


class Meter:
    """Counts requests, and collects what the rooms count; a registry of its own."""

    def __init__(self, rooms: Sequence[Room], others: Sequence[Families] = ()) -> None:
        self.registry = CollectorRegistry()
        self._rooms = rooms
        self._asked = [*(room.metrics for room in rooms if room.metrics is not None), *others]
        labels = ("method", "route", "status")
        self._requests = Counter(
            "http_requests", "Requests answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_seconds",
            "Time from the request's head to the end of its answer.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self.registry.register(self)

    def observe(self, scope: Scope, status: int, nanoseconds: int) -> None:
        """Count a request under its route, never under its address: that may hold an id."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        key = (method, _route(scope), status)
        children = self._children.get(key)
        if children is None:
            route = key[1]
            children = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
            self._children[key] = children
        count, seconds = children
        count.inc()
        seconds.observe(nanoseconds / 1_000_000_000)

    def describe(self) -> Iterable[Any]:
        """Name nothing ahead: the rooms are asked at each scrape only."""
        return []

    def collect(self) -> Iterable[Any]:
        """Yield readiness and the rooms' metric families, asked anew."""
        ready = GaugeMetricFamily("yunjin_ready", "1 where a probe says ready.", labels=["probe"])
        for name, why in reasons(self._rooms).items():
            ready.add_metric([name], 0 if why else 1)
        yield ready
        for families in self._asked:
            yield from families()


def _route(scope: Scope) -> str:
    """Return the pattern of the route that served a request, a word for all else."""
    path, pattern = scope["path"], str(getattr(scope.get("route"), "path", ""))
    if path.startswith("/console"):
        return "/console"
    if not pattern:
        return "other"
    is_inner = path.startswith("/v1/") and not pattern.startswith("/v1/")
    return f"/v1{pattern}" if is_inner else pattern  # an included router's own pattern is short
