"""Goal: the fast ledger answers and remembers exactly what the plain oracle does.

Method: Hypothesis makes random histories out of few accounts, few ids, extreme amounts, chains,
holds, imports and waits (the clock may run back); each batch goes to both; every status, time and
balance is compared. The ledger is closed and opened again, with and without its index, at random
points. At the end every line of every history and every balance at a time is compared too.
"""

from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, note, seed, settings

from tests.foundation.ledger.book import Served
from tests.foundation.ledger.histories import FIRST, History, histories
from tests.foundation.ledger.oracle import Oracle
from yunjin.foundation.ledger.api import AccountFlag, AccountStatus, LedgerApi, TransferStatus
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.room import Room

SETTINGS = Settings(bloom_words=64, checkpoint_transfers=12)


class Pair:
    """The oracle and the ledger, side by side."""

    def __init__(self, home: Path, start_ns: int) -> None:
        self.home, self.clock = home, FixedClock(start_ns)
        self.oracle = Oracle(self.clock)
        self.open()

    def open(self) -> None:
        """Open the ledger's room."""
        self.room: Room = build(SETTINGS, tenant="demo", clock=self.clock, home=self.home)
        self.served = Served(self.room.doors[LedgerApi])

    def close(self) -> None:
        """Close the ledger's room."""
        assert self.room.close is not None
        self.room.close()

    def step(self, kind: str, what: object) -> None:
        """Do one step on both and compare."""
        if kind == "wait":
            assert isinstance(what, int)
            self.settle()
            self.clock.advance(what)
        elif kind == "reopen":
            self.settle()
            self.close()
            if what:  # as after a crash: only the journal is left
                for file in (self.home / "demo").glob("*.index.db*"):
                    file.unlink()
            self.open()
        else:  # only now is it sure that both have let go of what has expired
            assert isinstance(what, list)
            name = "open_accounts" if kind == "accounts" else "post_transfers"
            expected = getattr(self.oracle, name)([dict(row) for row in what])
            assert getattr(self.served, name)(what) == expected
            assert self.served.totals() == self.oracle.totals()

    def settle(self) -> None:
        """Let both expire what is due: an idle ledger does so by itself, the oracle when asked."""
        self.step("accounts", FIRST)

    def compare_histories(self) -> None:
        """Compare every line of every history, both ways, and the balances at their times."""
        for account in self.oracle.state.accounts.values():
            if not account.flags & AccountFlag.HISTORY:
                continue
            lines = self.oracle.history(account.id)
            told = self.served.history(account.id)
            assert told == [(line.transfer_id, line.timestamp, line.totals) for line in lines]
            assert self.served.history(account.id, oldest_first=False) == told[::-1]
            for line, after in zip_longest(lines, lines[1:]):
                if after is None or after.timestamp > line.timestamp:
                    assert self.served.balance_at(account.id, line.timestamp) == line.totals


def run(history: History) -> None:
    """Tell a history to both and compare, to the last line."""
    note(f"from {history.start_ns}: {history.steps}")
    with TemporaryDirectory() as folder:
        pair = Pair(Path(folder), history.start_ns)
        try:
            for kind, what in history.steps:
                pair.step(kind, what)
            pair.settle()
            pair.compare_histories()
            assert pair.served.ledger.verify().is_sound
        finally:
            pair.close()


@settings(suppress_health_check=list(HealthCheck))
@given(history=histories(steps_max=14))
def test_any_history_gives_the_answers_of_the_oracle(history: History) -> None:
    run(history)
    assert history.steps


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories(steps_max=40))
def test_many_long_histories_give_the_answers_of_the_oracle(history: History) -> None:
    run(history)
    assert history.steps


@pytest.mark.slow
def test_the_histories_reach_every_code() -> None:
    reached: set[str] = set()

    @settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))
    @seed(7)
    @given(history=histories(steps_max=14))
    def tell(history: History) -> None:
        clock = FixedClock(history.start_ns)
        oracle = Oracle(clock)
        for kind, what in history.steps:
            if kind == "wait":
                clock.advance(what)
            elif kind != "reopen":
                name = "open_accounts" if kind == "accounts" else "post_transfers"
                reached.update(repr(answer.status) for answer in getattr(oracle, name)(what))

    tell()
    wanted = {repr(status) for status in (*AccountStatus, *TransferStatus)}
    wanted = {name for name in wanted if "_MOVED" not in name}  # see test_split_book
    assert wanted - reached == set()
