"""Goal: money between the halves of a split, and from elsewhere to them, arrives once, whenever it
was sent first.

Method: cells over a MariaDB that plays a set, with Flight and clearing; crossings sent before a
split and again after it.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from tests.foundation.ledger.sets.splits import (
    GOES,
    STAYS,
    UNIT,
    Town,
    town,
)
from tests.mariadb import MariaDb, mariadb
from yunjin import client
from yunjin.foundation.ledger.api import CrossingOutcome
from yunjin.foundation.ledger.domain.clearing import Crossings, clearing_account
from yunjin.foundation.ledger.errors import (
    AccountMoved,
    BatchRefused,
    SplitWaits,
)
from yunjin.kernel.errors import Outage

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb


@pytest.fixture
def one(tmp_path: Path, mariadb: MariaDb) -> Iterator[Town]:
    with town(tmp_path, mariadb.fresh_url()) as made:
        yield made


def pay(number: int, debit: int, credit: int, amount: int = 10, **more: Any) -> pa.RecordBatch:
    sides = {"debit_account_id": debit, "credit_account_id": credit, "amount_minor": amount}
    return client.Transfers(id_hi=77, id_lo=number, ledger=UNIT, code=1, **{**sides, **more})


def names(found: pa.RecordBatch) -> list[str]:
    return [client.TRANSFER_RESULTS[status] for status in found["status"].to_pylist()]


def test_what_one_cell_did_before_is_done_once_when_it_is_sent_as_a_crossing(one: Town) -> None:
    a, b = STAYS[0], GOES[0]
    post = one.cells["c1"].ledger.post_transfers
    assert names(post(pay(1, a, b))) == ["created"]
    marked = {"user_data_64": 5}
    assert names(post(pay(2, b, a, **marked))) == ["created"]
    one.split("c1", 5)
    crossed = one.clearing("c1").cross(pay(1, a, b)).to_pylist()
    assert crossed[0]["outcome"] == CrossingOutcome.POSTED
    assert crossed[0]["timestamp"] > 0
    other = one.clearing("c1").cross(pay(1, a, b, 11)).to_pylist()[0]
    assert other["outcome"] == CrossingOutcome.REFUSED_HERE
    assert client.TRANSFER_RESULTS[other["status"]] == "exists_with_different_amount"
    with client.Cells([one.addresses["c1"]]) as cells:
        assert cells.post(pay(1, a, b)).posted_count == 1
        assert cells.post(pay(2, b, a, **marked)).names() == ["exists"]
        fresh = cells.post(pay(3, b, a, **marked))  # a crossing takes no such mark
        assert fresh.names() == ["credit_account_moved"]
        assert fresh.posted_count == 0
        chain = cells.post(
            client.Transfers(
                id_hi=77,
                id_lo=[4, 5],
                debit_account_id=[a, b],
                credit_account_id=[STAYS[1], GOES[1]],
                amount_minor=1,
                ledger=UNIT,
                code=1,
                flags=[1, 0],
            )
        )
        assert chain.names() == ["linked_failed", "debit_account_moved"]
    assert one.totals("c1", "c5") == (0, 0)


def test_a_crossing_that_is_sent_again_after_its_payer_and_payee_moved_acts_once(one: Town) -> None:
    a, b = GOES[0], STAYS[0]
    one.split("c1", 5)
    first = one.clearing("c5").cross(pay(1, a, b)).to_pylist()[0]
    assert first["outcome"] == CrossingOutcome.POSTED
    one.split("c5", 6)  # the payer stays
    one.split("c1", 7)
    payer = next(name for name in ("c5", "c6") if _has(one, name, a))
    again = one.clearing(payer).cross(pay(1, a, b)).to_pylist()[0]
    assert again == first
    moved = GOES[4]
    crossed = one.clearing("c6").cross(pay(2, moved, STAYS[4])).to_pylist()[0]
    assert crossed["outcome"] == CrossingOutcome.POSTED
    assert one.totals("c1", "c5", "c6", "c7") == (0, 0)
    with pytest.raises(AccountMoved):
        one.clearing("c1").cross(pay(3, moved, STAYS[0]))
    with pytest.raises(BatchRefused, match="a payee of another cell"):
        one.clearing("c1").cross(pay(4, STAYS[0], STAYS[1]))


def _has(one: Town, name: str, account: int) -> bool:
    return bool(one.cells[name].writer.cell.share.holds(account))


def test_a_crossing_from_another_home_finds_its_payee_after_a_split(one: Town) -> None:
    two = one.open("d2", 2, **{"1": one.addresses["c1"]})
    two.writer.wait_until_leading()
    payer = 2 << 48 | 9
    with client.connect(one.addresses["d2"]) as at:
        at.declare_ledgers({UNIT: "CNY"})
        at.open_accounts(client.Accounts(id=[payer], ledger=UNIT, code=1))
    before = one.clearing("d2").cross(pay(1, payer, GOES[0])).to_pylist()
    one.split("c1", 5)
    for number, payee in ((1, GOES[0]), (2, GOES[1]), (3, STAYS[0])):
        found = one.clearing("d2").cross(pay(number, payer, payee)).to_pylist()
        assert found[0]["outcome"] == CrossingOutcome.POSTED
        assert number != 1 or found == before
    lines = {line.peer: line for line in one.clearing("d2").reconcile()}
    assert lines[1].findings == ()
    assert lines[1].difference_minor == 0
    ours = clearing_account(1, 2, UNIT)
    told = [one.cells[name].served.totals()[ours] for name in ("c1", "c5")]
    assert [debits for _, debits, _, _ in told] == [20, 10]


def test_another_bank_that_was_split_is_reached_by_the_addresses_it_gave(one: Town) -> None:
    ours = one.open("x7", 7)  # a bank of its own: both have a cell 1, and call each other 900, 700
    ours.writer.wait_until_leading()
    state = one.ask("c1", 5, wait_s=0)
    assert not state.is_done
    one.open("c5", 5)
    theirs = ",".join(one.addresses[name].removeprefix("grpc://") for name in ("c1", "c5"))
    one.end("x7")
    ours = one.open("x7", 7, **{"900": f"grpc://{theirs}?cell=1&as=700"})
    ours.writer.wait_until_leading()
    payer = 7 << 48 | 9
    with client.connect(one.addresses["x7"]) as at:
        at.declare_ledgers({UNIT: "CNY"})
        at.open_accounts(client.Accounts(id=[payer], ledger=UNIT, code=1))
    sent = [(1, GOES[0]), (2, STAYS[0]), (3, GOES[1])]
    for number, payee in [*sent[:1], (0, 0), *sent]:
        if not number:
            one.asked("c1", 5)
            continue
        named = pa.RecordBatch.from_arrays(
            [*pay(number, payer, payee).columns, pa.array([900], pa.uint16())],
            names=[*pay(number, payer, payee).schema.names, "peer"],
        )
        [found] = one.clearing("x7").cross(named, wait_ms=20_000).to_pylist()
        assert found["outcome"] == CrossingOutcome.POSTED
    [line] = [x for x in one.clearing("x7").reconcile() if x.peer == 900]
    assert (line.findings, line.difference_minor, line.out_settled) == ((), 0, 30)


def test_a_crossing_that_waits_is_waited_for_and_then_named(one: Town) -> None:
    one.end("c1")
    [nobody] = [f"grpc://127.0.0.1:{1}"]
    first = one.open("c1", 1, **{"9": nobody})
    first.writer.wait_until_leading()
    elsewhere = 9 << 48 | 5
    stuck = one.clearing("c1")
    with pytest.raises(Outage):
        stuck.cross(pay(1, GOES[0], elsewhere), wait_ms=0)  # nobody answers there: nothing is held
    one.ask("c1", 5, wait_s=0)
    one.open("c5", 5)
    service: Any = stuck
    with service.holding_back(first.writer.cell.share.halves()[1]) as check_clear:
        check_clear()
        with pytest.raises(Outage, match="is being split"):
            service._gate.take(_columns(GOES[0]), Future())
        service._gate.take(_columns(STAYS[0]), Future())
    waiting: Any = Future()
    service._gate.take(_columns(GOES[0]), waiting)
    with pytest.raises(SplitWaits, match="1 transfers to other cells") as told:
        one.ask("c1", 5, wait_s=0.1)
    assert told.value.facts["first"] == [str(UUID(int=7))]
    waiting.set_result(None)
    one.asked("c1", 5)


def _columns(payer: int) -> Any:
    one = np.array([payer])
    return Crossings(np.zeros(1, "u8"), np.array([7], "u8"), one, *[one] * 7)
