"""The words that rules are made of: interest, shares, dates and choices over columns."""

from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.accrual import Tiers, accrue
from yunjin.foundation.banking.domain.daycount import DayCount, year_fraction
from yunjin.foundation.banking.domain.periods import add_months
from yunjin.foundation.banking.domain.products.context import Context
from yunjin.foundation.banking.domain.rounding import Rounding, mul_div
from yunjin.foundation.banking.kernels import E8

PPM: Final = 1_000_000
_ONE: Final = 1 << 52  # of a discount factor; 2,000 of them add up within 63 bits


def daily(at: Context, balance: Any, rate: Any, day_count: DayCount) -> Any:
    """Return the simple interest on a balance since it was last accrued (int64[n], 10⁻⁸ minor).

    balance: int64[n], minor units.  rate: ppm a year, a column or one number.
    """
    return interest_between(balance, rate, at.since, at.until, day_count)


def interest_between(balance: Any, rate: Any, start: Any, end: Any, day_count: DayCount) -> Any:
    """Return the simple interest on a balance for [start, end) (int64[n], 10⁻⁸ minor)."""
    fraction = year_fraction(day_count, start, end)
    return accrue(balance, Tiers.flat(rate), fraction, Rounding.HALF_EVEN)


def tiered(
    at: Context, balance: Any, tiers: tuple[tuple[int, int], ...], day_count: DayCount
) -> Any:
    """Return interest by marginal tiers: each slice of a balance earns its own rate.

    tiers: (minor units where it begins, ppm a year), ascending from 0.
    """
    begins, rates = zip(*tiers, strict=True)
    fraction = year_fraction(day_count, at.since, at.until)
    made = Tiers.of(begins, rates, is_marginal=True)
    return accrue(balance, made, fraction, Rounding.HALF_EVEN)


def share(amount: Any, ppm: Any) -> Any:
    """Return parts per million of an amount, halves away from zero."""
    return mul_div(amount, ppm, PPM, Rounding.HALF_AWAY)


def whole(accrued_e8: Any) -> Any:
    """Return an accrual in minor units, as `settle` would post it."""
    return mul_div(accrued_e8, 1, E8, Rounding.HALF_AWAY)


def divided(amount: Any, parts: Any) -> Any:
    """Return an amount over a number of parts, rounded down."""
    return mul_div(amount, 1, parts, Rounding.DOWN)


def level_instalment(balance: Any, rate: Any, periods: Any, *, a_year: int = 12) -> Any:
    """Return the equal instalment 等额本息 of regular periods, halves away from zero.

    balance: int64[n], minor.  rate: ppm a year.  periods: int64[n], the ones left, ≥ 1.
    """
    rates, left = np.asarray(rate, np.int64), np.asarray(periods, np.int64)
    factor = np.broadcast_to(np.int64(_ONE), np.broadcast_shapes(rates.shape, left.shape))
    total = np.zeros(factor.shape, np.int64)
    for period in range(int(left.max(initial=0))):
        factor = mul_div(factor, a_year * PPM, a_year * PPM + rates, Rounding.HALF_EVEN)
        total = total + np.where(period < left, factor, 0)
    return mul_div(balance, _ONE, np.maximum(total, 1), Rounding.HALF_AWAY)


def positive(values: Any) -> Any:
    """Return values, 0 for the negative ones."""
    return np.maximum(values, 0)


def smaller(left: Any, right: Any) -> Any:
    """Return the smaller of two, row by row."""
    return np.minimum(left, right)


def larger(left: Any, right: Any) -> Any:
    """Return the larger of two, row by row."""
    return np.maximum(left, right)


def either(where: Any, then: Any, otherwise: Any) -> Any:
    """Return one of two values, row by row."""
    return np.where(where, then, otherwise)


def months_after(dates: Any, months: Any) -> Any:
    """Return dates moved by whole months; a day that the month lacks becomes its last."""
    return add_months(dates, months, is_end_of_month=False)


def days_after(dates: Any, days: Any) -> Any:
    """Return dates moved by days."""
    return dates + np.asarray(days, np.int64).astype("timedelta64[D]")


def days_between(start: Any, end: Any) -> Any:
    """Return the number of days from one date to another (int64[n])."""
    return (np.asarray(end) - np.asarray(start)).astype(np.int64)


def next_on(date: Any, *, months: tuple[int, ...], day: int) -> Any:
    """Return the next date after `date` that is a day of one of the months: 20th of March, …"""
    first = np.asarray(date).astype("datetime64[M]")
    ahead = [first + step for step in range(13)]
    number = [month.astype(np.int64) % 12 + 1 for month in ahead]
    found = np.full(np.shape(date), np.datetime64("NaT", "D"))
    for month, which in zip(reversed(ahead), reversed(number), strict=True):
        on = month.astype("datetime64[D]") + np.timedelta64(day - 1, "D")
        found = np.where(np.isin(which, months) & (on > date), on, found)
    return found
