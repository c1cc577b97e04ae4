"""Goal: a product's rules do over columns what they say for one agreement, to the unit.

Method: random books and entries are simulated together and held against an oracle that lives day
by day through one agreement; worked cases from public sources; conservation on the way.
"""

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.foundation.banking.products import oracle
from yunjin.foundation.banking.domain.products.presets.current_account import CurrentAccount
from yunjin.foundation.banking.domain.products.presets.fixed_deposit import FixedDeposit
from yunjin.foundation.banking.domain.products.presets.instalment_loan import InstalmentLoan
from yunjin.foundation.banking.domain.products.simulation import (
    Change,
    Entry,
    Simulated,
    simulate,
)

START = dt.date(2026, 1, 15)
DAYS = 200


def day(number: int) -> dt.date:
    """Return a day of the simulation."""
    return START + dt.timedelta(days=number)


def entry(number: int, amount: int, row: int = 0) -> Entry:
    """Return an entry on a day of the simulation."""
    return Entry(date=np.datetime64(day(number), "D"), amount_minor=amount, row=row)


def last(found: Simulated, row: int = 0) -> dict[str, int]:
    """Return an agreement's balances on the last evening."""
    return {name: int(column[-1, row]) for name, column in found.balances.items()}


entries = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, DAYS - 1),
        st.integers(-3_000_000, 9_000_000).filter(bool),
    ),
    max_size=25,
)


def by_day(some: list[tuple[int, int, int]], row: int) -> dict[dt.date, list[int]]:
    """Return the amounts of one row by day, in the order they are asked for."""
    found: dict[dt.date, list[int]] = defaultdict(list)
    for whose, number, amount in some:
        if whose == row:
            found[day(number)].append(amount)
    return found


@settings(max_examples=60, deadline=None)
@given(some=entries, limits=st.lists(st.integers(0, 2_000_000), min_size=3, max_size=3))
def test_current_accounts_do_what_the_oracle_does(
    some: list[tuple[int, int, int]], limits: list[int]
) -> None:
    found = simulate(
        CurrentAccount(),
        [{"overdraft_limit": limit} for limit in limits],
        start=START,
        end=day(DAYS),
        events=[entry(number, amount, row) for row, number, amount in some],
    )
    refused = Counter((row, date.astype(dt.date)) for date, row, _ in found.refusals)
    for row, limit in enumerate(limits):
        alone = oracle.Current(START)
        alone.run(limit, 150_000, DAYS, by_day(some, row))
        assert last(found, row)["main"] == alone.balances["main"]
        assert Counter(alone.refused) == Counter(
            {date: count for (whose, date), count in refused.items() if whose == row}
        )


@settings(max_examples=60, deadline=None)
@given(
    some=entries,
    loans=st.lists(
        st.tuples(
            st.integers(1, 50_000_000),
            st.integers(0, 240_000),
            st.integers(1, 9),
            st.integers(1, 3),
        ),
        min_size=3,
        max_size=3,
    ),
)
def test_loans_do_what_the_oracle_does(
    some: list[tuple[int, int, int]], loans: list[tuple[int, int, int, int]]
) -> None:
    names = ("amount", "rate", "term", "method")
    terms = [dict(zip(names, loan, strict=True)) for loan in loans]
    found = simulate(
        InstalmentLoan(),
        terms,
        start=START,
        end=day(DAYS),
        events=[entry(number, amount, row) for row, number, amount in some],
    )
    for row, loan in enumerate(terms):
        alone = oracle.Loan(START)
        billed = [x[4] for x in found.transfers if x[3] == row and x[1] == "due_principal"]
        alone.run({**loan, "penalty": 1_500_000}, instalment(loan), DAYS, by_day(some, row))
        assert last(found, row) == {name: alone.balances[name] for name in found.balances}
        assert sum(billed) + last(found, row)["main"] == loan["amount"]


def instalment(loan: dict[str, int]) -> int:
    """Return the level amount by exact fractions."""
    if loan["method"] == 3:
        return 0
    if loan["method"] == 2:
        return loan["amount"] // loan["term"]
    grown = 1 + oracle.Fraction(loan["rate"], 12 * 10**6)
    factors = sum(grown**-period for period in range(1, loan["term"] + 1))
    return oracle.away(loan["amount"] / factors)


def test_the_worked_case_of_six_instalments_agrees_to_the_cent() -> None:
    """Source: Apache Fineract, progressive loan, 100.00 at 9.4822 % 30/360 in six months."""
    start = dt.date(2024, 1, 1)
    paid = [
        Entry(date=np.datetime64(dt.date(2024, month, 1), "D"), amount_minor=1713)
        for month in range(2, 8)
    ]
    found = simulate(
        InstalmentLoan(),
        [{"amount": 10_000, "rate": 94_822, "term": 6}],
        start=start,
        end=dt.date(2024, 7, 2),
        events=paid,
    )
    interest = [moved[4] for moved in found.transfers if moved[1] == "due_interest"]
    principal = [moved[4] for moved in found.transfers if moved[1] == "due_principal"]
    assert interest == [79, 66, 53, 40, 27, 13]
    assert principal == [1634, 1647, 1660, 1673, 1686, 1700]
    assert set(last(found).values()) == {0}


def test_a_rate_that_changes_in_mid_quarter_earns_from_that_day_on() -> None:
    def interest(*events: Any) -> int:
        terms = [{"overdraft_limit": 10**6, "overdraft_rate": 100_000}]
        found = simulate(
            CurrentAccount(), terms, start=START, end=dt.date(2026, 3, 21), events=events
        )
        return -last(found)["main"] - 360_000

    owed = entry(0, -360_000)
    change = Change(date=np.datetime64("2026-02-14"), parameter="overdraft_rate", value=200_000)
    assert interest(owed) == 64 * 100  # 360,000 at 10 % are 100 a day
    assert interest(owed, change) == 30 * 100 + 34 * 200


def test_a_fixed_deposit_earns_its_rate_at_term_and_the_demand_rate_before() -> None:
    def paid(*events: Entry) -> tuple[dict[str, int], list[int]]:
        first = entry(0, 1_000_000)
        terms = [{"term": 12, "rate": 20_000}]
        end = dt.date(2027, 1, 16)
        found = simulate(FixedDeposit(), terms, start=START, end=end, events=[first, *events])
        interest = [x[4] for x in found.transfers if x[1] == "INTEREST_PAYABLE"]
        return last(found), interest

    assert paid() == ({"main": 1_020_000}, [20_000])
    taken = entry(167, -1_000_000)
    assert paid(taken) == ({"main": 0}, [229])  # 1,000,000 at 0.05 % for 167 days
    part = entry(167, -999_999)
    assert paid(part) == paid()


def test_days_closed_one_by_one_and_at_once_end_alike() -> None:
    terms = [{"overdraft_limit": 500_000}, {"overdraft_limit": 0}]
    some = [entry(3, 7_777_777), entry(3, 123_456, 1), entry(60, -5_000_001), entry(90, 1, 1)]
    at_once = simulate(CurrentAccount(), terms, start=START, end=day(DAYS), events=some)
    daily = simulate(
        CurrentAccount(),
        terms,
        start=START,
        end=day(DAYS),
        events=[*some, *(entry(number, -(10**12)) for number in range(4, DAYS))],
    )
    assert len(daily.refusals) == DAYS - 4
    for name, column in at_once.accrued_e8.items():
        assert (column == daily.accrued_e8[name]).all()
    assert (at_once.balances["main"] == daily.balances["main"]).all()
