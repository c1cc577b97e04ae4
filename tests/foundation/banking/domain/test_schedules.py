"""Goal: a schedule is right for any terms and any events, and never loses a unit of principal.

Method: Hypothesis makes loans with rate changes, draws, early repayments, grace and odd payments;
an independent calculation with fractions (oracle.py) must agree to the unit.
"""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.foundation.banking.domain import oracle
from yunjin.foundation.banking.domain import (
    CHINA,
    NO_FLOWS,
    NO_RATES,
    DayCount,
    Flows,
    Frequency,
    Grace,
    LastInstalment,
    Method,
    MoreThanOwed,
    OutOfRange,
    PartPeriod,
    Rates,
    Recast,
    Roll,
    Rounding,
    Schedule,
    Terms,
    UnusableTerms,
    period_dates,
    schedule,
)

# Saturdays from the first on: two of them roll to the same day after the Spring Festival
STARTS = [date(2023, 10, 28), date(2023, 10, 30), date(2024, 1, 31)]
BEYOND = CHINA.with_weekends_beyond()


@st.composite
def graces(draw: st.DrawFn, method: Method, periods: int) -> Grace:
    principal = draw(st.integers(0, min(3, periods - 1)))
    put_off = principal if method is Method.EQUAL_INSTALMENT else min(3, periods - 1)
    return Grace(principal, draw(st.integers(0, put_off)), draw(st.integers(0, min(2, periods))))


@st.composite
def terms_of(draw: st.DrawFn, periods: int) -> Terms:
    method = draw(st.sampled_from(Method))
    return Terms(
        method=method,
        day_count=draw(st.sampled_from(DayCount)),
        interest_rounding=draw(st.sampled_from(Rounding)),
        instalment_rounding=draw(st.sampled_from(Rounding)),
        unit=draw(st.sampled_from([1, 1, 10, 100])),
        last=draw(st.sampled_from(LastInstalment)),
        part_period=draw(st.sampled_from(PartPeriod)),
        grace=draw(graces(method, periods)),
        is_residue_carried=draw(st.booleans()),
    )


@st.composite
def loans(draw: st.DrawFn) -> oracle.Loan:
    periods = draw(st.integers(1, 14))
    frequency = draw(st.sampled_from([Frequency.MONTHLY, Frequency.WEEKLY, Frequency.QUARTERLY]))
    start = draw(st.sampled_from(STARTS))
    nominal = period_dates(start, periods, frequency, is_end_of_month=draw(st.booleans()))
    dates = BEYOND.roll(nominal, draw(st.sampled_from(Roll))).astype(object).tolist()
    length = (dates[-1] - dates[0]).days
    rates = st.integers(0, 400_000)
    days = st.integers(0, length - 1).map(lambda passed: dates[0] + timedelta(days=passed))
    principal = draw(st.integers(0, 10**9))
    changes = draw(
        st.lists(st.tuples(days, rates, st.booleans()), max_size=3, unique_by=lambda c: c[0])
    )
    moves = st.tuples(days, st.integers(-principal // 8, principal), st.booleans())
    fixed = draw(
        st.dictionaries(
            st.integers(0, periods - 1),
            st.integers(0, principal // 4) | st.integers(0, 4 * principal),
            max_size=2,
        )
    )
    return oracle.Loan(
        terms=draw(terms_of(periods)),
        dates=dates,
        principal=principal,
        rate=draw(rates),
        changes=changes,
        flows=draw(st.lists(moves, max_size=3)),
        fixed=fixed,
    )


def computed(loan: oracle.Loan) -> Schedule:
    fixed = [loan.fixed.get(row, -1) for row in range(loan.rows)]
    return schedule(
        loan.terms,
        loan.dates,
        loan.principal,
        loan.rate,
        rates=Rates.of(*_columns(loan.changes)),
        flows=Flows.of(*_columns(loan.flows)),
        fixed=fixed,
    )


def _columns(events: object) -> tuple[list[int], list[object], list[int], list[bool]]:
    rows = list(events)  # type: ignore[call-overload]
    return (
        [0 for _ in rows],
        np.array([row[0] for row in rows], "datetime64[D]"),  # type: ignore[return-value]
        [row[1] for row in rows],
        np.array([row[2] for row in rows], bool),
    )


@given(loans())
def test_a_schedule_agrees_with_the_slow_calculation_to_the_unit(loan: oracle.Loan) -> None:
    try:
        made = computed(loan)
    except MoreThanOwed:
        assume(False)
    ours = list(zip(made.interest[0].tolist(), made.principal[0].tolist(), strict=True))
    assert ours == oracle.schedule(loan)


@given(loans())
def test_the_parts_of_the_principal_add_up_and_none_is_negative(loan: oracle.Loan) -> None:
    try:
        made = computed(loan)
    except MoreThanOwed:
        assume(False)
    assert made.principal.sum() == loan.principal + sum(amount for _, amount, _ in loan.flows)
    assert made.principal.min() >= 0
    assert made.interest.min() >= 0
    assert made.balance.min() >= 0
    assert made.balance[0, -1] == 0


@given(st.data())
def test_a_book_in_one_call_gives_what_single_loans_give(data: st.DataObject) -> None:
    book = data.draw(st.lists(loans(), min_size=2, max_size=5))
    terms, dates = book[0].terms, book[0].dates
    rates = [loan.rate for loan in book]
    owed = [loan.principal for loan in book]
    middle = dates[0] + (dates[-1] - dates[0]) // 2
    draws = Flows.of(range(len(book)), middle, [amount // 3 for amount in owed], Recast.INSTALMENT)
    made = schedule(terms, np.tile(dates, (len(book), 1)), owed, rates, flows=draws)
    for row, (amount, rate) in enumerate(zip(owed, rates, strict=True)):
        own = Flows.of(0, middle, amount // 3, Recast.INSTALMENT)
        alone = schedule(terms, dates, amount, rate, flows=own)
        assert made.one(row).payment.tolist() == alone.payment.tolist()
        assert made.one(row).principal.tolist() == alone.principal.tolist()


def test_an_exact_half_is_proven_where_64_bits_cannot() -> None:
    terms = Terms(
        method=Method.EQUAL_INSTALMENT,
        day_count=DayCount.THIRTY_360_US,
        instalment_rounding=Rounding.HALF_EVEN,
        last=LastInstalment.REST,
    )
    # two instalments at 100 % a period: P · (1/2 + 1/4) = 150 + k · 3/8 is a tie for some amounts
    dates = period_dates("2024-01-01", 2, Frequency.YEARLY)
    for amount in range(1, 200):
        loan = oracle.Loan(terms, dates.astype(object).tolist(), amount, 1_000_000)
        made = schedule(terms, dates, amount, 1_000_000)
        assert made.principal[0].tolist() == [part for _, part in oracle.schedule(loan)]


def test_giants_are_computed_exactly_too() -> None:
    terms = Terms(method=Method.EQUAL_INSTALMENT, day_count=DayCount.ACT_ACT_ISDA)
    dates = period_dates("2024-01-31", 36, Frequency.MONTHLY).astype(object).tolist()
    loan = oracle.Loan(terms, dates, 2**53 - 7, 123_457)
    made = schedule(terms, dates, loan.principal, loan.rate)
    expected = oracle.schedule(loan)
    assert made.interest[0].tolist() == [interest for interest, _ in expected]
    assert made.principal[0].sum() == loan.principal


TERMS = Terms(method=Method.EQUAL_INSTALMENT, day_count=DayCount.THIRTY_360_US)
DATES = period_dates("2024-01-01", 6, Frequency.MONTHLY)


def test_an_early_repayment_shortens_the_term_or_lowers_the_instalment() -> None:
    def with_early(recast: Recast) -> Schedule:
        early = Flows.of(0, "2024-03-01", -3000, recast)
        return schedule(TERMS, DATES, 10_000, 94_822, flows=early)

    plain = schedule(TERMS, DATES, 10_000, 94_822)
    shorter, smaller = with_early(Recast.TERM), with_early(Recast.INSTALMENT)
    assert shorter.periods.tolist() == [5]
    assert shorter.payment[0, :4].tolist() == plain.payment[0, :4].tolist()
    assert smaller.periods.tolist() == [6]
    assert smaller.payment[0, 2] < plain.payment[0, 2]


def test_an_instalment_below_the_interest_owes_the_rest_later_and_no_principal_grows() -> None:
    risen = Rates.of(0, "2024-02-01", 9_000_000, Recast.TERM)
    made = schedule(TERMS, DATES, 10_000, 100_000, rates=risen)
    assert made.principal[0, 1:5].tolist() == [0, 0, 0, 0]
    assert made.principal.sum() == 10_000
    assert made.interest[0].sum() > 5 * 6000


@pytest.mark.parametrize(
    ("grace", "method"),
    [
        (Grace(principal=6), Method.EQUAL_INSTALMENT),
        (Grace(principal=7), Method.EQUAL_PRINCIPAL),
        (Grace(interest=1), Method.EQUAL_INSTALMENT),
        (Grace(free=-1), Method.EQUAL_PRINCIPAL),
    ],
)
def test_terms_that_cannot_be_kept_are_refused(grace: Grace, method: Method) -> None:
    terms = Terms(method=method, day_count=DayCount.ACT_360, grace=grace)
    with pytest.raises(UnusableTerms, match="expected"):
        schedule(terms, DATES, 1000, 10_000)


def test_events_outside_of_the_loan_are_refused() -> None:
    for day in ("2023-12-31", "2024-07-01"):
        with pytest.raises(UnusableTerms, match="expected an event on or after"):
            schedule(TERMS, DATES, 1000, 0, flows=Flows.of(0, day, 1, Recast.TERM))
        with pytest.raises(UnusableTerms, match="expected an event on or after"):
            schedule(TERMS, DATES, 1000, 0, rates=Rates.of(0, day, 1, Recast.TERM))


def test_more_than_owed_and_impossible_numbers_are_refused() -> None:
    with pytest.raises(MoreThanOwed):
        schedule(TERMS, DATES, 1000, 0, flows=Flows.of(0, "2024-01-05", -1001, Recast.TERM))
    with pytest.raises(OutOfRange):
        schedule(TERMS, DATES, 2**53, 0)
    with pytest.raises(OutOfRange):
        schedule(TERMS, DATES, 1000, -1)
    with pytest.raises(UnusableTerms, match="a longer one"):
        schedule(TERMS, ["1900-01-01", "2024-01-01"], 1000, 0)
    with pytest.raises(OutOfRange, match="of interest in a period"):
        schedule(TERMS, ["1950-01-01", "2024-01-01"], 2**53 - 1, 10_000_000)
    with pytest.raises(UnusableTerms, match="at least one period"):
        schedule(TERMS, DATES[:1], 1000, 0)
    with pytest.raises(UnusableTerms, match="ascending"):
        schedule(TERMS, DATES[::-1], 1000, 0)


def test_no_events_and_empty_events_are_the_same() -> None:
    made = schedule(TERMS, DATES, 10_000, 94_822, flows=NO_FLOWS, rates=NO_RATES)
    later = Rates.of(0, "2024-05-15", 94_822, Recast.TERM)
    cut = schedule(TERMS, DATES, 10_000, 94_822, rates=later)
    assert made.payment.tolist() == cut.payment.tolist()
