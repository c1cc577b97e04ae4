"""Goal: year fractions are those of the standards. Method: known cases; Hypothesis against counting
day by day; the parts of a period add up to it.
"""

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.foundation.banking.domain import oracle
from yunjin.foundation.banking.domain import DayCount, fraction_within, year_fraction

dates = st.dates(date(1990, 1, 1), date(2110, 12, 31))


def part(day_count: DayCount, start: str | date, end: str | date) -> Fraction:
    counted = year_fraction(day_count, start, end)
    return Fraction(int(counted.numerator), int(counted.denominator))


@pytest.mark.parametrize(
    ("day_count", "start", "end", "told"),
    [
        # ISDA, "EMU and market conventions: recent developments" (1998), actual/actual (ISDA)
        (DayCount.ACT_ACT_ISDA, "2003-11-01", "2004-05-01", Fraction(61, 365) + Fraction(121, 366)),
        (DayCount.ACT_ACT_ISDA, "1999-02-01", "1999-07-01", Fraction(150, 365)),
        (
            DayCount.ACT_ACT_ISDA,
            "1999-07-01",
            "2000-07-01",
            Fraction(184, 365) + Fraction(182, 366),
        ),
        # the end of February and the 31st
        (DayCount.THIRTY_360_US, "2007-02-28", "2008-02-29", Fraction(1)),
        (DayCount.THIRTY_360_US, "2007-02-28", "2007-03-31", Fraction(30, 360)),
        (DayCount.THIRTY_E_360, "2007-02-28", "2007-03-31", Fraction(32, 360)),
        (DayCount.THIRTY_360_US, "2007-01-29", "2007-03-31", Fraction(62, 360)),
        (DayCount.THIRTY_E_360, "2007-01-29", "2007-03-31", Fraction(61, 360)),
        (DayCount.THIRTY_360_US, "2007-01-31", "2007-03-31", Fraction(60, 360)),
        (DayCount.ACT_360, "2024-01-01", "2025-01-01", Fraction(366, 360)),
        (DayCount.ACT_365F, "2024-01-01", "2025-01-01", Fraction(366, 365)),
        (DayCount.ACT_364, "2024-01-01", "2024-12-30", Fraction(1)),
    ],
)
def test_known_fractions_agree(day_count: DayCount, start: str, end: str, told: Fraction) -> None:
    assert part(day_count, start, end) == told


@given(dates, st.integers(0, 900), st.sampled_from(DayCount))
def test_a_fraction_agrees_with_counting(start: date, length: int, day_count: DayCount) -> None:
    end = start + timedelta(days=length)
    assert part(day_count, start, end) == oracle.fraction(day_count, start, end)


@given(dates, st.integers(1, 400), st.sampled_from(DayCount))
def test_the_days_of_a_period_add_up_to_it(start: date, length: int, day_count: DayCount) -> None:
    days = np.datetime64(start) + np.arange(length + 1)
    daily = fraction_within(day_count, days[0], days[:-1], days[1:])
    assert daily.numerator.sum() == year_fraction(day_count, days[0], days[-1]).numerator
    assert (daily.denominator == daily.denominator[0]).all()


@given(dates, dates, st.sampled_from([DayCount.ACT_360, DayCount.ACT_ACT_ISDA]))
def test_time_backwards_is_negative(start: date, end: date, day_count: DayCount) -> None:
    assert part(day_count, start, end) == -part(day_count, end, start)
