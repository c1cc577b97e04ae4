"""Goal: an agreement's day is told as camt.052, 053 and 054, and what came in can go back.

Method: payments at a bank, then its messages read back as any bank would read them.
"""

import datetime as dt

import pytest

from tests.platforms.capability.payments.conftest import Payer
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.errors import AgreementNotFound
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.payments import PaymentState, ReportKind
from yunjin.platforms.capability.domain.iso20022.accounts import (
    AccountReport,
    gaps_minor,
    read_account_report,
)
from yunjin.platforms.capability.domain.iso20022.returns import Returns, read_returns
from yunjin.platforms.capability.errors import PaymentNotFound, PaymentRefused

S = PaymentState


def told(bank: Payer, kind: ReportKind) -> AccountReport:
    day = bank.doors[DaysApi].business_date()
    found = read_account_report(bank.payments.account_report(bank.payer, kind, day))
    assert isinstance(found, AccountReport)
    assert found.name.startswith(kind.value)
    return found


def test_a_statement_adds_up_and_names_its_payments(bank: Payer) -> None:
    bank.pay(
        bank.order(30_000, counter_agreement_id=bank.payee, end_to_end_id="INV-1"),
        bank.order(5_000, remittance="货款", end_to_end_id="INV-2"),
    )
    found = told(bank, ReportKind.STATEMENT)
    assert gaps_minor(found) == [0]
    assert found.balances is not None
    balances = {row["balance_type"]: row["amount_minor"] for row in found.balances.to_pylist()}
    assert balances == {"OPBD": 0, "CLBD": 965_000}
    entries = found.entries.to_pylist()
    assert [(row["amount_minor"], row["is_credit"]) for row in entries] == [
        (1_000_000, True),
        (30_000, False),
        (5_000, False),
    ]
    assert found.details["end_to_end_id"].to_pylist() == [None, "INV-1", "INV-2"]
    assert found.details["remittance"].to_pylist()[2] == "货款"


def test_within_the_day_and_entry_by_entry_it_is_the_same(bank: Payer) -> None:
    bank.pay(bank.order(5_000))
    within, notice = told(bank, ReportKind.INTRADAY), told(bank, ReportKind.NOTIFICATION)
    assert within.balances is not None
    assert "ITBD" in within.balances["balance_type"].to_pylist()
    assert notice.balances is None
    assert notice.entries.num_rows == within.entries.num_rows == 2


def test_reports_of_no_agreement_are_refused(bank: Payer) -> None:
    with pytest.raises(AgreementNotFound):
        bank.payments.account_report(7, ReportKind.STATEMENT, dt.date(2026, 1, 5))


def test_what_came_in_goes_back_once_with_a_message_that_names_the_first(bank: Payer) -> None:
    reference = bank.house.pay_in(str(bank.payee), 700, dt.date(2026, 1, 5), currency="CNY")
    bank.rest()
    [one] = bank.payments.payments(agreement_id=bank.payee).items
    assert (one.state, bank.balances()[2]) == (S.SETTLED, 700)
    command = bank.id()
    for _ in range(2):
        bank.payments.give_back(command, one.payment_id, "AC04", "户名不符")
        bank.work()
    assert bank.payments.payment(one.payment_id).state is S.RETURNED
    assert bank.balances()[2] == 0
    found = [read_returns(content) for content in bank.house.files.values()]
    [back] = [each for each in found if isinstance(each, Returns)]
    [line] = back.lines.to_pylist()
    assert (line["original_end_to_end_id"], line["amount_minor"]) == (reference, 700)
    assert line["return_reason"] == "AC04"
    with pytest.raises(PaymentRefused):
        bank.payments.give_back(bank.id(), one.payment_id, "AC04")


def test_what_the_payee_has_spent_is_not_given_back(bank: Payer) -> None:
    bank.house.pay_in(str(bank.payee), 700, dt.date(2026, 1, 5), currency="CNY")
    bank.rest()
    [one] = bank.payments.payments(agreement_id=bank.payee).items
    bank.pay(bank.order(600, agreement_id=bank.payee, counter_agreement_id=bank.payer))
    bank.payments.give_back(bank.id(), one.payment_id, "AC04")
    bank.work()
    kept = bank.payments.payment(one.payment_id)
    assert (kept.state, kept.reason) == (S.SETTLED, "AM04")
    assert bank.balances()[2] == 100


def test_what_is_no_payment_that_came_in_is_refused(bank: Payer) -> None:
    [sent] = bank.pay(bank.order(5_000))
    with pytest.raises(PaymentRefused):
        bank.payments.give_back(bank.id(), sent.payment_id, "AC04")
    with pytest.raises(PaymentNotFound):
        bank.payments.give_back(bank.id(), bank.id(), "AC04")
    with pytest.raises(Malformed):
        bank.payments.give_back(bank.id(), sent.payment_id, "no")
