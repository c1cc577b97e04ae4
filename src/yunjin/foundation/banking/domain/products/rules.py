"""The words that rules are made of: interest, shares, dates and choices over columns."""

from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.accrual import Tiers, accrue
from yunjin.foundation.banking.domain.calendars import CHINA, Roll
from yunjin.foundation.banking.domain.daycount import DayCount, year_fraction
from yunjin.foundation.banking.domain.periods import add_months
from yunjin.foundation.banking.domain.products.context import Context
from yunjin.foundation.banking.domain.products.declarations import Account, Accrual, Parameter
from yunjin.foundation.banking.domain.rounding import Rounding, mul_div
from yunjin.foundation.banking.kernels import PPM

NEVER: Final = np.datetime64("NaT", "D")
CALENDAR: Final = CHINA.with_weekends_beyond()
EVERY_MONTH: Final = tuple(range(1, 13))


def daily(at: Context, balance: Any, rate: Any, day_count: DayCount, *, within: Any = None) -> Any:
    """Return the simple interest on a balance since it was last accrued (int64[n], 10⁻⁸ minor).

    balance: int64[n], minor units.  rate: ppm a year, a column or one number.
    within: datetime64[D][n], where the interest period began (NaT: the opening): the days of a
    period then add up to the interest of the period, rounded once.
    """
    if within is None:
        return interest_between(balance, rate, at.since, at.until, day_count)
    began = np.minimum(np.where(np.isnat(within), at.opened, within), at.since)
    until = interest_between(balance, rate, began, at.until, day_count)
    return until - interest_between(balance, rate, began, at.since, day_count)


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


def booked_late(
    at: Context, account: Account, tiers: tuple[tuple[int, int], ...], day_count: DayCount
) -> Any:
    """Return what an entry changes in the interest of the days it was booked late (10⁻⁸ minor).

    For each evening from its value date on: interest on what was there with it, less without it.
    Where no entry is back-dated this is 0, and no history is asked for.
    """
    changes = np.zeros(len(at), np.int64)
    is_late = at.value_date < at.date
    if not is_late.any():
        return changes
    evenings = at.history.of(account, is_late)
    for back in range(1, evenings.shape[1] + 1):
        day = np.asarray(at.date - np.timedelta64(back, "D"))
        balance = evenings[:, -back]
        fraction = year_fraction(day_count, np.broadcast_to(day, len(at)), day + 1)
        made = Tiers.of(*zip(*tiers, strict=True), is_marginal=True)
        both = [
            accrue(np.maximum(one, 0), made, fraction, Rounding.HALF_EVEN)
            for one in (balance + at.amount, balance)
        ]
        changes = changes + np.where(at.value_date <= day, both[0] - both[1], 0)
    return changes


def share(amount: Any, ppm: Any) -> Any:
    """Return parts per million of an amount, halves away from zero."""
    return mul_div(amount, ppm, PPM, Rounding.HALF_AWAY)


def total(at: Context, owed: tuple[Account | Accrual, ...]) -> Any:
    """Return the sum of balances, and of accruals as `settle` would post them (int64[n], minor)."""
    return sum(at[one] if isinstance(one, Account) else one.split(at[one])[0] for one in owed)


def changed(at: Context, *parameters: Parameter) -> Any:
    """Tell whether one of some parameters is what changed (bool[n])."""
    return np.full(len(at), any(parameter.name in at.changed for parameter in parameters))


def times(amount: Any, number: Any) -> Any:
    """Return an amount times a number; raises OutOfRange where it has more than 63 bits."""
    return mul_div(amount, number, 1, Rounding.DOWN)


def divided(amount: Any, parts: Any) -> Any:
    """Return an amount over a number of parts, rounded down."""
    return mul_div(amount, 1, parts, Rounding.DOWN)


def only(where: Any, value: Any) -> Any:
    """Return a value where a condition holds, 0 elsewhere."""
    return np.where(where, value, 0)


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


def months_after(dates: Any, months: Any, *, like: Any = None) -> Any:
    """Return dates moved by whole months; a day that the month lacks becomes its last.

    like : dates whose day of the month is taken instead: a 31st comes again after short months.
    """
    if like is None:
        return add_months(dates, months, is_end_of_month=False)
    passed = np.asarray(dates).astype("datetime64[M]") - like.astype("datetime64[M]")
    return add_months(like, passed.astype(np.int64) + months, is_end_of_month=False)


def days_after(dates: Any, days: Any) -> Any:
    """Return dates moved by days."""
    return dates + np.asarray(days, np.int64).astype("timedelta64[D]")


def working_day(dates: Any) -> Any:
    """Return dates, or the next business day in China; of years not announced yet, weekends."""
    return CALENDAR.roll(dates, Roll.FOLLOWING)


def days_between(start: Any, end: Any) -> Any:
    """Return the number of days from one date to another (int64[n])."""
    return (np.asarray(end) - np.asarray(start)).astype(np.int64)


def next_on(date: Any, *, day: Any, months: tuple[int, ...] = EVERY_MONTH) -> Any:
    """Return the next date after `date` that is a day of one of the months: 20th of March, …

    day: 1 to 28, a column or one number.
    """
    first = np.asarray(date).astype("datetime64[M]")
    within = (np.asarray(day, np.int64) - 1).astype("timedelta64[D]")
    found = np.full(np.broadcast_shapes(np.shape(date), within.shape), NEVER)
    for month in [first + step for step in reversed(range(13))]:
        on = month.astype("datetime64[D]") + within
        is_one = np.isin(month.astype(np.int64) % 12 + 1, months)
        found = np.where(is_one & (on > date), on, found)
    return found
