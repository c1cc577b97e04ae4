"""Goal: a cell is split while it is paid from, no request fails, nothing is lost or acts twice, and
whatever dies on the way leaves one cell or two, never something between.

Method: cells over a MariaDB that plays a set, with Flight, clearing and the client of all cells;
who splits is made to die after each of its steps.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.foundation.ledger.sets.cells import wait_until
from tests.foundation.ledger.sets.splits import (
    ACCOUNTS,
    GOES,
    STAYS,
    UNIT,
    Customers,
    Town,
    balances,
    expected,
    payments,
    town,
)
from tests.foundation.ledger.sets.test_set_engine import LOST, Faults
from tests.mariadb import MariaDb, mariadb
from yunjin import client
from yunjin.foundation.ledger.api.splits import SplitApi
from yunjin.foundation.ledger.errors import (
    AccountMoved,
    NotLeading,
    SplitRefused,
)
from yunjin.foundation.ledger.service.moving import Mover
from yunjin.foundation.ledger.service.splitting import NoSplit
from yunjin.foundation.ledger.store.forking import Forking
from yunjin.foundation.ledger.store.members import Members
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.foundation.ledger.store.passage import Passage
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Outage

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb


@pytest.fixture
def one(tmp_path: Path, mariadb: MariaDb) -> Iterator[Town]:
    with town(tmp_path, mariadb.fresh_url()) as made:
        yield made


def check(one: Town, customers: Customers, *names: str) -> None:
    """All that was paid is there once, in two halves that net to zero, and both journals hold."""
    with client.Cells(customers.addresses, patience_s=90) as cells:
        for number in range(0, customers.batches, max(1, customers.batches // 8)):
            again = cells.post(payments(number))
            assert again.posted_count == len(again.status)
        assert balances(cells) == expected(customers.batches)
    sums, clearing = one.totals(*names)
    assert (sums, clearing) == (0, 0)
    for name in names:
        assert one.cells[name].ledger.verify().is_sound
        for line in one.clearing(name).reconcile():
            assert line.findings == ()
            assert line.is_at_rest
            assert line.difference_minor == 0


def test_a_cell_is_split_while_it_is_paid_from(one: Town) -> None:
    with Customers([one.addresses["c1"]]).paying() as customers:
        customers.wait_for(5)
        state = one.split("c1", 5)
        customers.wait_for(10)
    assert state.pause_ms > 0
    assert one.cells["c1"].ledger.state().account_count == len(STAYS) + 1
    assert one.cells["c5"].ledger.state().account_count == len(GOES) + 1
    check(one, customers, "c1", "c5")


@pytest.mark.slow
def test_both_halves_are_split_again(one: Town) -> None:
    with Customers([one.addresses["c1"]]).paying() as customers:
        customers.wait_for(3)
        one.split("c1", 5)
        customers.wait_for(3)
        one.split("c5", 6)
        customers.wait_for(3)
        one.split("c1", 7)
        customers.wait_for(5)
    with pytest.raises(SplitRefused, match="there already"):
        one.ask("c1", 6)  # it came of another cell
    assert sum(one.cells[name].ledger.state().account_count - 1 for name in one.cells) >= len(
        ACCOUNTS
    )
    check(one, customers, "c1", "c5", "c6", "c7")


def pay(number: int, debit: int, credit: int, amount: int = 10, **more: Any) -> pa.RecordBatch:
    sides = {"debit_account_id": debit, "credit_account_id": credit, "amount_minor": amount}
    return client.Transfers(id_hi=77, id_lo=number, ledger=UNIT, code=1, **{**sides, **more})


def names(found: pa.RecordBatch) -> list[str]:
    return [client.TRANSFER_RESULTS[status] for status in found["status"].to_pylist()]


# who dies on the way ----------------------------------------------------------------------------


class Died(BaseException):
    """Who splits was killed."""


@pytest.mark.parametrize("step", ["begin", "copy_on", "made", "head"])
def test_who_splits_may_die_after_any_step_and_is_asked_again(
    one: Town, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = getattr(Forking, step)
    dies = [True]

    def dying(this: Any, *given: Any, **named: Any) -> Any:
        found = act(this, *given, **named)
        if dies:
            dies.clear()
            raise Died
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Forking, step, dying)
        with pytest.raises(Died):
            one.ask("c1", 5, wait_s=0)
    assert one.cells["c1"].ledger.accounts([GOES[0], STAYS[0]]).num_rows == 2
    one.split("c1", 5)
    assert one.totals("c1", "c5") == (0, 0)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_commit_whose_answer_is_lost_splits_once(
    one: Town, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = one.cells["c1"].ledger.post_transfers
    assert names(post(pay(1, GOES[0], STAYS[0]))) == ["created"]
    one.ask("c1", 5, wait_s=0)
    one.open("c5", 5)
    faults = Faults(one.cells["c1"], monkeypatch)
    faults.arm("commit", LOST, after=after)
    one.asked("c1", 5)
    assert not faults.left, "no fault was injected"
    assert one.ask("c1", 5).pause_ms == 0  # again: it was done
    one.cells["c5"].writer.wait_until_leading()
    assert one.totals("c1", "c5") == (0, 0)
    for name in ("c1", "c5"):
        assert one.cells[name].ledger.verify().is_sound


def test_a_writer_that_was_fenced_off_splits_nothing(
    one: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.ask("c1", 5, wait_s=0)
    one.open("c5", 5)
    other = one.open("b1", 1)
    first, journal = one.cells["c1"], one.cells["c1"].writer.cell.journal
    epoch, act = first.writer.tenure.epoch, journal._append

    def asleep(*given: Any) -> None:  # between the split in memory and its commit
        if journal.head().epoch == epoch:
            journal.pass_on(epoch, other.writer.tenure.holder, 0)
        act(*given)

    monkeypatch.setattr(journal, "_append", asleep)
    with pytest.raises(Outage, match=r"Epoch \d+ of cell 1 is over"):
        _ask_often(one)
    monkeypatch.undo()
    wait_until(lambda: not other.writer.follows)
    with pytest.raises(NotLeading):
        one.ask("c1", 5)
    assert other.ledger.accounts(ACCOUNTS).num_rows == len(ACCOUNTS)
    head = Forking(SetEngine(one.url, patience_s=1), 1, 5)
    found = head.made()
    assert found is not None
    assert found.is_arriving
    one.asked("b1", 5)  # who writes now can
    wait_until(lambda: first.writer.cell.share.depth == 1)
    head.close()


def _ask_often(one: Town) -> None:
    for _ in range(9):  # on a busy machine who follows the copy is long in coming
        one.ask("c1", 5, wait_s=10)


def test_what_follows_a_cell_sees_it_split(one: Town) -> None:
    other = one.open("b1", 1)
    one.split("c1", 5)
    wait_until(lambda: other.writer.cell.share.depth == 1)
    wait_until(lambda: other.writer.cell.hash == one.cells["c1"].writer.cell.hash)
    assert other.writer.cell.fingerprint() == one.cells["c1"].writer.cell.fingerprint()
    one.cells["c1"].members.hand_over(one.cells["c1"].writer.tenure.epoch)
    other.writer.wait_until_leading()
    with pytest.raises(AccountMoved):
        other.ledger.accounts([GOES[0]])


def test_a_copy_that_is_given_up_leaves_the_cell_as_it_was(one: Town) -> None:
    epoch = one.cells["c1"].writer.tenure.epoch
    one.ask("c1", 5, wait_s=0)
    api: Any = one.cells["c1"].room.doors[SplitApi]
    api.give_up(epoch, 5)
    api.give_up(epoch, 5)  # it is gone already
    fresh = one.open("c5", 5)  # a cell like any other now
    fresh.writer.wait_until_leading()
    assert fresh.writer.cell.share.home == 5
    with pytest.raises(SplitRefused, match="there already"):
        one.ask("c1", 5, wait_s=1)
    with pytest.raises(SplitRefused, match="no copy"):
        api.give_up(epoch, 5)
    one.split("c1", 6)
    with pytest.raises(SplitRefused, match="no copy"):
        api.give_up(epoch, 6)


def test_it_is_not_split_while_an_old_release_follows(
    one: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yunjin.foundation.ledger.service.membership.FORM", 1)
    one.open("b1", 1)
    with pytest.raises(SplitRefused, match="cannot read a split"):
        one.ask("c1", 5)
    with pytest.raises(SplitRefused, match="expected another cell"):
        one.ask("c1", 1)


def test_the_cell_of_a_bank_is_not_split_whoever_writes_it(one: Town) -> None:
    with pytest.raises(SplitRefused, match="why not"):
        NoSplit("why not").split(1, 5)
    Members(SetEngine(one.url, patience_s=1), 1).bind("its agreements lie beside it")
    with pytest.raises(SplitRefused, match="lie beside it"):
        one.ask("c1", 5)


# a half that moves on ---------------------------------------------------------------------------


@pytest.mark.slow
def test_the_new_half_moves_to_another_set(one: Town, mariadb: MariaDb) -> None:
    there = mariadb.fresh_url()
    with Customers([one.addresses["c1"]]).paying() as customers:
        customers.wait_for(3)
        one.split("c1", 5)
        customers.wait_for(3)
        ends = [
            Passage(SetEngine(url, patience_s=2), 5, f"set {url[-3:]}") for url in (one.url, there)
        ]
        ends[1].expect(ends[0].place, ends[0].share())
        one.open("e5", 5, url=there)
        old = one.cells["c5"]
        mover = Mover(
            *ends,
            ask=lambda writer, to: old.members.hand_over(writer.epoch, to),
            clock=SystemClock(),
            lease_s=0.01,
            tell=lambda words: None,
        )
        moved = mover.run(wait_s=20)
        assert moved.cell == 5
        one.cells["e5"].writer.wait_until_leading()
        customers.wait_for(8)
        one.end("c5")
        customers.wait_for(3)
    for end in ends:
        end.close()
    check(one, customers, "c1", "e5")
