"""The demo's customers: what they notice is counted beat by beat, and told of each blow."""

from typing import Any, cast

import numpy as np
import pyarrow as pa

from yunjin.app.cluster.customers import AFTER_US, BEAT_US, ROWS, Customers
from yunjin.client import CellClient, Results
from yunjin.client.codes import TRANSFER_RESULTS
from yunjin.kernel.errors import Outage

CREATED, EXISTS = (TRANSFER_RESULTS.index(name) for name in ("created", "exists"))


class Cell:
    """A cell that takes its time: `takes_us` an answer; `status` of each row; or an outage."""

    def __init__(self) -> None:
        self.now_us, self.takes_us, self.status, self.is_out = 1_000_000, 50_000, CREATED, False

    def clock(self) -> int:
        return self.now_us

    def ask(self, act: Any) -> Any:
        return np.arange(1, 2_001)

    def open_accounts(self, accounts: pa.RecordBatch) -> None:
        assert accounts.num_rows == 2_000

    def post(self, batch: pa.RecordBatch) -> Results:
        self.now_us += self.takes_us
        if self.is_out:
            raise Outage("nobody writes")
        rows = batch.num_rows
        return Results(np.full(rows, self.status, np.uint8), np.zeros(rows, np.int64), None)


def customers() -> tuple[Cell, Customers, np.random.Generator]:
    """Return a cell, customers of it with open accounts, and chance."""
    cell = Cell()
    made = Customers(cast(CellClient, cell), now_us=cell.clock)
    made.open()
    return cell, made, np.random.default_rng(1)


def test_a_beat_counts_what_was_answered_in_it_and_the_longest_wait() -> None:
    cell, some, chance = customers()
    for takes_us in (50_000, 120_000, 40_000, 60_000):
        cell.takes_us = takes_us
        some.pay(chance)
    cell.now_us = 1_000_000 + 2 * BEAT_US
    first, second = some.beats(-1)
    assert (first.at_us, first.answered, first.worst_ms) == (1_000_000, 2 * ROWS, 120)
    assert (second.at_us, second.answered, second.worst_ms) == (1_200_000, 2 * ROWS, 60)
    assert some.beats(first.at_us) == [second]


def test_who_still_waits_is_seen_in_the_beats_and_after_the_blow() -> None:
    cell, some, chance = customers()
    seen: list[Any] = []

    def post(batch: pa.RecordBatch) -> Results:
        cell.now_us += 450_000  # somebody looks while the answer is out
        seen.append((some.beats(-1), some.waited(1_000_000)))
        return Results(np.full(ROWS, CREATED, np.uint8), np.zeros(ROWS, np.int64), None)

    cell.post = post  # type: ignore[method-assign]
    some.pay(chance)
    [(beats, waited)] = seen
    assert [(one.answered, one.worst_ms) for one in beats] == [(0, 200), (0, 400)]
    assert waited == (450, False)


def test_a_blow_is_over_once_its_seconds_are_and_nobody_waits() -> None:
    cell, some, chance = customers()
    cell.takes_us = 1_400_000
    blow_us = cell.now_us + 100_000  # a batch was under way: only what came after counts
    some.pay(chance)
    assert some.waited(blow_us) == (1_300, False)
    cell.now_us, cell.takes_us = blow_us + AFTER_US, 9_000_000
    some.pay(chance)  # sent after the blow's seconds: another matter
    assert some.waited(blow_us) == (1_300, True)


def test_a_batch_sent_twice_counts_once_and_a_given_up_one_as_failed() -> None:
    cell, some, chance = customers()
    some.pay(chance)
    cell.status = EXISTS
    some.pay(chance)
    assert some.answered == 2 * ROWS
    cell.status = TRANSFER_RESULTS.index(next(n for n in TRANSFER_RESULTS if "exceeds" in n))
    some.pay(chance)
    cell.is_out = True
    some.pay(chance)
    assert some.answered == 2 * ROWS
    cell.now_us += BEAT_US
    assert sum(beat.failed for beat in some.beats(-1)) == 1
