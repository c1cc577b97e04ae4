"""Goal: whatever was posted, held, settled and sent again, each half is what it should be.

Method: histories of chance over a few blocks of accounts, split and split again, held against the
oracle after every batch; and the same cells opened again.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.foundation.ledger.blocks import (
    A2,
    B2,
    BETWEEN,
    C2,
    D2,
    OPEN,
    PENDING,
    START_NS,
    A,
    B,
    C,
    D,
    pay,
    settling,
)
from tests.foundation.ledger.halves import Halves
from tests.foundation.ledger.oracle import Oracle, Request
from yunjin.foundation.ledger.errors import AccountMoved, SplitWaits
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.shares import Share


@st.composite
def stories(draw: Callable[..., Any]) -> list[tuple[str, Any]]:
    """Draw batches of payments and holds, settlements, retries, splits and reopenings."""
    steps: list[tuple[str, Any]] = []
    sent: list[Request] = []
    for step in range(draw(st.integers(3, 12))):
        kind = draw(st.sampled_from(["post"] * 6 + ["split", "split", "reopen", "wait"]))
        if kind != "post":
            steps.append((kind, draw(st.integers(0, 7))))
            continue
        batch = []
        for place in range(draw(st.integers(1, 6))):
            number = 100 * step + place + 1
            what = draw(st.sampled_from(["pay"] * 5 + ["hold"] * 3 + ["settle"] * 3 + ["again"]))
            holds = [one for one in sent if one.get("flags") == PENDING]
            if what == "again" and sent:
                batch.append(draw(st.sampled_from(sent)))
            elif what == "settle" and holds:
                how = draw(st.sampled_from([4, 8]))
                batch.append(settling(number, draw(st.sampled_from(holds)), how))
            else:
                debit, credit = draw(st.permutations([A, A2, B, B2, C, C2, D, D2]))[:2]
                more = {"flags": PENDING, "timeout_s": draw(st.sampled_from([0, 3]))}
                amount = draw(st.integers(0, 50))
                batch.append(pay(number, debit, credit, amount, **(more if what == "hold" else {})))
            sent.append(batch[-1])
        steps.append((kind, batch))
    return steps


class Both:
    """The cells of a home, and an oracle for each."""

    def __init__(self, home: Path) -> None:
        self.clock = FixedClock(START_NS)
        self.halves = Halves(home, self.clock, checkpoint_transfers=7)
        self.oracles = {1: Oracle(self.clock)}
        self.halves.serve(1).open_accounts(OPEN)
        self.oracles[1].open_accounts(OPEN)

    def post(self, batch: list[Request]) -> None:
        """Send a batch to every cell: each does its own, and says so of the rest."""
        for number, oracle in self.oracles.items():
            served = self.halves.open[number]
            try:
                found = served.post_transfers(batch)
            except AccountMoved:
                payers = [self._payer(oracle, one) for one in batch]
                assert all(oracle.state.is_elsewhere(payer) for payer in payers)
                continue
            assert found == oracle.post_transfers(batch), f"cell {number}"

    @staticmethod
    def _payer(oracle: Oracle, one: Request) -> int:
        hold = oracle.state.transfers.get(
            one.get("pending_id_hi", 0) << 64 | one.get("pending_id_lo", 0)
        )
        return one["debit_account_id"] or (hold.debit_account_id if hold else 0)

    def split(self, chance: int) -> None:
        number = sorted(self.oracles)[chance % len(self.oracles)]
        oracle, into = self.oracles[number], len(self.oracles) + 1
        if len(self.oracles) > 4:
            return
        if oracle.torn((oracle.state.share or Share(1)).halves()[0]):
            with pytest.raises(SplitWaits):
                self.halves.split(number, into)
            return
        self.halves.split(number, into)
        self.oracles[into] = oracle.split()

    def check(self) -> None:
        between: dict[int, int] = {}
        for number, oracle in self.oracles.items():
            totals = self.halves.open[number].totals()
            assert totals == oracle.totals(), f"cell {number}"
            for line in self.halves.open[number].ledger.trial_balance():
                assert line.debits_posted == line.credits_posted
                assert line.debits_pending == line.credits_pending
            _, debits, _, credits = totals.get(BETWEEN, (0, 0, 0, 0))
            between[number] = credits - debits
        assert sum(between.values()) == 0


@settings(max_examples=25, deadline=None)
@given(stories())
def test_whatever_happens_the_halves_are_what_the_oracle_says(steps: list[tuple[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        both = Both(Path(folder))
        try:
            for kind, what in steps:
                if kind == "post":
                    both.post(what)
                elif kind == "split":
                    both.split(what)
                elif kind == "wait":
                    both.clock.advance(what)
                else:
                    both.halves.serve(sorted(both.oracles)[what % len(both.oracles)])
                both.check()
        finally:
            both.halves.close_all()
