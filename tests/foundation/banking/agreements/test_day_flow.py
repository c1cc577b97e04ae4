"""Goal: the close of a day is a durable flow: once a date, tried again, gone on with by itself.

Method: stories of a small bank whose flows are worked in the test's own thread. Trouble is put into
a part of the close: the ledger is away, the process dies, a page raises, the books differ.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.foundation.banking.agreements.comparing import by_order, check, check_proven, in_tables
from tests.foundation.banking.agreements.test_crashes import Death, Died
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.chassis.flow import Retry, Start, State
from yunjin.foundation.banking.api.agreements import EntryStatus
from yunjin.foundation.banking.api.days import DayReport
from yunjin.foundation.banking.errors import DayBeingClosed, DayNotProven
from yunjin.foundation.banking.service import day_parts, days
from yunjin.foundation.banking.service.days import Attempt
from yunjin.foundation.ledger.api import TRANSFERS_REQUIRED
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Bug, NotFound, Outage
from yunjin.kernel.ids import uuid7

LAST = FIRST_DAY + dt.timedelta(days=2)
DUE = FIRST_DAY + dt.timedelta(days=1)  # on the evening of which a loan's first bill is made
NEXT = LAST + dt.timedelta(days=1)
PATIENT = Retry(attempts=9, first_s=0)


class Away(Outage):
    """Somebody is not there."""

    code, title = "test/away", "Away"


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path, general_ledger=in_tables, retry=PATIENT) as bank:
        _filled(bank)
        yield bank


def _filled(bank: Bank) -> None:
    an, bo = bank.open("current-account", 2)
    (loan,) = bank.open("instalment-loan", amount=500_000, rate=120_000, term=6, first_due=2)
    bank.post(bank.entry(an, 123_456), bank.entry(bo, 77), bank.entry(loan, 1_000))


def _failing(act: Callable[..., Any], error: Exception, times: int) -> Callable[..., Any]:
    """Return an act that raises so many times before it acts."""
    left = [error] * times

    def tried(*values: Any, **named: Any) -> Any:
        if left:
            raise left.pop()
        return act(*values, **named)

    return tried


def _states(bank: Bank, date: dt.date) -> list[State]:
    flows = bank.days.flows
    attempts = (Attempt(flows, date, number).state() for number in (1, 2, 3))
    return [one.state for one in attempts if one is not None]


def test_each_date_has_one_flow_however_it_is_asked_for(bank: Bank) -> None:
    bank.days.close(LAST)
    bank.days.close(NEXT)
    flows: Any = bank.days.flows
    done = flows.page(state=State.DONE).items
    days = [(FIRST_DAY + dt.timedelta(days=number)).isoformat() for number in range(4)]
    assert sorted(one.args[0] for one in done) == days
    first = Attempt(flows, FIRST_DAY, 1)
    flows.start_all(
        [Start(flow_id=first.flow_id, flow="day.close", args=(FIRST_DAY.isoformat(), 1))]
    )
    flows.engine.drain()
    assert bank.days.business_date() == NEXT + dt.timedelta(days=1)
    assert [row.name for row in flows.history(first.flow_id)] == ["close"]
    check_proven(bank)


def test_a_large_bank_is_closed_part_by_part_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for rows in (day_parts.PART_ROWS, 1):
        monkeypatch.setattr(day_parts, "PART_ROWS", rows)
        with open_bank(tmp_path / str(rows), general_ledger=in_tables) as bank:
            _filled(bank)
            bank.days.close(LAST)
            found.append(by_order(bank))
            check(bank)
            flow_id = Attempt(bank.days.flows, DUE, 1).flow_id
            names = [row.name for row in bank.days.flows.history(flow_id)]
            lines = bank.days.flows.progress(flow_id)
    assert found[0] == found[1]
    assert names == ["close", "close", "prove"]
    assert [(line.name, line.done, line.total) for line in lines] == [("close", 2, 2)]


def test_an_outage_is_tried_again_and_nobody_is_told(bank: Bank) -> None:
    ledger: Any = bank.ledger
    ledger.post_transfers = _failing(ledger.post_transfers, Away("Not now."), 3)
    assert bank.days.close().status == "closed"
    assert _states(bank, FIRST_DAY) == [State.DONE]
    check(bank)
    check_proven(bank)


def test_who_waits_is_told_of_an_outage_that_lasts_and_the_flow_is_begun_anew(bank: Bank) -> None:
    ledger: Any = bank.ledger
    ledger.post_transfers = _failing(ledger.post_transfers, Away("Not now."), 9)
    with pytest.raises(Away):
        bank.days.close()
    assert bank.days.close().status == "closed"
    assert _states(bank, FIRST_DAY) == [State.FAILED, State.DONE]
    check_proven(bank)


def test_nothing_comes_between_the_parts_of_a_close_but_it_can_be_looked_at(bank: Bank) -> None:
    an = min(bank.core.books._ids.tolist())
    ledger: Any = bank.ledger
    post = ledger.post_transfers
    ledger.post_transfers = _failing(post, Away("Not now."), 99)
    with pytest.raises(Away):
        bank.days.close()
    ledger.post_transfers = post
    with pytest.raises(DayBeingClosed):
        bank.post(bank.entry(an, 1))
    with pytest.raises(DayBeingClosed):
        bank.open("wallet")
    assert bank.agreements.agreement(an).balance_minor == 123_456
    assert bank.days.day(FIRST_DAY).status == "closing"
    bank.days.close()
    assert bank.post(bank.entry(an, 1))[0]["status"] == EntryStatus.BOOKED
    check(bank)


def test_who_closes_a_day_that_is_being_closed_joins_it(bank: Bank) -> None:
    parts: Any = bank.days._parts
    parts.go_on = _failing(parts.go_on, Away("Not now."), 9)
    with pytest.raises(Away):
        bank.days.close()
    assert bank.days.close().date == FIRST_DAY
    assert bank.days.business_date() == FIRST_DAY + dt.timedelta(days=1)


def test_a_close_that_fails_by_its_code_is_parked_and_goes_on_once_that_is_mended(
    bank: Bank,
) -> None:
    closing: Any = bank.days._parts._closing
    closing.close = _failing(closing.close, RuntimeError("a page of another making"), 1)
    with pytest.raises(Bug, match="RuntimeError: a page of another making"):
        bank.days.close()
    assert _states(bank, FIRST_DAY) == [State.PARKED]
    assert bank.days.close().status == "closed"
    assert _states(bank, FIRST_DAY) == [State.DONE]
    check(bank)


def test_a_day_that_is_not_proven_is_proven_once_the_books_are_mended(bank: Bank) -> None:
    an, bo, _ = sorted(bank.core.books._ids.tolist())
    _around_the_product(bank, an, bo, 500)
    for _ in range(2):
        with pytest.raises(DayNotProven):
            bank.days.close(LAST)
    report = bank.days.day(FIRST_DAY)
    assert report.status == "unproven"
    assert any(line.difference_minor for line in report.proof)
    assert bank.days.business_date() == FIRST_DAY
    assert bank.post(bank.entry(an, 5))[0]["status"] == EntryStatus.BOOKED
    _around_the_product(bank, bo, an, 500)
    assert bank.days.close().date == FIRST_DAY
    assert _states(bank, FIRST_DAY) == [State.FAILED, State.FAILED, State.DONE]
    check(bank)
    check_proven(bank)


def _around_the_product(bank: Bank, debit: int, credit: int, minor: int) -> None:
    """Move an agreement's money in the ledger, to the bank's own side of another branch or back."""
    slots = bank.core.slot_ids
    accounts = {}
    for agreement_id in (debit, credit):
        kept, rows = bank.core.books.found(agreement_id)
        accounts[agreement_id] = int(kept.book.columns[".id.main"][rows][0])
    other = next(iter(slots.values()))
    pair = (accounts[debit], other) if debit < credit else (other, accounts[credit])
    made = uuid7(bank.clock).int
    row = {
        "id_hi": made >> 64,
        "id_lo": made & (2**64 - 1),
        "debit_account_id": pair[0],
        "credit_account_id": pair[1],
        "amount_minor": minor,
        "ledger": 156,
        "code": 9,
        "flags": 0,
    }
    arrays = [pa.array([row[name]], kind) for name, kind in TRANSFERS_REQUIRED.items()]
    batch = pa.RecordBatch.from_arrays(arrays, names=list(TRANSFERS_REQUIRED))
    assert bank.ledger.post_transfers(batch)["status"].to_pylist() == [0]


def test_a_catch_up_that_dies_goes_on_by_itself_when_the_bank_opens(tmp_path: Path) -> None:
    _expect_it_goes_on(tmp_path, [9])


@pytest.mark.slow
def test_a_catch_up_that_dies_anywhere_goes_on_by_itself(tmp_path: Path) -> None:
    _expect_it_goes_on(tmp_path, range(2, 40))


def _expect_it_goes_on(home: Path, places: Any) -> None:
    with open_bank(home / "twin", general_ledger=in_tables) as twin:
        _filled(twin)
        twin.days.close(LAST)
        undisturbed = by_order(twin)
    for at in places:
        death = Death(at, is_before=at % 2 == 0)
        with open_bank(home / str(at), general_ledger=in_tables) as bank:
            _filled(bank)
            for owner, name in ((bank.room, "run"), (bank.ledger, "post_transfers")):
                setattr(owner, name, death.wrapped(getattr(owner, name)))
            try:
                bank.days.close(LAST)
            except Died:
                pass
            finally:
                del bank.room.run, bank.ledger.post_transfers
        with open_bank(home / str(at), general_ledger=in_tables) as bank:
            assert bank.days.business_date() == NEXT, f"died at {at}"
            check(bank)
            assert by_order(bank) == undisturbed, f"died at {at}"


def test_the_seconds_of_a_close_are_all_of_it(tmp_path: Path) -> None:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        _filled(bank)
        clock = FixedClock(bank.clock.now_ns())
        bank.core.clock = clock
        _cannot_open(bank)
        with pytest.raises(Away):
            bank.days.close()
        assert bank.days.days()[0].status == "opening"
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        assert bank.days.business_date() == FIRST_DAY + dt.timedelta(days=1)
        assert bank.days.day(FIRST_DAY).seconds > 0
        clock.at_ns = bank.clock.now_ns()
        bank.core.clock = clock
        _cannot_open(bank)
        with pytest.raises(Away):
            bank.days.close()
        clock.advance(3_600)
        bank.days.close()
        assert bank.days.days()[1].seconds == 3_600


def _cannot_open(bank: Bank) -> None:
    """Let the bank be stopped once, between the proof and the next day."""
    parts: Any = bank.days._parts
    parts._open = _failing(parts._open, Away("Not now."), 1)


def test_who_watches_is_told_of_each_day(bank: Bank) -> None:
    told: list[DayReport] = []
    bank.days.close(LAST, progress=told.append)
    opened = [one.date for one in told if one.status == "opening"]
    assert opened == [FIRST_DAY + dt.timedelta(days=number) for number in (1, 2, 3)]
    assert all(len(one.steps) == 1 for one in told)


def test_closes_of_long_ago_are_forgotten_when_the_bank_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.days.close()
        flow_id = Attempt(bank.days.flows, FIRST_DAY, 1).flow_id
        assert bank.days.flows.state(flow_id).state is State.DONE
    monkeypatch.setattr(days, "FLOWS_KEPT_DAYS", -1)  # all that ended before tomorrow
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        with pytest.raises(NotFound):
            bank.days.flows.state(flow_id)
        assert bank.days.day(FIRST_DAY).status == "closed"
        assert bank.days.close().status == "closed"
