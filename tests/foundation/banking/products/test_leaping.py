"""Goal: a long simulation that guesses its stops answers exactly what day by day answers.

Method: random terms, payments and changes are simulated twice, once with leaping out of reach; all
that is told must be the same. A loan of ten years must be one leap, so that it is not in vain.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yunjin.foundation.banking.domain.products import leaping
from yunjin.foundation.banking.domain.products.declarations import Product
from yunjin.foundation.banking.domain.products.presets.credit_card import CreditCard
from yunjin.foundation.banking.domain.products.presets.credit_line import CreditLine
from yunjin.foundation.banking.domain.products.presets.fixed_deposit import FixedDeposit
from yunjin.foundation.banking.domain.products.presets.instalment_loan import InstalmentLoan
from yunjin.foundation.banking.domain.products.simulation import (
    Change,
    Entry,
    Simulated,
    simulate,
)

START = np.datetime64("2026-01-15")
DAYS = 500

loans = st.fixed_dictionaries(
    {
        "amount": st.integers(1, 10**9),
        "rate": st.integers(0, 240_000),
        "term": st.integers(1, 60),
        "method": st.integers(1, 4),
        "every": st.integers(1, 5),
        "holiday": st.integers(0, 3),
        "no_principal": st.integers(0, 5),
        "no_interest": st.integers(0, 5),
        "interest_free": st.sampled_from([0, 0, 3, 12]),
        "surplus": st.integers(0, 2),
        "late_fee": st.integers(0, 5_000),
        "compounds": st.integers(0, 1),
    }
)
lines = st.fixed_dictionaries(
    {"limit": st.integers(1, 10**8), "rate": st.integers(0, 240_000), "undrawn_fee": st.just(500)}
)
cards = st.fixed_dictionaries({"limit": st.integers(1, 10**8)})
terms_of_deposits = st.fixed_dictionaries(
    {"term": st.integers(1, 12), "rate": st.integers(0, 100_000), "renewal": st.integers(0, 2)}
)
payments = st.lists(
    st.tuples(st.integers(0, DAYS - 1), st.integers(-(10**7), 10**8).filter(bool)), max_size=12
)


def told(
    product: Product, terms: dict[str, int], events: list[Entry | Change], days: int
) -> Simulated:
    """Return a simulation of one agreement."""
    return simulate(product, [terms], start=START, end=START + days, events=events)


def stepped(*given: Any) -> Simulated:
    """Return the same without a leap."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(leaping, "leap", lambda *_: None)
        return told(*given)


def assert_same(one: Simulated, other: Simulated) -> None:
    """Hold all that two simulations tell against each other."""
    for name in one.balances:
        assert (one.balances[name] == other.balances[name]).all(), name
    for name in one.accrued_e8:
        assert (one.accrued_e8[name] == other.accrued_e8[name]).all(), name
    for name in ("transfers", "refusals", "notices", "tasks"):
        assert getattr(one, name) == getattr(other, name), name
    for name, column in one.book.columns.items():
        assert (column.view(np.int64) == other.book.columns[name].view(np.int64)).all(), name
    assert +one.book.sums == +other.book.sums


cases = st.one_of(
    st.tuples(st.just(InstalmentLoan()), loans),
    st.tuples(st.just(InstalmentLoan()), loans),
    st.tuples(st.just(CreditLine()), lines),
    st.tuples(st.just(FixedDeposit()), terms_of_deposits),
    st.tuples(st.just(CreditCard()), cards),
)
changes = st.none() | st.tuples(st.integers(0, DAYS - 1), st.integers(0, 100_000))


@settings(max_examples=8, deadline=None)
@given(case=cases, paid=payments, changed=changes)
def test_a_leap_tells_what_every_day_tells(case: Any, paid: Any, changed: Any) -> None:
    assert_told_alike(case, paid, changed)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(case=cases, paid=payments, changed=changes)
def test_many_leaps_tell_what_every_day_tells(case: Any, paid: Any, changed: Any) -> None:
    assert_told_alike(case, paid, changed)


def assert_told_alike(
    case: tuple[Product, dict[str, int]],
    paid: list[tuple[int, int]],
    changed: tuple[int, int] | None,
) -> None:
    """Simulate with and without a leap."""
    product, terms = case
    events: list[Entry | Change] = [
        Entry(date=START + day, amount_minor=amount) for day, amount in paid
    ]
    if changed is not None and "rate" in terms:
        events.append(Change(date=START + changed[0], parameter="rate", value=changed[1]))
    given = (product, terms, events, DAYS)
    assert_same(told(*given), stepped(*given))


@pytest.mark.parametrize("monthly", [0, 1_030_000])
def test_ten_years_of_a_loan_are_one_leap(monthly: int, monkeypatch: pytest.MonkeyPatch) -> None:
    leaps = []
    leap = leaping.leap

    def counted(*given: Any) -> Any:
        leaps.append(leap(*given))
        return leaps[-1]

    terms = {"amount": 100_000_000, "rate": 42_000, "term": 120, "late_fee": 100}
    first: Any = np.datetime64("2026-02")
    events: list[Entry | Change] = [
        Entry(date=(first + month).astype("M8[D]") + 14, amount_minor=monthly)
        for month in range(120 if monthly else 0)
    ]
    given = (InstalmentLoan(), terms, events, 3_700)
    monkeypatch.setattr(leaping, "leap", counted)
    found = told(*given)
    assert [one is not None for one in leaps] == [True]
    assert_same(found, stepped(*given))
