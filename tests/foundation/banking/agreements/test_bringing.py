"""Goal: agreements come over in the middle of their lives, and go back, as any other wave does.

Method: batches of columns on the real core; books read again as another process would.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.foundation.banking.bank import Bank, open_bank
from yunjin.foundation.banking.api.agreements import Action, EntryStatus
from yunjin.foundation.banking.api.bringing import Brought
from yunjin.foundation.banking.errors import AgreementNotEmpty, AgreementNotFound
from yunjin.foundation.banking.service.bringing import Bringing
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.kernel.ids import uuid7

OPENED = dt.date(2025, 3, 1)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path) as found:
        yield found


@pytest.fixture
def bringing(bank: Bank) -> Bringing:
    return Bringing(bank.core, bank.agreements._registry)


def accounts(*balances: int, **more: Any) -> pa.RecordBatch:
    """Return current accounts of these balances."""
    count = len(balances)
    columns: dict[str, Any] = {
        "party_id": [f"p-{at}" for at in range(count)],
        "opened": pa.array([OPENED] * count, pa.date32()),
        "branch": ["east"] * count,
        "balance.main": pa.array(balances, pa.int64()),
        "accrued.interest": pa.array([150_000_000] * count, pa.int64()),
        **more,
    }
    return pa.RecordBatch.from_pydict(columns)


def ids(came: Brought) -> pa.RecordBatch:
    made = came.first + came.step * np.arange(came.count)
    return pa.RecordBatch.from_pydict({"agreement_id": pa.array(made, pa.int64())})


def test_accounts_come_over_with_their_balances_and_what_accrued(
    bank: Bank, bringing: Bringing
) -> None:
    came = bringing.bring(uuid7(bank.clock), "current-account", accounts(12_300, -500))
    rich, poor = (bank.agreements.agreement(one.as_py()) for one in ids(came)["agreement_id"])
    assert (rich.balance_minor, poor.balance_minor) == (12_300, -500)
    assert (rich.opened, rich.branch, rich.party_id) == (OPENED, "east", "p-0")
    assert rich.accrued_e8["interest"] == 150_000_000
    assert bringing.difference_minor() == 0
    assert bank.days.close(bank.days.business_date()).status == "closed"
    before = bank.fingerprint()[0]
    again = bank.reopened()
    for number, kept in again.books.kept.items():
        for name, column in kept.book.columns.items():
            assert np.asarray(column).view(np.int64).tolist() == before[number][name], name


def test_a_batch_sent_again_has_the_same_agreements(bank: Bank, bringing: Bringing) -> None:
    command = uuid7(bank.clock)
    first = bringing.bring(command, "current-account", accounts(1, 2))
    assert bringing.bring(command, "current-account", accounts(1, 2)) == first
    with pytest.raises(IdempotencyConflict):
        bringing.bring(command, "current-account", accounts(1, 3))
    assert bank.core.books.count() == 2


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"balance.second": pa.array([1], pa.int64())}, "balance.second"),
        ({"balance.main": pa.array(["1"])}, "balance.main as int64"),
        ({"party_id": ["é"]}, "ASCII"),
        ({"branch": ["a branch of many letters"]}, "ASCII"),
        ({"note": ["one \x07"]}, "printable"),
        ({"opened": pa.array([None], pa.date32())}, "opened"),
        ({"term.sleeps_after": pa.array([1], pa.int64())}, "sleeps_after"),
    ],
)
def test_columns_that_the_product_does_not_take_are_refused(
    bank: Bank, bringing: Bringing, columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(Malformed, match=said):
        bringing.bring(uuid7(bank.clock), "current-account", accounts(1, **columns))
    assert bank.core.books.count() == 0


def test_what_moved_since_is_told_by_account(bank: Bank, bringing: Bringing) -> None:
    came = bringing.bring(uuid7(bank.clock), "current-account", accounts(100, 200))
    assert bringing.moved(ids(came), after=came.wave).rows.num_rows == 0
    [answer] = bank.post(bank.entry(came.first, 77))
    assert answer["status"] == EntryStatus.BOOKED
    told = bringing.moved(ids(came), after=came.wave)
    [row] = told.rows.to_pylist()
    assert (row["agreement_id"], row["account"], row["amount_minor"]) == (came.first, "main", 77)
    assert told.is_all


def test_what_is_given_back_ends_with_nothing_on_it(bank: Bank, bringing: Bringing) -> None:
    came = bringing.bring(uuid7(bank.clock), "current-account", accounts(100, 200))
    command = uuid7(bank.clock)
    given = bringing.give_back(command, ids(came))
    assert (given.count, given.ended_before) == (2, ())
    assert bringing.give_back(command, ids(came)) == given
    [standing] = bringing.standing(ids(came))
    assert standing["status"].to_pylist() == [2, 2]
    assert standing["balance.main"].to_pylist() == [0, 0]
    assert standing["accrued.interest"].to_pylist() == [150_000_000] * 2
    ended = bringing.moved(ids(came), after=given.wave - 1, waves=1).rows
    assert sorted(ended["amount_minor"].to_pylist()) == [-200, -100]
    assert all(minor == 0 for minor in bank.core.slot_balances().values())
    assert bringing.give_back(uuid7(bank.clock), ids(came)).ended_before == tuple(
        ids(came)["agreement_id"].to_pylist()
    )
    assert bank.days.close(bank.days.business_date()).status == "closed"


def test_what_is_on_hold_is_not_given_back(bank: Bank, bringing: Bringing) -> None:
    came = bringing.bring(uuid7(bank.clock), "current-account", accounts(100))
    bank.post(bank.entry(came.first, 60, action=Action.HOLD))
    with pytest.raises(AgreementNotEmpty):
        bringing.give_back(uuid7(bank.clock), ids(came))
    nobody = pa.RecordBatch.from_pydict({"agreement_id": pa.array([5], pa.int64())})
    with pytest.raises(AgreementNotFound):
        bringing.standing(nobody)
