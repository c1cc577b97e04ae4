"""Goal: the loan product bills what the proven schedules say, and keeps its rules when it is late.

Method: borrowers that pay on time, with early repayments, draws and changes of rate, are held
against `domain.schedule` to the unit; careless ones against an oracle that lives day by day.
"""

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.foundation.banking.products import oracle
from yunjin.foundation.banking.domain import (
    CHINA,
    DayCount,
    Flows,
    Frequency,
    Grace,
    Method,
    MoreThanOwed,
    Rates,
    Roll,
    Schedule,
    Terms,
    period_dates,
    schedule,
)
from yunjin.foundation.banking.domain.products.plans import Every, Holiday, Repay
from yunjin.foundation.banking.domain.products.presets.instalment_loan import InstalmentLoan
from yunjin.foundation.banking.domain.products.run import derived
from yunjin.foundation.banking.domain.products.simulation import Change, Entry, Run, simulate

START = dt.date(2024, 1, 31)
PLAIN = {"penalty": 1_500_000, "compounds": 1, "late_fee": 0, "surplus": 0}
FREQUENCIES = dict(
    zip(
        Every,
        (
            Frequency.MONTHLY,
            Frequency.QUARTERLY,
            Frequency.YEARLY,
            Frequency.WEEKLY,
            Frequency.TWO_WEEKLY,
        ),
        strict=True,
    )
)
ROLLS = dict(zip(Holiday, Roll, strict=True))


def at(day: Any) -> Any:
    """Return a date as the engine wants it."""
    return np.datetime64(day, "D")


@st.composite
def loans(draw: st.DrawFn) -> dict[str, int]:
    method = draw(st.sampled_from(Repay))
    term = draw(st.integers(1, 14))
    no_principal = draw(st.integers(0, min(3, term - 1)))
    put_off = no_principal if method == Repay.EQUAL_INSTALMENT else min(2, term - 1)
    return {
        "amount": draw(st.integers(1, 10**9) | st.integers(1, 400).map(lambda some: some * 1_000)),
        "rate": draw(st.integers(0, 240_000) | st.integers(0, 24).map(lambda some: some * 10_000)),
        "term": term,
        "method": int(method),
        "every": int(draw(st.sampled_from(Every))),
        "first_due": draw(st.sampled_from([0, 0, 11, 45])),
        "no_principal": no_principal,
        "no_interest": draw(st.integers(0, put_off)),
        "interest_free": draw(st.sampled_from([0, 0, 1, 3])),
        "holiday": int(draw(st.sampled_from(Holiday))),
    }


def dates_of(loan: dict[str, int]) -> Any:
    """Return the boundaries of a loan's periods."""
    odd = at(START) + loan["first_due"] if loan["first_due"] else None
    frequency = FREQUENCIES[Every(loan["every"])]
    nominal = period_dates(at(START), loan["term"], frequency, first_due=odd)
    rolled = CHINA.with_weekends_beyond().roll(nominal, ROLLS[Holiday(loan["holiday"])])
    rolled[0] = at(START)
    return np.maximum.accumulate(rolled)


def terms_of(loan: dict[str, int]) -> Terms:
    """Return the terms that the product's plan has."""
    method = list(Method)[loan["method"] - 1]
    free = min(loan["interest_free"], loan["term"])
    grace = Grace(loan["no_principal"], loan["no_interest"], free)
    return Terms(method=method, day_count=DayCount.THIRTY_E_360, grace=grace)


def billed(loan: dict[str, int], dates: Any, events: list[Entry | Change]) -> tuple[Any, Any]:
    """Return interest and principal by due date as the product bills them."""
    found = simulate(InstalmentLoan(), [loan], start=START, end=dates[-1] + 2, events=events)
    sums: dict[tuple[str, Any], int] = defaultdict(int)
    for date, debit, _, _, amount in found.transfers:
        sums[debit, date] += amount
    columns = ("due_interest", "due_principal")
    interest, principal = ([sums[name, date] for date in np.unique(dates[1:])] for name in columns)
    return interest, principal


def by_date(made: Schedule) -> tuple[list[int], list[int]]:
    """Return interest and principal of a schedule by due date; two may roll to one day."""
    days = np.unique(made.due[0])
    return tuple(  # type: ignore[return-value]
        [int(column[0][made.due[0] == day].sum()) for day in days]
        for column in (made.interest, made.principal)
    )


@given(loan=loans())
def test_a_loan_is_billed_as_its_schedule_says(loan: dict[str, int]) -> None:
    dates = dates_of(loan)
    made = schedule(terms_of(loan), dates, loan["amount"], loan["rate"])
    assert billed(loan, dates, []) == by_date(made)


moves = st.lists(
    st.tuples(st.integers(1, 400), st.sampled_from(["early", "draw", "rate"]), st.integers(1, 999)),
    max_size=4,
    unique_by=lambda one: one[0],
)


@given(loan=loans(), moves=moves, surplus=st.sampled_from([1, 2]))
def test_early_repayments_draws_and_changed_rates_agree_with_the_schedule(
    loan: dict[str, int], moves: list[tuple[int, str, int]], surplus: int
) -> None:
    dates, terms = dates_of(loan), terms_of(loan)
    assume((np.diff(dates) > np.timedelta64(0, "D")).all())
    flows: list[tuple[Any, int, bool]] = []
    rates: list[tuple[Any, int, bool]] = []
    events: list[Entry | Change] = []
    amount = loan["amount"]
    for after, what, size in sorted(moves):
        day = at(START) + after
        if day >= dates[-1]:
            continue
        if what == "rate":
            rates.append((day, size * 240, True))
            events.append(Change(date=day, parameter="rate", value=size * 240))
        elif what == "draw":
            flows.append((day, size * 100, True))
            amount += size * 100
            events.append(Change(date=day, parameter="amount", value=amount))
        else:
            part = loan["amount"] * size // 4_000
            flows.append((day, -part, surplus == 2))
            events += [Entry(date=day, amount_minor=part)] if part else []
    try:
        made = schedule(
            terms,
            dates,
            loan["amount"],
            loan["rate"],
            flows=Flows.of(*columns(flows)),
            rates=Rates.of(*columns(rates)),
        )
    except MoreThanOwed:
        assume(False)
    assume((made.balance[0, :-1] > 0).all())  # ended before its time: what follows is another test
    payments = zip(made.due[0], made.payment[0].tolist(), strict=True)
    paid: list[Entry | Change] = [Entry(date=day, amount_minor=one) for day, one in payments if one]
    given_terms = {**loan, "surplus": surplus}
    assert billed(given_terms, dates, [*paid, *events]) == by_date(made)


def columns(some: list[tuple[Any, int, bool]]) -> tuple[Any, Any, Any, Any]:
    """Return events of loan 0 as columns."""
    dates = np.array([one[0] for one in some], "datetime64[D]")
    recast = np.array([one[2] for one in some], bool)
    return [0] * len(some), dates, [one[1] for one in some], recast


careless = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 199), st.integers(-500_000, 9_000_000)), max_size=20
)


@given(
    some=careless,
    loans=st.lists(
        st.fixed_dictionaries(
            {
                "amount": st.integers(1, 50_000_000),
                "rate": st.integers(0, 240_000),
                "term": st.integers(1, 9),
                "method": st.integers(1, 4),
                "interest_free": st.sampled_from([0, 0, 1, 4]),
                "surplus": st.integers(0, 2),
                "late_fee": st.sampled_from([0, 2_500]),
                "compounds": st.integers(0, 1),
                "penalty": st.integers(1_000_000, 2_000_000),
            }
        ),
        min_size=3,
        max_size=3,
    ),
    change=st.tuples(
        st.integers(0, 199), st.sampled_from(["rate", "term", "amount"]), st.integers(1, 240_000)
    ),
)
def test_loans_do_what_the_oracle_does(
    some: list[tuple[int, int, int]], loans: list[dict[str, int]], change: tuple[int, str, int]
) -> None:
    number, name, value = change
    value = 9 + value % 12 if name == "term" else value
    day = START + dt.timedelta(days=number)
    entries: list[dict[dt.date, list[int]]] = [defaultdict(list) for _ in loans]
    events: list[Entry | Change] = []
    for row, after, amount in some:
        if amount:
            when = START + dt.timedelta(days=after)
            entries[row][when].append(amount)
            events.append(Entry(date=at(when), amount_minor=amount, row=row))
    events.append(Change(date=at(day), parameter=name, value=value, row=1))
    found = simulate(
        InstalmentLoan(), loans, start=START, end=START + dt.timedelta(days=200), events=events
    )
    for row, loan in enumerate(loans):
        alone = oracle.Loan(START, loan)
        alone.live(200, entries[row], {day: (name, value)} if row == 1 else None)
        now = {each: int(column[-1, row]) for each, column in found.balances.items()}
        assert now == {each: alone.balances[each] for each in now}
        principal = now["main"] + now["due_principal"]
        assert min(now["main"], now["due_principal"], now["unbilled"]) >= 0
        assert principal >= 0


def test_no_interest_grows_in_an_interest_free_period_and_the_instalment_knows() -> None:
    loan = {"amount": 1_200_000, "rate": 120_000, "term": 12, "interest_free": 12}
    found = simulate(InstalmentLoan(), [loan], start=START, end=dt.date(2025, 2, 1))
    assert not found.accrued_e8["interest"].any()
    parts = [moved[4] for moved in found.transfers if moved[1] == "due_principal"]
    assert parts == [100_000] * 12


def test_a_loan_settled_whole_owes_nothing_and_asks_for_nothing_more() -> None:
    loan = {"amount": 1_200_000, "rate": 60_000, "term": 12, "surplus": 1}
    run = Run(InstalmentLoan(), [loan], START)
    rows = np.array([0])
    run.open(at(START))
    run.close_days(at(START) + np.arange(15))
    day = at(START) + 15
    told = derived(run.book, rows, day)
    payoff = int(told["payoff"][0])
    assert payoff == 1_200_000 + oracle.even(Fraction(1_200_000 * 60_000 * 15, 360 * 10**6))
    run.enter(day, [Entry(date=day, amount_minor=payoff)])
    assert all(not run.book.columns[name].any() for name in run.book.accounts)
    assert np.isnat(run.book.columns["due"]).all()
    assert derived(run.book, rows, day)["payoff"].tolist() == [0]


def test_days_overdue_count_from_the_due_day_and_end_with_the_payment() -> None:
    run = Run(InstalmentLoan(), [{"amount": 1_200_000, "rate": 60_000, "term": 12}], START)
    rows, first = np.array([0]), at("2024-02-29")
    run.open(at(START))
    run.close_days(np.arange(at(START), first))
    run.fall_due(first)
    told = []
    for day in first + np.arange(10):
        if day == first + 7:
            run.enter(day, [Entry(date=day, amount_minor=200_000)])
        told.append(int(derived(run.book, rows, day)["days_overdue"][0]))
        run.close_days(np.array([day]))
    assert told == [0, 1, 2, 3, 4, 5, 6, 0, 0, 0]


def test_the_worked_case_of_six_instalments_agrees_to_the_cent() -> None:
    """Source: Apache Fineract, progressive loan, 100.00 at 9.4822 % 30/360 in six months."""
    start = dt.date(2024, 1, 1)
    paid = [Entry(date=at(dt.date(2024, month, 1)), amount_minor=1713) for month in range(2, 8)]
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
