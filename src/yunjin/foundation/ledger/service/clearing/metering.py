"""What clearing counts for its operators: once a batch, never once a transfer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

from yunjin.foundation.ledger.api import CrossingOutcome, PeerState
from yunjin.foundation.ledger.service.clearing.saga import Answer
from yunjin.kernel.clock import Clock

_SECOND: Final = 1_000_000_000
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)


class Meter:
    """The counts of one cell's clearing since it was opened here. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._crossings = Counter(
            "clearing_crossings",
            "Transfers to other cells, by what became of them.",
            ("peer", "outcome"),
            registry=None,
        )
        self._seconds = Histogram(
            "clearing_batch_seconds",
            "Time of a try of a batch, from hold to end or to what stopped it.",
            ("peer",),
            buckets=_BUCKETS,
            registry=None,
        )

    @contextmanager
    def crossing(self, peer: str) -> Iterator[Callable[[Answer], None]]:
        """Time a try of a batch; yields what counts its answer."""
        started_ns = self._clock.monotonic_ns()

        def told(answer: Answer) -> None:
            counts = np.bincount(answer.outcome, minlength=len(CrossingOutcome))
            for outcome in CrossingOutcome:
                if counts[outcome]:
                    name = outcome.name.lower()
                    self._crossings.labels(peer, name).inc(int(counts[outcome]))

        yield told
        self._seconds.labels(peer).observe((self._clock.monotonic_ns() - started_ns) / _SECOND)

    def families(self, states: list[PeerState], now_us: int) -> Iterator[Metric]:
        """Yield what Prometheus scrapes; what is in doubt with its age."""
        for counted in (self._crossings, self._seconds):
            yield from counted.collect()
        batches = GaugeMetricFamily(
            "clearing_in_doubt_batches", "Batches that have not come to their end.", labels=["peer"]
        )
        rows = GaugeMetricFamily(
            "clearing_in_doubt_crossings", "Transfers in those batches.", labels=["peer"]
        )
        age = GaugeMetricFamily(
            "clearing_in_doubt_age_seconds", "Age of the oldest of them.", labels=["peer"]
        )
        for state in states:
            name = [state.name]
            batches.add_metric(name, state.batch_count)
            rows.add_metric(name, state.row_count)
            oldest_us = now_us - state.oldest_at_us if state.oldest_at_us else 0
            age.add_metric(name, max(0, oldest_us) / 1_000_000)
        yield from (batches, rows, age)
