"""Ledgers to test: the oracle and, behind the same two calls, the real one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.ledger.book import Book, Served
from tests.foundation.ledger.oracle import Oracle
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock

START_NS = 1_760_000_000_000_000_000
SMALL = Settings(bloom_words=64, checkpoint_transfers=50)


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands still until the story says `wait`."""
    return FixedClock(START_NS)


@pytest.fixture(params=["oracle", "served"])
def book(request: pytest.FixtureRequest, clock: FixedClock, tmp_path: Path) -> Iterator[Book]:
    """Yield an empty ledger of each kind."""
    if request.param == "oracle":
        yield Oracle(clock)
        return
    room = build(SMALL, tenant="demo", clock=clock, home=tmp_path)
    yield Served(room.doors[LedgerApi])
    assert room.close is not None
    room.close()
