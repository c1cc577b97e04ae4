"""Goal: a loan that is paid back ends by itself, but not while more of it may be wanted.

Method: short weekly loans in a bank of their own, paid by a standing order, by hand or too much.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.banking.agreements.comparing import check_proven, in_tables, whole
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.foundation.banking.api.agreements import (
    AgreementQuery,
    EntryStatus,
    StandingOrder,
)
from yunjin.kernel.ids import uuid7

LOAN = {"amount": 100_000, "rate": 0, "term": 2, "every": 4, "first_due": 7}
PART = 50_000
OPEN_DAYS = 5


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """Yield a bank in which repaid loans stay open for some days."""
    with open_bank(tmp_path, general_ledger=in_tables) as found:
        found.core.repaid_open_days = OPEN_DAYS
        yield found


def lived(bank: Bank, days: int) -> None:
    """Close some days."""
    for _ in range(days):
        bank.days.close()
    check_proven(bank)


def repaid(bank: Bank, **terms: int) -> int:
    """Return a loan that was paid back on its last due day."""
    (loan,) = bank.open("instalment-loan", **{**LOAN, **terms})
    assert bank.post(bank.entry(loan, 2 * PART))[0]["status"] == EntryStatus.BOOKED
    while bank.agreements.agreement(loan).due:
        bank.days.close()
    assert not any(bank.agreements.agreement(loan).balances.values())
    return loan


def test_a_repaid_loan_is_closed_after_some_days_with_the_order_that_paid_it(
    bank: Bank, tmp_path: Path
) -> None:
    (payer,) = bank.open("current-account")
    loan = repaid(bank)
    order = StandingOrder(
        order_id=uuid7(bank.clock),
        agreement_id=payer,
        counter_agreement_id=loan,
        amount_minor=PART,
        first=bank.days.business_date() + dt.timedelta(days=60),
    )
    bank.agreements.order(uuid7(bank.clock), order)
    over = bank.days.business_date()
    lived(bank, OPEN_DAYS)
    assert bank.agreements.agreement(loan).status == "open"
    lived(bank, 1)
    found = bank.agreements.agreement(loan)
    assert (found.status, found.closed) == ("closed", over + dt.timedelta(days=OPEN_DAYS))
    [listed] = bank.agreements.find(AgreementQuery(status="closed")).items
    assert listed.agreement_id == loan
    assert bank.agreements.orders(payer)[0].next is None
    refused = bank.post(bank.entry(loan, 1))[0]
    assert refused["status"] not in (EntryStatus.BOOKED, EntryStatus.EXISTS)
    before = whole(bank.core)
    assert whole(bank.reopened()) == before
    lived(bank, 3)
    assert bank.agreements.agreement(loan).closed == found.closed


def test_more_of_it_in_time_keeps_the_loan_open(bank: Bank) -> None:
    (loan,) = bank.open("instalment-loan", **LOAN)
    lived(bank, 14)
    bank.post(bank.entry(loan, 2 * PART))
    lived(bank, OPEN_DAYS)
    bank.agreements.change(uuid7(bank.clock), loan, {"amount": 100_500})
    lived(bank, OPEN_DAYS + 2)
    found = bank.agreements.agreement(loan)
    assert (found.status, sum(found.balances.values())) == ("open", 500)


def test_what_is_left_on_a_loan_keeps_it_open_until_it_is_paid_out(bank: Bank) -> None:
    (loan,) = bank.open("instalment-loan", **LOAN)
    bank.post(bank.entry(loan, 2 * PART + 7))
    lived(bank, 14 + 2 * OPEN_DAYS)
    found = bank.agreements.agreement(loan)
    assert (found.status, found.balances["paid_in"]) == ("open", 7)
    bank.post(bank.entry(loan, -7))
    lived(bank, OPEN_DAYS + 1)
    assert bank.agreements.agreement(loan).status == "closed"


def test_a_loan_that_was_repaid_early_is_closed_too(bank: Bank) -> None:
    (loan,) = bank.open("instalment-loan", **LOAN, surplus=1)
    lived(bank, 2)
    bank.post(bank.entry(loan, 2 * PART))
    lived(bank, OPEN_DAYS + 1)
    closed = FIRST_DAY + dt.timedelta(days=2 + OPEN_DAYS)
    assert bank.agreements.agreement(loan).closed == closed


def test_what_goes_on_after_its_debt_stays_open(bank: Bank) -> None:
    lines = bank.open("credit-line", limit=100_000, rate=90_000) + bank.open("current-account")
    lived(bank, 3 * OPEN_DAYS)
    assert {bank.agreements.agreement(each).status for each in lines} == {"open"}
