"""What a room's flows tell their operators: counted once a turn, asked anew at a scrape."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

from yunjin.chassis.flow.reading import FlowReader
from yunjin.chassis.flow.tables import State
from yunjin.kernel.clock import Clock

_SECOND: Final = 1_000_000_000
_TURN_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_CALL_S: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_COUNT_S: Final = 10  # counting a million rows at every scrape would be felt


class Meter:
    """The counts of a room's flows since the process began. Safe for threads."""

    def __init__(self, room: str, clock: Clock) -> None:
        self._room, self._clock = room, clock
        self._turns = Histogram(
            f"{room}_flow_turn_seconds",
            "Time of a transaction that brought flows forward.",
            buckets=_TURN_S,
            registry=None,
        )
        self._steps = Counter(
            f"{room}_flow_steps", "Steps and calls done and saved.", registry=None
        )
        self._ended = Counter(
            f"{room}_flow_ended", "Flows that ended.", ("flow", "state"), registry=None
        )
        self._parked = Counter(
            f"{room}_flow_parked", "Flows that were left to a person.", ("flow",), registry=None
        )
        self._calls = Histogram(
            f"{room}_flow_call_seconds",
            "Time of a call to another room, a failed one too.",
            ("call",),
            buckets=_CALL_S,
            registry=None,
        )
        self._counting = threading.Lock()
        self._counted: list[Metric] = []
        self._counted_ns = 0

    @contextmanager
    def turning(self) -> Iterator[None]:
        """Time a turn, unless it fails."""
        began_ns = self._clock.monotonic_ns()
        yield
        self._turns.observe((self._clock.monotonic_ns() - began_ns) / _SECOND)

    @contextmanager
    def calling(self, name: str) -> Iterator[None]:
        """Time a call."""
        began_ns = self._clock.monotonic_ns()
        try:
            yield
        finally:
            took_ns = self._clock.monotonic_ns() - began_ns
            self._calls.labels(name).observe(took_ns / _SECOND)

    def done(self, steps: int) -> None:
        """Count what a turn did."""
        self._steps.inc(steps)

    def ended(self, flow: str, state: State) -> None:
        """Count a flow that ended, or was parked."""
        if state is State.PARKED:
            self._parked.labels(flow).inc()
        else:
            self._ended.labels(flow, state.name.lower()).inc()

    def families(self, reader: FlowReader, names: list[str]) -> Iterator[Metric]:
        """Yield the room's metric families. Raises: Outage."""
        yield from self._standing(reader, names)
        for one in (self._turns, self._steps, self._ended, self._parked, self._calls):
            yield from one.collect()

    def _standing(self, reader: FlowReader, names: list[str]) -> list[Metric]:
        """Return how many flows stand where, at most ten seconds old."""
        with self._counting:
            now_ns = self._clock.monotonic_ns()
            if self._counted and now_ns - self._counted_ns < _COUNT_S * _SECOND:
                return self._counted
            found = reader.counts_by_name(names)
            flows = GaugeMetricFamily(
                f"{self._room}_flows",
                "Flows that have not ended; parked ones wait for a person.",
                labels=["flow", "state"],
            )
            for name in names:
                for state in (State.PARKED, State.RUNNING, State.WAITING):
                    flows.add_metric([name, state.name.lower()], found.get((name, state), 0))
            late = GaugeMetricFamily(
                f"{self._room}_flow_overdue_seconds",
                "How long ago the time came that a flow still waits for.",
                value=reader.overdue_us() / 1_000_000,
            )
            self._counted, self._counted_ns = [flows, late], now_ns
            return self._counted
