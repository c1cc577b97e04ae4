"""Goal: a day's interest is exact to 10⁻⁸ of a minor unit. Method: Hypothesis against fractions."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.foundation.banking.domain import oracle
from yunjin.foundation.banking.domain import (
    DayCount,
    OutOfRange,
    Rounding,
    Tiers,
    accrue,
    post,
    year_fraction,
)
from yunjin.foundation.banking.kernels import E8
from yunjin.kernel.errors import Bug

DAY = year_fraction(DayCount.ACT_365F, "2024-01-01", "2024-01-02")
balances = st.integers(-(2**53), 2**53)


@st.composite
def tiers(draw: st.DrawFn) -> Tiers:
    begins = sorted({0, *draw(st.lists(st.integers(1, 10**12), max_size=4))})
    rates = [draw(st.integers(0, 400_000)) for _ in begins]
    return Tiers.of(begins, [rates], is_marginal=draw(st.booleans()))


def exactly(balance: Fraction, tiers: Tiers, part: Fraction, rounding: Rounding) -> int:
    """Return interest in 10⁻⁸ by the words of the tiers."""
    size = abs(balance)
    begins, rates = tiers.begins.tolist(), tiers.rates[0].tolist()
    if tiers.is_marginal:
        ends = [*begins[1:], None]
        total = Fraction(0)
        for begin, end, rate in zip(begins, ends, rates, strict=True):
            slice_ = max(min(size, size if end is None else end) - begin, Fraction(0))
            total += slice_ * rate
    else:
        total = (
            size
            * max(
                (begin, rate) for begin, rate in zip(begins, rates, strict=True) if begin <= size
            )[1]
        )
    exact = total * part * E8 / 1_000_000
    return oracle.rounded(exact if balance >= 0 else -exact, rounding)


@given(
    balances,
    tiers(),
    st.sampled_from(DayCount),
    st.dates(date(2023, 11, 30), date(2025, 3, 1)),
    st.sampled_from(Rounding),
)
def test_simple_interest_is_exact(
    balance: int, given_: Tiers, day_count: DayCount, end: date, rounding: Rounding
) -> None:
    part = year_fraction(day_count, "2023-11-30", end)
    fraction = Fraction(int(part.numerator), int(part.denominator))
    expected = exactly(Fraction(balance), given_, fraction, rounding)
    if abs(expected) < 2**63:
        assert int(accrue(balance, given_, part, rounding)) == expected
    else:
        with pytest.raises(OutOfRange):
            accrue(balance, given_, part, rounding)


@given(
    st.integers(-(10**12), 10**12),
    st.integers(-(10**16), 10**16),
    tiers(),
    st.sampled_from(Rounding),
)
def test_compound_interest_earns_on_what_is_accrued(
    balance: int, accrued: int, given_: Tiers, rounding: Rounding
) -> None:
    base = balance + Fraction(accrued, E8)
    # the tier is found by whole minor units, as a customer sees a balance
    if int(base) in given_.begins.tolist() or -int(base) in given_.begins.tolist():
        return
    made = accrue([balance], given_, DAY, rounding, compound_on=[accrued])
    assert made.tolist() == [exactly(base, given_, Fraction(1, 365), rounding)]


def test_a_book_is_accrued_with_a_rate_each() -> None:
    made = accrue([100_000, -100_000, 0], Tiers.flat([36_500, 73_000, 1]), DAY, Rounding.DOWN)
    assert made.tolist() == [10 * E8, -20 * E8, 0]


def test_a_year_of_days_books_what_the_year_is_worth() -> None:
    booked, residue = 0, 0
    for _ in range(365):
        daily = accrue(1_234_567, Tiers.flat(31_415), DAY, Rounding.HALF_EVEN)
        minor, residue = post(daily + residue, Rounding.HALF_EVEN)
        booked += int(minor)
    assert booked == round(1_234_567 * 31_415 / 1_000_000)


def test_rates_are_held_between_floor_and_cap() -> None:
    held = Tiers.flat([0, 50_000, 900_000]).bounded(floor_ppm=10_000, cap_ppm=240_000)
    assert held.rates.ravel().tolist() == [10_000, 50_000, 240_000]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(OutOfRange, match="ascending from 0"):
        Tiers.of([1, 2], [[1, 2]], is_marginal=True)
    with pytest.raises(OutOfRange, match="expected rates"):
        Tiers.flat(-1)
    with pytest.raises(OutOfRange, match="expected 1 rates, was 2"):
        Tiers.of([0], [[1, 2]], is_marginal=True)
    with pytest.raises(OutOfRange, match="expected a balance of 62 bits"):
        accrue(2**63 - 1, Tiers.flat(1), DAY, Rounding.DOWN)
    with pytest.raises(OutOfRange, match="interest of 63 bits"):
        accrue(2**53, Tiers.flat(10_000_000), DAY, Rounding.DOWN)
    with pytest.raises(Bug, match="expected 1 or 2 rates"):
        accrue([1, 2], Tiers.flat([1, 2, 3]), DAY, Rounding.DOWN)
