"""Open what a dead process left behind, and question it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from yunjin.app.chaos.checking import Wrongs, check_kept, check_retried
from yunjin.app.chaos.child import TENANT, Acknowledged, settings
from yunjin.app.chaos.load import UNIT, Load
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.errors import LeaseHeld
from yunjin.kernel.clock import Clock, FixedClock, SystemClock
from yunjin.kernel.errors import Problem

_TWO_HOURS_S: Final = 7_200  # beyond every timeout of the load


@contextmanager
def reopened(home: Path, clock: Clock) -> Iterator[LedgerApi]:
    """Open a ledger over an honest disk for a block. Raises: LeaseHeld."""
    room = wiring.build(settings(), tenant=TENANT, clock=clock, home=home)
    try:
        yield room.doors[LedgerApi]
    finally:
        if room.close is not None:
            room.close()


def question(home: Path, load: Load, batch_count: int, acknowledged: list[Acknowledged]) -> Wrongs:
    """Open the ledger, check what it kept, send everything again, check it again."""
    clock, found = FixedClock(SystemClock().now_ns()), Wrongs()
    try:
        with _reopened_in_time(home, clock) as ledger:
            check_kept(ledger, load, batch_count, acknowledged, found)
            ledger.declare_ledgers([UNIT])
            ledger.open_accounts(load.accounts())
            check_retried(
                ledger, load, batch_count, found, later=lambda: clock.advance(_TWO_HOURS_S)
            )
    except Problem as problem:
        found.add("unsound", 1, f"{problem.code}: {problem.detail}")
    return found


@contextmanager
def _reopened_in_time(home: Path, clock: FixedClock) -> Iterator[LedgerApi]:
    """Open a ledger; where a cut took the proof that its writer is dead, its lease must end."""
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(reopened(home, clock))
        except LeaseHeld:
            clock.advance(int(settings().lease_s) + 1)
            ledger = stack.enter_context(reopened(home, clock))
        yield ledger


def forget_index(home: Path) -> None:
    """Delete what the ledger derived from its journal; it must work it out again."""
    for derived in (home / TENANT).glob("cell-*.index.db*"):
        derived.unlink()
