"""Goal: a book that is cut in two loses nothing: both halves balance, know every id used before,
and come out of their journals as they went in.

Method: cells over one SQLite file, split, split again, and opened again from journal and
checkpoint; who pays meanwhile; commits that fail.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.ledger.blocks import (
    A2,
    B2,
    BETWEEN,
    C2,
    OPEN,
    PENDING,
    POINTS,
    START_NS,
    A,
    B,
    C,
    D,
    pay,
    settling,
)
from tests.foundation.ledger.halves import Halves
from tests.foundation.ledger.sets.cells import wait_until
from yunjin.foundation.ledger.api import AccountStatus, TransferFlag, TransferStatus
from yunjin.foundation.ledger.domain.clearing import clearing_account
from yunjin.foundation.ledger.errors import AccountMoved, SplitRefused, SplitWaits, WritesStopped
from yunjin.foundation.ledger.store.forking import Forking
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Outage
from yunjin.kernel.ids import account_id
from yunjin.kernel.shares import Share


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START_NS)


@pytest.fixture
def halves(tmp_path: Path, clock: FixedClock) -> Iterator[Halves]:
    made = Halves(tmp_path / "cells", clock)
    made.serve(1).open_accounts(OPEN)
    yield made
    made.close_all()


def names(answers: list[Any]) -> list[str]:
    return [answer.status.name.lower() for answer in answers]


def test_each_half_has_its_accounts_and_both_balance(halves: Halves) -> None:
    one = halves.open[1]
    one.post_transfers([pay(1, A, B, 70), pay(2, B, C, 20), pay(3, C, A2, 5)])
    five = halves.split(1, 5)
    assert one.totals() == {
        A: (0, 70, 0, 0),
        A2: (0, 0, 0, 5),
        C: (0, 5, 0, 20),
        C2: (0, 0, 0, 0),
        POINTS[0]: (0, 0, 0, 0),
        POINTS[2]: (0, 0, 0, 0),
        clearing_account(1, 2, 1): (0, 0, 0, 0),
        BETWEEN: (0, 0, 0, 50),
    }
    assert {x: y for x, y in five.totals().items() if any(y)} == {
        B: (0, 20, 0, 70),
        BETWEEN: (0, 50, 0, 0),
    }
    for half in (one, five):
        assert all(line.difference_minor == 0 for line in half.ledger.trial_balance())
        assert half.ledger.verify().is_sound
    assert five.ledger.state().account_count == 4 + 1 + 1 + 1  # its own, and two of clearing


def test_what_was_posted_before_exists_in_the_half_of_its_payer(halves: Halves) -> None:
    one = halves.open[1]
    inside, across, back = pay(1, B, B2), pay(2, A, B), pay(3, B, A)
    one.post_transfers([inside, across, back])
    five = halves.split(1, 5)
    assert names(five.post_transfers([inside])) == ["exists"]
    assert names(one.post_transfers([across])) == ["exists"]
    assert names(five.post_transfers([back])) == ["exists"]
    changed = {**back, "amount_minor": 11}
    assert names(five.post_transfers([changed])) == ["exists_with_different_amount"]


def test_an_id_that_failed_before_stays_failed_in_both(halves: Halves) -> None:
    one = halves.open[1]
    nobody = pay(1, B, account_id(1, 1_100))
    assert names(one.post_transfers([nobody])) == ["credit_account_not_found"]
    five = halves.split(1, 5)
    five.open_accounts([{"id": account_id(1, 1_100), "ledger": 1, "code": 7}])
    assert names(five.post_transfers([nobody])) == ["id_already_failed"]


def test_what_is_elsewhere_is_told_and_uses_no_id_up(halves: Halves) -> None:
    one = halves.open[1]
    five = halves.split(1, 5)
    with pytest.raises(AccountMoved, match="in cell 5 now") as told:
        one.post_transfers([pay(1, B, B2), pay(2, D, A)])
    assert told.value.facts["cell"] == 5
    with pytest.raises(AccountMoved, match="in cell 1 now"):
        five.post_transfers([pay(1, A, B)])
    mixed = [pay(1, B, B2), pay(2, A, B), pay(3, A, A2), pay(4, B, A), pay(5, A, 7)]
    assert names(one.post_transfers(mixed)) == [
        "debit_account_moved",
        "credit_account_moved",
        "created",
        "debit_account_moved",
        "credit_account_not_found",
    ]
    assert names(five.post_transfers(mixed[:1])) == ["created"]
    with pytest.raises(AccountMoved):
        one.ledger.accounts([A, B])
    assert one.ledger.accounts([A, account_id(2, 1), account_id(1, 0)]).num_rows == 1


def test_new_accounts_are_opened_in_the_half_of_their_block(halves: Halves) -> None:
    one, five = halves.open[1], halves.split(1, 5)
    fresh = {"id": account_id(1, 1_030), "ledger": 1, "code": 7}
    with pytest.raises(AccountMoved):
        one.open_accounts([fresh])
    both = [fresh, {"id": account_id(1, 7), "ledger": 1, "code": 7}]
    statuses = [answer.status for answer in one.open_accounts(both)]
    assert statuses == [AccountStatus.CELL_DIFFERENT, AccountStatus.CREATED]
    assert five.open_accounts([fresh])[0].status is AccountStatus.CREATED


def test_ids_set_aside_are_of_the_half_and_never_of_both(halves: Halves) -> None:
    one, five = halves.open[1], halves.split(1, 5)
    seen: set[int] = set()
    for half, residue in ((one, 0), (five, 1), (one, 0), (five, 1)):
        share = Share(1, 1, residue)
        for count in (1, 700, 700):
            first = half.ledger.allot_account_ids(count)
            mine = set(range(first, first + count))
            assert all(share.holds(x) for x in mine)
            assert not mine & seen
            seen |= mine
    with pytest.raises(SplitRefused, match=r"1,024 .* at a time"):
        one.ledger.allot_account_ids(1_025)


def test_a_hold_goes_with_its_accounts(halves: Halves) -> None:
    one = halves.open[1]
    here, there = pay(1, A, C, flags=PENDING), pay(2, B, D, flags=PENDING, timeout_s=60)
    one.post_transfers([here, there, pay(3, D, B, flags=PENDING)])
    five = halves.split(1, 5)
    assert one.ledger.state().pending_count == 1
    assert five.ledger.state().pending_count == 2
    assert five.totals()[D] == (10, 0, 10, 0)
    post, void = int(TransferFlag.POST_PENDING), int(TransferFlag.VOID_PENDING)
    with pytest.raises(AccountMoved, match="in cell 5 now"):
        one.post_transfers([settling(4, there, post)])
    both = [settling(4, there, post), settling(5, here, void)]
    assert names(one.post_transfers(both)) == ["pending_transfer_moved", "created"]
    assert names(five.post_transfers([settling(4, there, post, 4)])) == ["created"]
    assert five.totals()[B] == (0, 4, 10, 0)
    assert names(five.post_transfers([settling(6, there, post)])) == [
        "pending_transfer_already_posted"
    ]


def test_a_hold_between_the_halves_is_waited_for(halves: Halves) -> None:
    one = halves.open[1]
    holds = [pay(n, A, B, flags=PENDING) for n in range(1, 13)]
    one.post_transfers(holds)
    before = halves.writer(1).cell.fingerprint()
    with pytest.raises(SplitWaits, match="12 pending transfers") as told:
        halves.split(1, 5)
    assert len(told.value.facts["first"]) == 10
    assert halves.writer(1).cell.fingerprint() == before
    void = int(TransferFlag.VOID_PENDING)
    one.post_transfers([settling(50 + n, hold, void) for n, hold in enumerate(holds)])
    halves.split(1, 5)
    assert names(one.post_transfers([settling(99, holds[0], void)])) == [
        "pending_transfer_already_voided"
    ]


def test_an_accounts_history_goes_on_in_its_half(halves: Halves) -> None:
    one = halves.open[1]
    one.post_transfers([pay(1, A, B), pay(2, B, D)])
    five = halves.split(1, 5)
    five.post_transfers([pay(3, B2, B)])
    assert [totals for _, _, totals in five.history(B)] == [
        (0, 0, 0, 10),
        (0, 10, 0, 10),
        (0, 10, 0, 20),
    ]
    with pytest.raises(AccountMoved):
        one.ledger.history(B)


def test_a_new_half_gives_out_what_it_did_itself(halves: Halves) -> None:
    one = halves.open[1]
    one.post_transfers([pay(1, A, B)])
    five = halves.split(1, 5)
    five.post_transfers([pay(2, B, B2)])
    one.post_transfers([pay(3, A, C)])
    ledgers: list[Any] = [one.ledger, five.ledger]
    given = [
        [row["id_lo"] for batch in ledger.export_transfers() for row in batch.to_pylist()]
        for ledger in ledgers
    ]
    ids = [pay(number, 0, 0)["id_lo"] for number in (1, 3, 2)]
    assert given == [ids[:2], ids[2:]]


def test_what_is_read_again_is_what_was(halves: Halves) -> None:
    one = halves.open[1]
    one.post_transfers([pay(1, A, B), pay(2, B2, B, flags=PENDING), pay(3, C, D)])
    halves.split(1, 5)
    halves.split(5, 6)
    prints = {n: halves.writer(n).cell.fingerprint() for n in (1, 5, 6)}
    assert halves.writer(6).cell.share == Share(1, 2, 3)
    for number, was in prints.items():
        fresh = halves.built(number)
        for entry in fresh.journal.scan(0):
            assert fresh.replay(entry) == ""
        assert fresh.fingerprint() == was
        fresh.journal.close()
        fresh.index.close()
        halves.serve(number)  # from the checkpoint that closing wrote
        assert halves.writer(number).cell.fingerprint() == was
        with pytest.raises(AccountMoved):
            halves.open[number].post_transfers([pay(9, B if number != 5 else A, C)])


# under way ------------------------------------------------------------------------------------


class Payer(threading.Thread):
    """Pays inside a block until told to stop, at whichever cell has it; any trouble ends it."""

    def __init__(self, halves: Halves, first: int, debit: int, credit: int) -> None:
        super().__init__(daemon=True)
        self.halves, self.first, self.sides = halves, first, (debit, credit)
        self.paid, self.at = 0, 1
        self.over = threading.Event()
        self.trouble: list[BaseException] = []

    def run(self) -> None:
        try:
            while not self.over.is_set():
                one = pay(self.first + self.paid, *self.sides, 1)
                try:
                    found = self.halves.open[self.at].post_transfers([one, one])
                except AccountMoved as moved:
                    self.at = moved.facts["cell"]
                except (Outage, KeyError):
                    self.over.wait(0.002)  # the new half is not open yet, or a writer has stopped
                else:
                    assert set(names(found)) <= {"created", "exists"}
                    self.paid += 1
        except BaseException as error:
            self.trouble.append(error)


def test_two_cells_go_on_with_what_one_was_paying(halves: Halves) -> None:
    payers = [Payer(halves, 10_000, A, A2), Payer(halves, 20_000, B, B2)]
    payers += [Payer(halves, 30_000, C, A), Payer(halves, 40_000, D, B)]
    for payer in payers:
        payer.start()

    def wait_for(more: int) -> None:
        wanted = [payer.paid + more for payer in payers]
        wait_until(
            lambda: all(
                payer.paid >= count or payer.trouble
                for payer, count in zip(payers, wanted, strict=True)
            )
        )

    wait_for(5)
    halves.split(1, 5)
    wait_for(5)
    for payer in payers:
        payer.over.set()
    for payer in payers:
        payer.join()
        assert not payer.trouble
    one, five = halves.open[1].totals(), halves.open[5].totals()
    a, b, c, d = (payer.paid for payer in payers)
    assert (one[A], one[C]) == ((0, a, 0, c), (0, c, 0, 0))
    assert (five[B], five[D]) == ((0, b, 0, d), (0, d, 0, 0))
    for number in (1, 5):
        assert halves.open[number].ledger.verify().is_sound
    assert [payer.at for payer in payers] == [1, 5, 1, 5]


@pytest.mark.parametrize("is_given_up", [False, True], ids=["commit fails", "copy is gone"])
def test_a_split_that_cannot_be_committed_is_none(
    halves: Halves, is_given_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = halves.open[1]
    one.post_transfers([pay(1, A, B)])
    before = one.totals()
    if is_given_up:
        act = Forking.copy_on

        def gone(this: Forking) -> int:
            left = act(this)
            if not left:
                this.give_up()
            return left

        monkeypatch.setattr(Forking, "copy_on", gone)
    else:
        monkeypatch.setattr(
            halves.writer(1).cell.journal, "_append", _failing(WritesStopped("planned"))
        )
    with pytest.raises(WritesStopped):
        halves.split(1, 5)
    monkeypatch.undo()
    one = halves.serve(1)
    assert one.totals() == before
    assert one.ledger.verify().is_sound
    halves.split(1, 5)
    assert one.totals()[BETWEEN] == (0, 0, 0, 10)


def _failing(problem: Exception) -> Callable[..., None]:
    def fail(*given: Any) -> None:
        raise problem

    return fail


def test_the_statuses_of_what_moved_are_not_transient() -> None:
    moved = [status for status in TransferStatus if status.name.endswith("_MOVED")]
    assert len(moved) == 3
