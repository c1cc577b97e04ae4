"""Goal: what a loan's papers foretell is what happens, and what they tell of the past did happen.

Method: a real bank of agreements is closed day by day; what was foretold is held against what was
billed, paid and settled afterwards, and against the schedule mathematics that share no code.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.foundation.banking.bank import Bank, open_bank
from yunjin.foundation.banking.api.statements import Form, Kind, Lang, PaperOrder, StatementQuery
from yunjin.foundation.banking.domain import (
    DayCount,
    Frequency,
    Method,
    Rounding,
    Terms,
    period_dates,
    schedule,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import AgreementNotOpen, NoSchedule
from yunjin.foundation.banking.service.statements import words
from yunjin.foundation.banking.service.statements.service import StatementService
from yunjin.foundation.banking.service.statements.writing import PaperWriter
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7

FIRST = dt.date(2026, 1, 5)
AMOUNT, RATE, TERM = 1_200_000, 120_000, 6
LOWERS = 2  # what is paid in beyond what is due ends or lowers the loan
LEVEL = 207_058


@contextmanager
def bank_of(home: Path) -> Iterator[tuple[Bank, StatementService]]:
    """Open a bank and its statements."""
    with open_bank(home) as bank:
        yield (
            bank,
            StatementService(
                bank.agreements,
                bank.days,
                bank.ledger,
                product_of=bank.core._product_of,
                lines_max=1_000,
            ),
        )


def test_a_schedule_foretold_is_the_one_of_the_mathematics(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        found = papers.schedule(loan)
        dates = period_dates(np.datetime64(FIRST), TERM, Frequency.MONTHLY)
        terms = Terms(
            method=Method.EQUAL_INSTALMENT,
            day_count=DayCount.THIRTY_E_360,
            interest_rounding=Rounding.HALF_EVEN,
            instalment_rounding=Rounding.HALF_EVEN,
        )
        expected = schedule(terms, dates, [AMOUNT], [RATE])
        assert [one.due for one in found.instalments] == expected.due[0].astype(dt.date).tolist()
        assert [one.principal_minor for one in found.instalments] == expected.principal[0].tolist()
        assert [one.interest_minor for one in found.instalments] == expected.interest[0].tolist()
        assert found.drawn_minor == AMOUNT
        assert {one.status for one in found.instalments} == {"coming"}


def test_what_was_foretold_is_billed_and_what_was_paid_is_told(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        foretold = papers.schedule(loan).instalments
        bank.post(bank.entry(loan, foretold[0].total_minor + foretold[1].total_minor))
        bank.days.close(dt.date(2026, 4, 6))
        now = papers.schedule(loan)
        past = [one for one in now.instalments if one.due <= dt.date(2026, 4, 6)]
        bills = [(one.due, one.principal_minor, one.interest_minor) for one in past]
        assert bills == [(one.due, one.principal_minor, one.interest_minor) for one in foretold[:3]]
        assert [one.status for one in past] == ["paid", "paid", "overdue"]
        assert [one.paid_on for one in past] == [past[0].due, past[1].due, None]
        assert now.overdue_minor == past[2].total_minor
        assert [one.number for one in now.instalments if one.number] == [1, 2, 3, 4, 5, 6]
        assert sum(one.principal_minor for one in now.instalments) == AMOUNT


@pytest.mark.parametrize("ahead", [0, 9, 40], ids=["today", "in days", "over an instalment"])
def test_a_quote_that_is_paid_on_its_day_settles_the_loan(tmp_path: Path, ahead: int) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM, surplus=LOWERS)
        bank.days.close(dt.date(2026, 1, 21))
        day = dt.date(2026, 1, 22) + dt.timedelta(days=ahead)
        quote = papers.payoff(loan, day)
        assert quote.total_minor == sum(part.amount_minor for part in quote.parts)
        assert quote.valid_until == day
        for one in quote.before:
            bank.days.close(one.due - dt.timedelta(days=1))
            bank.post(bank.entry(loan, one.total_minor))
        if day > bank.days.business_date():
            bank.days.close(day - dt.timedelta(days=1))
        assert papers.payoff(loan, day).total_minor == quote.total_minor
        bank.post(bank.entry(loan, quote.total_minor))
        assert not any(bank.agreements.agreement(loan).balances.values())
        if len(quote.before) == 0:
            assert quote.per_day_minor == pytest.approx(AMOUNT * 12 // 36_000, abs=1)


def test_a_quote_in_arrears_counts_penalty_interest(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        bank.days.close(dt.date(2026, 2, 24))
        today = bank.days.business_date()
        parts = {one.name: one.amount_minor for one in papers.payoff(loan, today).parts}
        assert parts["principal_due"] + parts["interest_due"] == LEVEL
        assert parts["penalty_accrued"] == round(LEVEL * 20 * 0.18 / 360)
        assert parts["principal"] + parts["principal_due"] == AMOUNT


def test_the_cost_of_a_loan_without_fees_is_its_rate(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        found = papers.cost(loan)
        assert found.apr_ppm == RATE
        assert found.nominal_ppm == pytest.approx(RATE, abs=20)
        assert found.effective_ppm == pytest.approx(126_825, abs=20)
        assert (found.basis, found.warning) == ("months", "")
        assert found.charged_minor == found.paid_minor - AMOUNT
        bank.days.close(dt.date(2026, 3, 1))
        assert papers.cost(loan).nominal_ppm == found.nominal_ppm  # of the terms, not of the day


def test_interest_of_a_period_is_certified_with_its_rates(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        [deposit] = bank.open("current-account")
        bank.post(bank.entry(deposit, 10_000_000))
        bank.days.close(dt.date(2026, 2, 5))
        bank.post(bank.entry(loan, LEVEL))
        bank.days.close(dt.date(2026, 3, 31))
        lent = papers.interest(loan, start=dt.date(2026, 1, 1), end=dt.date(2026, 2, 28))
        late = round(LEVEL * 0.18 / 360)  # of a day, at 1.5 times the rate
        assert (lent.charged_minor, lent.earned_minor) == (12_000 + late, 0)
        assert lent.paid_minor == lent.charged_minor
        assert [line.amount_minor for line in lent.lines if line.is_penalty] == [late, late]
        rates = {one.name: (one.since, one.rate_ppm) for one in lent.rates}
        assert rates["rate"] == (FIRST, RATE)
        kept = papers.interest(deposit, start=dt.date(2026, 1, 1), end=dt.date(2026, 3, 31))
        [line] = kept.lines
        assert (line.date, line.kind, line.is_penalty) == (dt.date(2026, 3, 20), "earned", False)
        assert kept.earned_minor == line.amount_minor > 0
        assert kept.accrued_earned_minor > 0
        before = papers.interest(deposit, start=dt.date(2026, 1, 1), end=dt.date(2026, 3, 19))
        assert (before.earned_minor, before.lines) == (0, ())


def test_statements_of_the_real_ledger_agree_with_its_balances(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [account] = bank.open("current-account")
        for amount in (500_00, -20_00, 3_00):
            bank.post(bank.entry(account, amount))
            bank.days.close()
        query = StatementQuery(agreement_id=account, start=FIRST, end=dt.date(2026, 1, 31))
        found = papers.statement(query, lang=Lang.EN)
        dates = [FIRST + dt.timedelta(days=at) for at in range(3)]
        assert found.lines["business_date"].to_pylist() == dates
        assert found.lines["balance_minor"].to_pylist() == [500_00, 480_00, 483_00]
        assert found.closing_minor == bank.agreements.agreement(account).balance_minor
        assert papers.balances(account, date=dates[1]).balances["main"] == 480_00
        bank.post(bank.entry(account, 7))
        assert papers.verify(query, found.seal).is_genuine


@pytest.mark.parametrize("slot", [Slot.LOANS, Slot.CARD_RECEIVABLE])
def test_money_that_is_drawn_is_not_called_a_repayment(slot: Slot) -> None:
    def said(one: Slot, other: Slot, *, is_debit: bool) -> str:
        return words.posting(2, one, other, is_debit=is_debit, is_own=True)[1]

    assert said(slot, Slot.OVERPAYMENTS, is_debit=True) == "Drawn"
    assert said(Slot.OVERPAYMENTS, slot, is_debit=False) == "Drawn"
    paid = "Principal paid early" if slot is Slot.LOANS else "Repayment"
    assert said(slot, Slot.OVERPAYMENTS, is_debit=False) == paid
    assert said(Slot.OVERPAYMENTS, slot, is_debit=True) == paid


def test_what_is_no_loan_has_no_schedule(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [account] = bank.open("current-account")
        for ask in (papers.schedule, papers.cost):
            with pytest.raises(NoSchedule):
                ask(account)
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=1, surplus=LOWERS)
        with pytest.raises(Malformed, match="expected a date from"):
            papers.payoff(loan, FIRST - dt.timedelta(days=1))
        bank.post(bank.entry(loan, papers.payoff(loan, FIRST).total_minor))
        bank.agreements.close(uuid7(bank.clock), loan)
        with pytest.raises(AgreementNotOpen):
            papers.payoff(loan, FIRST)
        assert {one.status for one in papers.schedule(loan).instalments} == {"prepaid"}


def test_every_paper_is_written_in_both_forms_and_languages(tmp_path: Path) -> None:
    with bank_of(tmp_path) as (bank, papers):
        [loan] = bank.open("instalment-loan", amount=AMOUNT, rate=RATE, term=TERM)
        bank.days.close(dt.date(2026, 2, 10))
        writer = PaperWriter(papers, institution="云锦示范银行", rows_max=100)
        for kind, lang, form in product(Kind, Lang, Form):
            start = FIRST if kind is not Kind.PAYOFF else bank.days.business_date()
            order = PaperOrder(
                kind=kind, form=form, agreement_id=loan, lang=lang, start=start, end=start
            )
            first, second = (b"".join(writer.write(order)) for _ in range(2))
            assert first == second
            assert first.startswith(b"%PDF" if form is Form.PDF else b"\xef\xbb\xbf")
