"""What the ledger counts for its operators: once a batch and a commit, never once a transfer."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import pyarrow as pa
from prometheus_client import Counter, Histogram, Summary
from prometheus_client.core import GaugeMetricFamily, Metric

from yunjin.foundation.ledger.api import TRANSIENT, TransferStatus
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.store.engine import Engine
from yunjin.foundation.ledger.store.index import Index
from yunjin.foundation.ledger.store.journal import Journal
from yunjin.kernel.clock import Clock

OUTCOMES: Final = ("created", "exists", "transient", "refused")
_SECOND: Final = 1_000_000_000
_COMMIT_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)
_COMMIT_ROWS: Final = (1, 4, 16, 64, 256, 1_024, 4_096, 8_190, 16_380, 32_760, 65_520)


class Meter:
    """The counts of one cell since it was opened here. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._transfers = Counter(
            "ledger_transfers",
            "Transfers answered: transient ones failed for what may change, such as lack of money.",
            ("outcome",),
            registry=None,
        )
        self._outcomes = [self._transfers.labels(name) for name in OUTCOMES]
        self._commit_seconds = Histogram(
            "ledger_commit_seconds",
            "Time until the rows of a commit were durable.",
            buckets=_COMMIT_S,
            registry=None,
        )
        self._commit_rows = Histogram(
            "ledger_commit_rows",
            "Transfers, accounts and others that shared a commit.",
            buckets=_COMMIT_ROWS,
            registry=None,
        )
        self._journal_bytes = Counter(
            "ledger_journal_bytes", "Bodies of journal rows, before compression.", registry=None
        )
        self._checkpoint_seconds = Summary(
            "ledger_checkpoint_seconds", "Time until a checkpoint was on disk.", registry=None
        )
        self._checkpoint_ns = clock.monotonic_ns()

    def posted(self, answer: "Future[pa.RecordBatch]") -> None:
        """Count a batch of transfers, once it is durable and answered."""
        if answer.cancelled() or answer.exception() is not None:
            return
        status = answer.result()["status"].to_numpy()
        if not status.any():  # the usual batch: all were created
            self._outcomes[0].inc(len(status))
            return
        counts = np.bincount(status, minlength=256)
        for outcome, count in zip(self._outcomes, (_CLASSES @ counts).tolist(), strict=True):
            outcome.inc(count)

    @contextmanager
    def committing(self, entries: list[Entry]) -> Iterator[None]:
        """Count a commit, unless it fails."""
        started_ns = self._clock.monotonic_ns()
        yield
        self._commit_seconds.observe((self._clock.monotonic_ns() - started_ns) / _SECOND)
        self._commit_rows.observe(sum(entry.row_count for entry in entries))
        self._journal_bytes.inc(sum(len(entry.body) for entry in entries))

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Count a checkpoint, unless it fails."""
        started_ns = self._clock.monotonic_ns()
        yield
        self._checkpoint_ns = self._clock.monotonic_ns()
        self._checkpoint_seconds.observe((self._checkpoint_ns - started_ns) / _SECOND)

    def families(self, waiting_rows: int) -> Iterator[Metric]:
        """Yield what Prometheus scrapes."""
        for counted in (
            self._transfers,
            self._commit_seconds,
            self._commit_rows,
            self._journal_bytes,
            self._checkpoint_seconds,
        ):
            yield from counted.collect()
        age_s = (self._clock.monotonic_ns() - self._checkpoint_ns) / _SECOND
        yield GaugeMetricFamily(
            "ledger_waiting_rows", "Rows whose commit has not begun.", value=waiting_rows
        )
        yield GaugeMetricFamily(
            "ledger_checkpoint_age_seconds",
            "Time since a checkpoint was written here, or else since the opening.",
            value=age_s,
        )


class MeteredJournal(Journal):
    """A journal whose commits are counted."""

    def __init__(self, engine: Engine, cell: int, *, codec: str, meter: Meter) -> None:
        super().__init__(engine, cell, codec=codec)
        self._meter = meter

    def append(self, entries: list[Entry], epoch: int, expires_at: int) -> None:
        with self._meter.committing(entries):
            super().append(entries, epoch, expires_at)


class MeteredIndex(Index):
    """An index whose checkpoints are counted."""

    def __init__(self, engine: Engine, cell: int, *, meter: Meter) -> None:
        super().__init__(engine, cell)
        self._meter = meter

    def save(self, *arguments: Any, **named: Any) -> None:
        with self._meter.saving():
            super().save(*arguments, **named)


def _classes() -> Any:
    """Return which status counts as which outcome: int64[outcomes, 256] of 0 and 1."""
    found = np.zeros((len(OUTCOMES), 256), np.int64)
    found[OUTCOMES.index("refused")] = 1
    known = {"created": [TransferStatus.CREATED], "exists": [TransferStatus.EXISTS]}
    for name, statuses in {**known, "transient": sorted(TRANSIENT)}.items():
        found[:, statuses] = 0
        found[OUTCOMES.index(name), statuses] = 1
    return found


_CLASSES: Final = _classes()
