"""Goal: the demo bank's customers go on paying while it is served, the same for the same seed, and
never stand in the way of its end.
Method: the payments beat by beat on a real ledger and a clock that stands still; the thread on
doors that answer as the story wants.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from yunjin.app import demo
from yunjin.foundation.ledger.api import LedgerApi, TransferFlag, TransferStatus
from yunjin.foundation.ledger.errors import WritesStopped
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel import tenant
from yunjin.kernel.clock import FixedClock

START_NS = 1_800_000_000_000_000_000
BANK = demo.institution(1)


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands still until the story says otherwise."""
    return FixedClock(START_NS)


@pytest.fixture
def ledger(clock: FixedClock, tmp_path: Path) -> Iterator[LedgerApi]:
    """Yield a ledger with the institution's accounts, all of them empty."""
    room = build(Settings(bloom_words=64), tenant="demo", clock=clock, home=tmp_path)
    with tenant.entered("demo"):
        door: Any = room.doors[LedgerApi]
        demo.open_all(door, BANK)
        yield door
    assert room.close is not None
    room.close()


class Door:
    """A ledger that only counts, and tells when it was asked."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem, self.batches, self.asked = problem, 0, threading.Event()

    def post_transfers(self, batch: pa.RecordBatch) -> None:
        """Take a batch, or raise the problem."""
        assert batch.num_rows
        self.batches += 1
        self.asked.set()
        if self.problem is not None:
            raise self.problem


def customers() -> list[threading.Thread]:
    """Return the threads in which customers pay."""
    return [one for one in threading.enumerate() if one.name == demo.CUSTOMERS_THREAD]


def test_the_same_seed_pays_the_same() -> None:
    one, other = demo.Payments(BANK), demo.Payments(BANK)
    for beat in range(demo.HOLD_BEATS + 10):
        now_ns = START_NS + beat
        assert list(one.beat(now_ns)) == list(other.beat(now_ns))


def test_payments_are_light() -> None:
    payments, beats = demo.Payments(BANK), 500
    rows = sum(batch.num_rows for n in range(beats) for batch in payments.beat(START_NS + n))
    assert 100 < rows / (beats * demo.BEAT_S) < 200  # a second


def test_holds_are_taken_or_expire_and_refusals_are_no_trouble(
    ledger: LedgerApi, clock: FixedClock
) -> None:
    # Nobody has money at first: holds fail, and shops try to take them all the same.
    payments, seen = demo.Payments(BANK), Counter[tuple[int, int]]()
    for _ in range(6 * demo.HOLD_BEATS):
        for batch in payments.beat(clock.now_ns()):
            flags = batch.column("flags").to_pylist()
            seen.update(zip(flags, ledger.post_transfers(batch)["status"].to_pylist(), strict=True))
        clock.advance(1)
    plain, hold, post = 0, int(TransferFlag.PENDING), int(TransferFlag.POST_PENDING)
    assert {flag for flag, _ in seen} == {plain, hold, post}
    assert all(seen[flag, TransferStatus.CREATED] for flag in (plain, hold, post))
    assert seen[hold, TransferStatus.EXCEEDS_CREDITS]
    assert seen[post, TransferStatus.PENDING_TRANSFER_NOT_FOUND]
    state = ledger.state()
    assert state.stopped == ""
    assert state.pending_count < 200  # those of the last minute, not of all time
    assert [line.difference_minor for line in ledger.trial_balance()] == [0]


def test_customers_pay_until_the_block_ends(clock: FixedClock) -> None:
    door: Any = Door()
    with demo.customers_paying(door, 1, name="demo", clock=clock):
        assert door.asked.wait(30)
        assert len(customers()) == 1
        assert all(one.daemon for one in customers())
    assert customers() == []


def test_customers_stop_where_writes_have_stopped(clock: FixedClock) -> None:
    door: Any = Door(WritesStopped("no space left"))
    with demo.customers_paying(door, 1, name="demo", clock=clock):
        assert door.asked.wait(30)
        for one in customers():
            one.join(30)
        assert door.batches == 1
