"""Goal: nothing that is owed is ever without a day on which it falls due.

Method: short lives of weekly loans whose schedule had ended, or whose interest was put off, each
held against the same life in plain Python (plain_loans.py) and against a table in the test.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from tests.foundation.banking.agreements.plain_loans import (
    BULLET,
    LEVEL,
    ONE_DAY,
    SHORTENS,
    PlainLoan,
    Terms,
)
from tests.foundation.banking.bank import FIRST_DAY, open_bank
from yunjin.foundation.banking.api.agreements import Agreement, EntryStatus
from yunjin.kernel.ids import uuid7

WEEK = 4
Deed = int | Mapping[str, int]  # an amount that is paid, or terms that change


def lived(home: Path, terms: Terms, deeds: Mapping[int, Deed], days: int) -> Agreement:
    """Return a loan after some days, in which it is every morning what the plain one is."""
    plain = PlainLoan(FIRST_DAY, terms, "30E/360")
    with open_bank(home) as bank:
        (loan,) = bank.open("instalment-loan", **terms.of_opening())
        for number in range(days):
            deed = deeds.get(number)
            if isinstance(deed, int):
                (answer,) = bank.post(bank.entry(loan, deed))
                assert answer["status"] == EntryStatus.BOOKED
                plain.enter(deed)
            elif deed is not None:
                bank.agreements.change(uuid7(bank.clock), loan, deed)
                for name, value in deed.items():
                    plain.change(name, value)
            bank.days.close()
            plain.live_until(plain.day + ONE_DAY)
            plain.fall_due()
            found = bank.agreements.agreement(loan)
            assert found.balances == {name: plain.owe[name] for name in found.balances}
            assert found.due.get("due") == plain.due
        return found


def test_a_loan_that_is_re_aged_after_its_term_falls_due_again(tmp_path: Path) -> None:
    terms = Terms(amount=100_000, rate=120_000, term=2, every=WEEK)
    found = lived(tmp_path, terms, {30: {"term": 8}}, days=40)
    # two weeks were billed and not paid, four had passed: four instalments of what was owed
    assert found.fields["number"] == 5
    assert found.balances["due_principal"] == 25_054
    assert found.due["due"] == FIRST_DAY + dt.timedelta(days=42)


def test_more_of_a_loan_that_was_paid_back_falls_due(tmp_path: Path) -> None:
    terms = Terms(amount=100_000, rate=120_000, term=3, every=WEEK, surplus=SHORTENS)
    found = lived(tmp_path, terms, {3: 100_100, 5: {"amount": 160_000}}, days=24)
    assert found.balances["main"] == 0
    assert found.balances["due_principal"] == 60_000
    assert "due" not in found.due


def test_interest_of_a_principal_that_came_early_is_billed_at_the_next_date(tmp_path: Path) -> None:
    terms = Terms(amount=100_000, rate=120_000, term=3, method=BULLET, every=WEEK, surplus=SHORTENS)
    found = lived(tmp_path, terms, {10: 100_000}, days=15)
    assert found.balances["unbilled"] == 0
    assert found.balances["due_interest"] == 333
    assert "due" not in found.due


def test_an_instalment_that_is_put_off_is_shared_out_over_the_rest(tmp_path: Path) -> None:
    terms = Terms(amount=100_000, rate=120_000, term=6, method=LEVEL, every=WEEK, no_interest=2)
    found = lived(tmp_path, terms, {}, days=43)
    assert found.balances["due_principal"] == 100_000
    assert found.fields["instalment"] == 25_140
