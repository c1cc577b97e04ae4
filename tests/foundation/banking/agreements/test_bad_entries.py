"""Goal: what will not do is refused by its row, or as a whole, and leaves the books as they were.

Method: entries and openings with every column wrong once, at the ends of int64 and over the limits;
ids that come twice, in a batch or later with other words; reversals of what is no entry.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.foundation.banking.agreements.comparing import check, check_proven, in_tables, whole
from tests.foundation.banking.bank import TYPES, Bank, open_bank
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_MAX,
    ENTRIES_REQUIRED,
    Action,
    EntryStatus,
    Opening,
    StandingOrder,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import EntryRefused
from yunjin.foundation.banking.service.registry import shipped
from yunjin.kernel.errors import Malformed, Refusal
from yunjin.kernel.ids import uuid7
from yunjin.kernel.money import MINOR_MAX

LEAST, MOST = -(2**63), 2**63 - 1
BOOKED, EXISTS, OTHERWISE = EntryStatus.BOOKED, EntryStatus.EXISTS, EntryStatus.EXISTS_OTHERWISE
MALFORMED = EntryStatus.MALFORMED


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        yield bank
        bank.days.close()
        check_proven(bank)
        check(bank)


def _statuses(bank: Bank, *entries: dict[str, Any]) -> list[EntryStatus]:
    return [EntryStatus(one["status"]) for one in bank.post(*entries)]


def _columns(count: int) -> dict[str, Any]:
    ids = list(range(1, count + 1))
    return {
        name: pa.array(ids if name == "id_lo" else [1] * count, TYPES[name])
        for name in ENTRIES_REQUIRED
    }


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": None},
        {"amount_minor": pa.array([1, None])},
        {"amount_minor": pa.array([1.0, 2.0])},
        {"amount_minor": pa.array(["1", "2"])},
        {"agreement_id": pa.array([1, 2], pa.uint64())},
        {"action": pa.array([0, None], pa.uint8())},
        {"action": pa.array([0, 0], pa.int64())},
        {"colour": pa.array([1, 2])},
    ],
)
def test_columns_that_will_not_do_refuse_the_batch(bank: Bank, change: dict[str, Any]) -> None:
    columns = {name: one for name, one in (_columns(2) | change).items() if one is not None}
    with pytest.raises(Malformed):
        bank.agreements.post(pa.RecordBatch.from_pydict(columns))


def test_no_entry_is_answered_by_none_and_too_many_are_refused(bank: Bank) -> None:
    assert bank.agreements.post(pa.RecordBatch.from_pydict(_columns(0))).num_rows == 0
    with pytest.raises(Malformed):
        bank.agreements.post(pa.RecordBatch.from_pydict(_columns(ENTRIES_MAX + 1)))
    twice = [pa.array([1], kind) for kind in ENTRIES_REQUIRED.values()]
    names = list(ENTRIES_REQUIRED)
    with pytest.raises(Malformed):
        bank.agreements.post(pa.RecordBatch.from_arrays([*twice, twice[0]], [*names, names[0]]))


def test_each_wrong_row_is_refused_and_leaves_no_trace(bank: Bank) -> None:
    an, bo = bank.open("current-account", 2, overdraft_limit=1_000)
    bank.post(bank.entry(an, -5))  # below 0, so that the sum with the least int64 wraps
    before = whole(bank.core)
    wrong = {
        MALFORMED: [
            bank.entry(an, LEAST),
            bank.entry(an, MOST),
            bank.entry(an, -MINOR_MAX - 1),
            bank.entry(an, LEAST, counter_agreement_id=bo),
            bank.entry(an, 0),
            bank.entry(an, 1, action=9),
            bank.entry(an, 1, against=7),
            bank.entry(an, 1, against=65_535),
            bank.entry(an, -1, action=Action.HOLD),
            bank.entry(an, 1, action=Action.HOLD, counter_agreement_id=bo),
            bank.entry(an, 1, action=Action.CAPTURE),
            bank.entry(an, 1, counter_agreement_id=an),
            bank.entry(an, 1, value_date=dt.date(2026, 1, 6)),
            bank.entry(an, 1) | {"id_hi": 0, "id_lo": 0},
        ],
        EntryStatus.AGREEMENT_NOT_FOUND: [
            bank.entry(0, 1),
            bank.entry(-1, 1),
            bank.entry(LEAST, 1),
            bank.entry(MOST, 1),
            bank.entry(0, 1, counter_agreement_id=an),
            bank.entry(an, 1, counter_agreement_id=MOST),
            bank.entry(an, 1, counter_agreement_id=-1),
        ],
        EntryStatus.HOLD_NOT_FOUND: [
            bank.entry(an, 0, action=Action.RELEASE, hold=uuid7(bank.clock)),
            bank.entry(an, 0, action=Action.REVERSE, hold=uuid7(bank.clock)),
        ],
    }
    for status, entries in wrong.items():
        for entry in entries:
            assert _statuses(bank, entry) == [status], entry
    assert whole(bank.core) == before


def test_an_id_says_one_thing_only(bank: Bank) -> None:
    an, bo = bank.open("current-account", 2)
    far = bank.open("current-account", branch="east")[0]
    one, other, held = (uuid7(bank.clock) for _ in range(3))
    first = bank.entry(an, 10_000, id=one)
    paid = bank.entry(an, -100, id=other, counter_agreement_id=bo)
    hold = bank.entry(an, 50, id=held, action=Action.HOLD)
    assert _statuses(bank, first, bank.entry(an, 1, id=one), paid, hold) == [
        BOOKED,
        MALFORMED,
        BOOKED,
        BOOKED,
    ]
    before = whole(bank.core)
    assert _statuses(bank, first, paid, hold) == [EXISTS] * 3
    for entry in (
        bank.entry(an, -10_000, id=one),
        bank.entry(an, 9_999, id=one),
        bank.entry(bo, 10_000, id=one),
        bank.entry(an, 10_000, id=one, against=int(Slot.CASH)),
        bank.entry(an, 10_000, id=one, counter_agreement_id=bo),
        bank.entry(an, -100, id=other),
        bank.entry(an, -100, id=other, counter_agreement_id=far),
        bank.entry(an, 100, id=other, counter_agreement_id=bo),
        bank.entry(an, 100, id=other, action=Action.HOLD),
        bank.entry(an, -50, id=held),
    ):
        assert _statuses(bank, entry) == [OTHERWISE], entry
    assert whole(bank.core) == before


def test_a_reversal_takes_the_money_back_from_where_it_went(bank: Bank) -> None:
    an, bo = bank.open("current-account", 2)
    far = bank.open("current-account", branch="east")[0]
    near, cross, cash = (uuid7(bank.clock) for _ in range(3))
    bank.post(
        bank.entry(an, 1_000),
        bank.entry(an, -100, id=near, counter_agreement_id=bo),
        bank.entry(an, -200, id=cross, counter_agreement_id=far),
        bank.entry(an, 50, id=cash, against=int(Slot.CASH)),
    )
    (wrong,) = bank.post(
        bank.entry(an, 0, action=Action.REVERSE, hold=near, counter_agreement_id=far)
    )
    assert wrong["status"] == MALFORMED
    reversals = [bank.entry(an, 0, action=Action.REVERSE, hold=one) for one in (near, cross, cash)]
    assert _statuses(bank, *reversals) == [BOOKED] * 3
    found = [bank.agreements.agreement(one).balance_minor for one in (an, bo, far)]
    assert found == [1_000, 0, 0]
    assert bank.core.slot_balances()[int(Slot.CASH), "head", "CNY"] == 0
    assert _statuses(bank, *reversals) == [EXISTS] * 3


def test_what_is_no_entry_cannot_be_reversed(bank: Bank) -> None:
    (an,) = bank.open("current-account")
    hold, release = uuid7(bank.clock), uuid7(bank.clock)
    bank.post(
        bank.entry(an, 1_000),
        bank.entry(an, 500, id=hold, action=Action.HOLD),
        bank.entry(an, 0, id=release, action=Action.RELEASE, hold=hold),
    )
    for one in (hold, release):
        entry = bank.entry(an, 0, action=Action.REVERSE, hold=one)
        assert _statuses(bank, entry) == [EntryStatus.HOLD_NOT_FOUND]
    assert bank.agreements.agreement(an).balance_minor == 1_000


def test_entries_of_a_batch_refer_to_those_before_them(bank: Bank) -> None:
    (an,) = bank.open("current-account")
    first, hold = uuid7(bank.clock), uuid7(bank.clock)
    statuses = _statuses(
        bank,
        bank.entry(an, 1_000, id=first),
        bank.entry(an, 300, id=hold, action=Action.HOLD, against=int(Slot.CASH)),
        bank.entry(an, 0, action=Action.CAPTURE, hold=hold),
        bank.entry(an, 5_000),
        bank.entry(an, 0, action=Action.REVERSE, hold=first),
        bank.entry(an, 0, action=Action.REVERSE, hold=first),
    )
    assert statuses == [BOOKED] * 5 + [EXISTS]
    assert bank.agreements.agreement(an).balance_minor == 4_700
    assert bank.core.slot_balances()[int(Slot.CASH), "head", "CNY"] == -300


@pytest.mark.parametrize(
    "wrong",
    [
        {"party_id": "单位"},
        {"party_id": "x" * 65},
        {"party_id": ""},
        {"party_id": " x "},
        {"note": "n" * 201},
        {"note": "a\ud800"},
        {"note": "\x00"},
        {"branch": "东"},
        {"branch": ""},
        {"branch": "b" * 17},
        {"version": -1},
        {"product": "nothing"},
        {"terms": {"overdraft_limit": 2**70}},
        {"terms": {"overdraft_limit": -1}},
        {"terms": {"overdraft_limit": True}},
        {"terms": {"overdraft_limit": "1"}},
        {"terms": {"overdraft_limit": 1.5}},
    ],
)
def test_openings_that_will_not_do_open_nothing(bank: Bank, wrong: dict[str, Any]) -> None:
    good = {"product": "current-account", "party_id": "p"}
    wanted = [Opening(**good), Opening(**(good | wrong))]
    with pytest.raises(Refusal):
        bank.agreements.open(uuid7(bank.clock), wanted)
    assert bank.core.books.count() == 0
    assert "东" not in bank.core.books.branches


def test_openings_beyond_what_the_ledger_can_sum_are_told_and_are_none(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        with pytest.raises(EntryRefused, match="was 76 of 1100 refused") as refusal:
            bank.open("instalment-loan", 1_100, amount=MINOR_MAX, rate=60_000, term=12)
        told = refusal.value.facts["agreement_ids"]
        assert told == [*map(str, bank.core.books._ids.tolist()), *[None] * 76]
        assert {bank.agreements.agreement(int(one)).status for one in told[:8]} == {"open"}
        check(bank)


def test_a_standing_order_goes_forward_in_time(bank: Bank) -> None:
    an, bo = bank.open("current-account", 2)
    for months, days in ((1, -5), (0, -1), (-1, 1), (0, 0), (1, 1), (1_201, 0)):
        order = StandingOrder(
            order_id=uuid7(bank.clock),
            agreement_id=an,
            counter_agreement_id=bo,
            amount_minor=1,
            first=dt.date(2026, 1, 6),
            every_months=months,
            every_days=days,
        )
        with pytest.raises(Malformed):
            bank.agreements.order(uuid7(bank.clock), order)


def test_a_conversion_brings_each_once_or_none_at_all(bank: Bank) -> None:
    an, bo = bank.open("current-account", 2)
    (wallet,) = bank.open("wallet")
    bank.post(*(bank.entry(one, 1_000) for one in (an, bo, wallet)))
    source = shipped()["current-account"]
    made = bank.registry.register(uuid7(bank.clock), source + "\n# two\n")
    with pytest.raises(Refusal):  # there is no second version of the wallet
        bank.agreements.convert(uuid7(bank.clock), [an, wallet], made.version)
    assert bank.agreements.agreement(an).version == 1
    assert bank.agreements.convert(uuid7(bank.clock), [an, an], made.version) == 1
    assert bank.agreements.agreement(an).balance_minor == 1_000
    other = source.replace("main = Account(Slot.DEPOSITS)", "main = Account(Slot.TERM_DEPOSITS)")
    third = bank.registry.register(uuid7(bank.clock), other)
    with pytest.raises(Refusal):  # its money would have no place
        bank.agreements.convert(uuid7(bank.clock), [an, bo], third.version)
    assert [bank.agreements.agreement(one).version for one in (an, bo)] == [2, 1]


def test_a_loan_that_is_closed_leaves_no_provision_behind(bank: Bank) -> None:
    (loan,) = bank.open("instalment-loan", amount=1_000_000, rate=0, term=12, surplus=1)
    bank.days.close()
    bank.post(bank.entry(loan, 1_000_000))
    assert bank.agreements.close(uuid7(bank.clock), loan).status == "closed"
    bank.days.close()
    assert bank.core.slot_balances()[int(Slot.PROVISION), "head", "CNY"] == 0
