"""What the Flight door counts for its operators: once a batch, never once a transfer."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import Counter, Histogram
from prometheus_client.core import Metric

from yunjin.kernel.clock import Clock

_BUCKETS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)


class FlightMeter:
    """The counts of a Flight server since it was opened, by stream. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self.now_ns = clock.monotonic_ns
        self._batches = Counter("flight_batches", "Batches answered.", ("stream",), registry=None)
        self._refused = Counter(
            "flight_batches_refused",
            "Batches answered with a problem, or that ended their stream.",
            ("stream",),
            registry=None,
        )
        self._rows = Counter(
            "flight_rows", "Rows of the batches that were not refused.", ("stream",), registry=None
        )
        self._seconds = Histogram(
            "flight_batch_seconds",
            "Time from a batch's arrival until its answer was known.",
            ("stream",),
            buckets=_BUCKETS_S,
            registry=None,
        )

    def answered(self, stream: str, rows: int, started_ns: int | None = None) -> None:
        """Count a batch that was done; started_ns: `now_ns` when it came, if one waited for it."""
        self._batches.labels(stream).inc()
        self._rows.labels(stream).inc(rows)
        if started_ns is not None:
            self._seconds.labels(stream).observe((self.now_ns() - started_ns) / 1_000_000_000)

    def refused(self, stream: str) -> None:
        """Count a batch that was not."""
        self._refused.labels(stream).inc()

    def families(self) -> Iterator[Metric]:
        """Yield what Prometheus scrapes."""
        for counted in (self._batches, self._refused, self._rows, self._seconds):
            yield from counted.collect()
