"""Ledgers to test: the oracle and, behind the same two calls, the real one."""

import pytest

from tests.foundation.ledger.book import Book
from tests.foundation.ledger.oracle import Oracle
from yunjin.kernel.clock import FixedClock

START_NS = 1_760_000_000_000_000_000


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands still until the story says `wait`."""
    return FixedClock(START_NS)


@pytest.fixture(params=["oracle"])
def book(request: pytest.FixtureRequest, clock: FixedClock) -> Book:
    """Return an empty ledger of each kind."""
    return Oracle(clock)
