"""Customers of the demo's cluster: they pay without a pause, and notice each wait."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa

from yunjin.client import Accounts, CellClient, Transfers, ids
from yunjin.foundation.database.api.topology import Beat
from yunjin.kernel.errors import Problem

ACCOUNTS: Final = 2_000
ROWS: Final = 100  # of a batch
PAUSE_S: Final = 0.02  # between two batches: some thousands of transfers a second
BEAT_US: Final = 200_000
KEPT: Final = 1_500  # beats: five minutes
_LEAVE_S: Final = 5.0
AFTER_US: Final = 10_000_000  # so long after a blow, who waits waits for it
_BOOKED: Final = ("created", "exists")  # a batch sent twice acts once
_ANSWERS: Final = 5_000
_LEDGER, _CODE = 1, 7


class Customers:
    """Posts batches through whoever writes the cell, in a thread of its own.

    Parameters
    ----------
    client : knows the processes of the cell.
    now_us : instants that never go back.
    """

    def __init__(self, client: CellClient, *, now_us: Callable[[], int]) -> None:
        self._client = client
        self._now_us, self._began_us = now_us, now_us()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._beats: deque[Beat] = deque(maxlen=KEPT)
        self._answers: deque[tuple[int, int]] = deque(maxlen=_ANSWERS)  # (sent, answered)
        self._sent_us = 0  # of the batch that waits for its answer, 0: none does
        self._failed = self._answered = 0
        self._thread = threading.Thread(target=self._run, name="customers", daemon=True)

    def open(self) -> None:
        """Open their accounts."""
        cell = self._client
        cell.ask(lambda one: one.declare_ledgers({_LEDGER: "CNY"}))
        self._ids = cell.ask(lambda one: one.allot_account_ids(ACCOUNTS))
        cell.open_accounts(Accounts(id=self._ids, ledger=_LEDGER, code=_CODE))
        self._began_us = self._now_us()

    def start(self) -> None:
        """Begin to pay."""
        self._thread.start()

    def beats(self, after_us: int) -> list[Beat]:
        """Return the finished beats after an instant."""
        with self._lock:
            self._count_until(self._now_us())
            return [beat for beat in self._beats if beat.at_us > after_us]

    def waited(self, at_us: int) -> tuple[int, bool]:
        """Return the longest wait after an instant, ms, and whether that is the last word."""
        now_us, end_us = self._now_us(), at_us + AFTER_US
        with self._lock:
            waits = [
                answered - max(sent, at_us)
                for sent, answered in self._answers
                if answered > at_us and sent < end_us
            ]
            is_waiting = 0 < self._sent_us < end_us
            if is_waiting:
                waits.append(now_us - max(self._sent_us, at_us))
        return max(waits, default=0) // 1_000, now_us >= end_us and not is_waiting

    @property
    def answered(self) -> int:
        """How many transfers were answered."""
        return self._answered

    def close(self) -> None:
        """Go home, with an answer to what was sent last where one comes soon."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(_LEAVE_S)

    def _run(self) -> None:
        chance = np.random.default_rng(1)
        while not self._over.wait(PAUSE_S):
            self.pay(chance)

    def pay(self, chance: np.random.Generator) -> None:
        """Send one batch and wait for its answer."""
        batch, sent = self._batch(chance), self._now_us()
        with self._lock:
            self._sent_us = sent
        try:
            results = self._client.post(batch)
        except Problem:
            with self._lock:
                self._failed, self._sent_us = self._failed + 1, 0
            return
        with self._lock:
            now_us = self._now_us()
            self._answers.append((sent, now_us))
            self._sent_us = 0
            self._answered += sum(name in _BOOKED for name in results.names())
            self._count_until(now_us)

    def _batch(self, chance: np.random.Generator) -> pa.RecordBatch:
        high, low = ids(ROWS)
        debit = chance.choice(self._ids, ROWS)
        first = int(self._ids[0])
        credit = first + (debit - first + chance.integers(1, ACCOUNTS, ROWS)) % ACCOUNTS
        return Transfers(
            id_hi=high,
            id_lo=low,
            debit_account_id=debit,
            credit_account_id=credit,
            amount_minor=chance.integers(1, 10_000, ROWS),
            ledger=_LEDGER,
            code=_CODE,
        )

    def _count_until(self, end_us: int) -> None:
        """Make the beats that are over; held under the lock."""
        start = self._beats[-1].at_us + BEAT_US if self._beats else self._began_us
        while start + BEAT_US <= end_us:
            end = start + BEAT_US
            waits: list[int] = [at - sent for sent, at in self._answers if start <= at < end]
            answered = len(waits) * ROWS
            if 0 < self._sent_us < end:
                waits.append(end - self._sent_us)
            self._beats.append(
                Beat(
                    at_us=start,
                    answered=answered,
                    worst_ms=max(waits, default=0) // 1_000,
                    failed=self._failed,
                )
            )
            self._failed = 0
            start = end
