"""Day counts: what part of a year lies between two dates, as a fraction of whole numbers.

Every convention keeps one denominator, so that fractions of one convention add up and subtract.

Sources: 2006 ISDA Definitions, section 4.16 ((b) actual/actual, (d) actual/365 fixed, (e)
actual/360, (g) 30E/360); 30/360 US: Securities Industry Association, Standard Securities
Calculation Methods (Mayle 1993), with its end-of-February rule. ACT/364 belongs to weekly products:
52 weeks a year.
"""

from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import Bools, Days, Int64s, days, frozen
from yunjin.foundation.banking.kernels import split_days


class DayCount(StrEnum):
    """How days are counted, and how many make a year."""

    THIRTY_360_US = "30/360 US"
    THIRTY_E_360 = "30E/360"
    ACT_360 = "ACT/360"
    ACT_365F = "ACT/365F"
    ACT_364 = "ACT/364"
    ACT_ACT_ISDA = "ACT/ACT ISDA"


DENOMINATOR: Final = {
    DayCount.THIRTY_360_US: 360,
    DayCount.THIRTY_E_360: 360,
    DayCount.ACT_360: 360,
    DayCount.ACT_365F: 365,
    DayCount.ACT_364: 364,
    DayCount.ACT_ACT_ISDA: 365 * 366,
}


_DENOMINATORS: Final = {count: np.array(value) for count, value in DENOMINATOR.items()}


class YearFraction(NamedTuple):
    """Parts of a year: int64[n] numerator over int64[n] denominator (broadcast, read-only)."""

    numerator: Int64s
    denominator: Int64s


def year_fraction(day_count: DayCount, start: ArrayLike, end: ArrayLike) -> YearFraction:
    """Return what part of a year lies in [start, end), as a fraction.

    Parameters
    ----------
    start, end : dates of any shape that broadcast; negative if end < start.
    """
    counted = np.asarray(_NUMERATORS[day_count](days(start), days(end)))
    return YearFraction(counted, np.broadcast_to(_DENOMINATORS[day_count], counted.shape))


def fraction_within(
    day_count: DayCount, period_start: ArrayLike, start: ArrayLike, end: ArrayLike
) -> YearFraction:
    """Return the part of [start, end) inside an interest period, so that parts add up to it.

    30/360 US does not add up over single days (29th to 31st is 2 days, but 1 + 0 by single days).
    Counting every part from the period's beginning makes the parts telescope.
    """
    until_end = year_fraction(day_count, period_start, end)
    until_start = year_fraction(day_count, period_start, start)
    return YearFraction(until_end.numerator - until_start.numerator, until_end.denominator)


def is_leap(year: Int64s) -> Bools:
    """Tell which years have 366 days."""
    return np.asarray((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)))


def calendar_parts(dates: Days) -> tuple[Int64s, Int64s, Int64s]:
    """Return year, month (1–12) and day (1–31) of dates."""
    numbers = frozen(dates.astype(np.int64).reshape(-1))
    year, month, day = (np.empty(len(numbers), np.int64) for _ in range(3))
    split_days(numbers, year, month, day)
    return year.reshape(dates.shape), month.reshape(dates.shape), day.reshape(dates.shape)


def is_month_end(dates: Days) -> Bools:
    """Tell which dates are the last of their month."""
    return np.asarray((dates + 1).astype("datetime64[M]") != dates.astype("datetime64[M]"))


def _actual(start: Days, end: Days) -> Int64s:
    return np.asarray((end - start).astype(np.int64))


def _days_in_leap_years(dates: Days) -> Int64s:
    """Count the days of leap years from 1 January of year 1 up to a date."""
    first = dates.astype("datetime64[Y]")
    year = first.astype(np.int64) + 1970
    before = year - 1
    leap_years = before // 4 - before // 100 + before // 400
    inside = (dates - first.astype("datetime64[D]")).astype(np.int64)
    return leap_years * 366 + np.where(is_leap(year), inside, 0)


def _actual_actual(start: Days, end: Days) -> Int64s:
    leap = _days_in_leap_years(end) - _days_in_leap_years(start)
    return np.asarray(leap * 365 + (_actual(start, end) - leap) * 366)


def _thirty_european(start: Days, end: Days) -> Int64s:
    (year, month, day), (year2, month2, day2) = calendar_parts(start), calendar_parts(end)
    counted = np.minimum(day2, 30) - np.minimum(day, 30)
    return np.asarray(360 * (year2 - year) + 30 * (month2 - month) + counted)


def _thirty_us(start: Days, end: Days) -> Int64s:
    (year, month, day), (year2, month2, day2) = calendar_parts(start), calendar_parts(end)
    from_february = (month == 2) & is_month_end(start)
    day2 = np.where(from_february & (month2 == 2) & is_month_end(end), 30, day2)
    day = np.where(from_february, 30, day)
    day2 = np.where((day2 == 31) & (day >= 30), 30, day2)
    day = np.minimum(day, 30)
    return np.asarray(360 * (year2 - year) + 30 * (month2 - month) + day2 - day)


_NUMERATORS: Final = {
    DayCount.THIRTY_360_US: _thirty_us,
    DayCount.THIRTY_E_360: _thirty_european,
    DayCount.ACT_360: _actual,
    DayCount.ACT_365F: _actual,
    DayCount.ACT_364: _actual,
    DayCount.ACT_ACT_ISDA: _actual_actual,
}
