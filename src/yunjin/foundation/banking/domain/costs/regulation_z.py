"""APR after US Regulation Z, 12 CFR Part 1026, Appendix J: the actuarial method.

The rate of a unit-period makes Σ advances = Σ payments, both discounted by (1 + f·i)(1 + i)^t, with
t full unit-periods and a fraction f of one; the APR is i times the unit-periods in a year, (b)(8).
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from enum import Enum
from fractions import Fraction
from typing import Final, NamedTuple

from yunjin.foundation.banking.domain.costs.solving import Flow, solve
from yunjin.foundation.banking.errors import OutOfRange

HUNDREDTH: Final = Fraction(1, 10_000)  # of a percent: what is published
_PPM_PER_HUNDREDTH: Final = 100


class Period(NamedTuple):
    """Length of a unit-period, in months or else in days, and how many make a year."""

    months: Fraction
    days: int
    per_year: Fraction


class UnitPeriod(Enum):
    """The interval that most payments have, Appendix J (b)(4)."""

    WEEK = Period(Fraction(0), 7, Fraction(52))
    TWO_WEEKS = Period(Fraction(0), 14, Fraction(26))
    HALF_MONTH = Period(Fraction(1, 2), 0, Fraction(24))
    MONTH = Period(Fraction(1), 0, Fraction(12))
    QUARTER = Period(Fraction(3), 0, Fraction(4))
    HALF_YEAR = Period(Fraction(6), 0, Fraction(2))
    YEAR = Period(Fraction(12), 0, Fraction(1))


def apr(flows: Sequence[Flow], unit: UnitPeriod) -> int:
    """Return the APR in ppm, rounded to a hundredth of a percent: 9.69 % is 96,900.

    flows: advances > 0 and payments < 0, minor units, at times in unit-periods.

    Raises: NoRate, OutOfRange.
    """
    return solve(flows, unit.value.per_year, HUNDREDTH) * _PPM_PER_HUNDREDTH


def apr_of_dates(flows: Sequence[tuple[date, int]], unit: UnitPeriod) -> int:
    """Return the APR in ppm of dated advances (> 0) and payments (< 0); the first advance is first.

    Raises: NoRate, OutOfRange.
    """
    start = min(day for day, _ in flows)
    timed = [(unit_periods(start, day, unit), amount) for day, amount in flows]
    return apr([Flow(time, amount, rest) for (time, rest), amount in timed], unit)


def apr_of_one_payment(advance: int, payment: int, start: date, end: date) -> int:
    """Return the APR in ppm of one advance and one payment within a year, (b)(5)(vi)–(vii), (c)(5).

    The unit-period is the term: whole months count by twelfths of a year, else days by 365ths.

    Raises: NoRate, OutOfRange.
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and _months_before(end, months) == start:
        per_year = Fraction(12, months)
    else:
        per_year = Fraction(365, (end - start).days)
    if per_year < 1:
        raise OutOfRange(f"expected a term of at most a year, was {start} to {end}")
    return solve([Flow(0, advance), Flow(1, -payment)], per_year, HUNDREDTH) * _PPM_PER_HUNDREDTH


def unit_periods(start: date, end: date, unit: UnitPeriod) -> tuple[int, Fraction]:
    """Return the full unit-periods between two dates and the fraction left, (b)(5).

    Months are counted back from the later date, from month's end to month's end where both dates
    are one; days that are left are thirtieths of a month. For half months and multiples of a month,
    every full month counts 30 days. Weeks go by days.
    """
    length = unit.value
    if length.days:
        whole, rest = divmod((end - start).days, length.days)
        return whole, Fraction(rest, length.days)
    months = (end.year - start.year) * 12 + end.month - start.month
    if _is_last(start) and _is_last(end):
        left = 0
    else:
        months -= _months_before(end, months) < start
        left = (_months_before(end, months) - start).days
    days = int(length.months * 30)
    if unit is UnitPeriod.YEAR:
        years, rest_months = divmod(months, 12)
        rest_days = (_months_before(end, 12 * years) - start).days
        return years, Fraction(rest_months, 12) if left == 0 else Fraction(rest_days, 365)
    whole, rest = divmod(months * 30 + left, days) if days != 30 else (months, left)
    if rest >= days:  # 30 days left of a month of 31
        return whole + 1, Fraction(rest - days, days)
    return whole, Fraction(rest, days)


def _is_last(day: date) -> bool:
    return (day + timedelta(days=1)).month != day.month


def _months_before(day: date, months: int) -> date:
    """Return the date so many months earlier; the last of a month if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
