"""Goal: dates fall due on days on which somebody works. Method: weeks around Chinese holidays, what
the notices say; the years' working days, counted; dates that nobody has published yet.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunjin.foundation.banking.domain import (
    CHINA,
    EVERY_DAY,
    WEEKENDS,
    Frequency,
    OutsideCalendar,
    Roll,
    UnusableTerms,
    add_months,
    period_dates,
)
from yunjin.foundation.banking.domain.chinese_holidays import HOLIDAYS, MAKE_UP_DAYS, free_days


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        ("2024-02-09", True),  # New Year's Eve was worked in 2024
        ("2024-02-10", False),
        ("2024-02-18", True),  # a Sunday worked in exchange
        ("2023-10-07", True),
        ("2025-01-26", True),
        ("2025-10-08", False),
        ("2026-02-23", False),
        ("2026-02-28", True),
        ("2026-03-01", False),  # a plain Sunday
    ],
)
def test_a_day_is_open_as_the_notice_says(day: str, is_open: bool) -> None:
    assert bool(CHINA.is_business_day(day)) == is_open


@pytest.mark.parametrize(("year", "working"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_its_working_days(year: int, working: int) -> None:
    days = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    assert CHINA.is_business_day(days).sum() == working


def test_make_up_days_are_weekends_and_no_holidays() -> None:
    assert not WEEKENDS.is_business_day(MAKE_UP_DAYS).any()
    assert not set(MAKE_UP_DAYS) & set(free_days())
    assert len(free_days()) == len(set(free_days()))
    assert [first for _, first, _ in HOLIDAYS] == sorted(first for _, first, _ in HOLIDAYS)


@pytest.mark.parametrize(
    ("day", "roll", "told"),
    [
        ("2024-02-10", Roll.NONE, "2024-02-10"),
        ("2024-02-10", Roll.FOLLOWING, "2024-02-18"),
        ("2024-02-10", Roll.PRECEDING, "2024-02-09"),
        ("2024-08-31", Roll.FOLLOWING, "2024-09-02"),
        ("2024-08-31", Roll.MODIFIED_FOLLOWING, "2024-08-30"),
        ("2024-10-12", Roll.FOLLOWING, "2024-10-12"),
    ],
)
def test_a_date_is_rolled_as_agreed(day: str, roll: Roll, told: str) -> None:
    assert str(CHINA.roll(day, roll)) == told
    assert CHINA.roll([day, day], roll).astype(str).tolist() == [told, told]


def test_a_year_that_is_not_published_is_refused_unless_weekends_do() -> None:
    for day in ("2022-12-30", "2027-01-04"):
        with pytest.raises(OutsideCalendar, match="expected a date in 2023–2026, was"):
            CHINA.is_business_day(day)
        with pytest.raises(OutsideCalendar):
            CHINA.roll(["2024-02-10", day], Roll.FOLLOWING)
    beyond = CHINA.with_weekends_beyond()
    assert beyond.roll(["2030-06-01", "2024-02-10"], Roll.FOLLOWING).astype(str).tolist() == [
        "2030-06-03",
        "2024-02-18",
    ]


@given(st.dates(), st.sampled_from(Roll))
def test_every_day_calendars_move_nothing(day: object, roll: Roll) -> None:
    assert EVERY_DAY.roll(day, roll).astype(object) == day


def test_months_end_where_they_end() -> None:
    monthly = period_dates("2024-01-31", 4, Frequency.MONTHLY)
    assert monthly.astype(str).tolist()[1:] == [
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
        "2024-05-31",
    ]
    from_february = period_dates("2024-02-29", 2, Frequency.MONTHLY, is_end_of_month=True)
    assert from_february.astype(str).tolist()[1:] == ["2024-03-31", "2024-04-30"]
    plain = period_dates("2024-02-29", 2, Frequency.MONTHLY)
    assert plain.astype(str).tolist()[1:] == ["2024-03-29", "2024-04-29"]


def test_an_odd_first_period_sets_the_anchor() -> None:
    made = period_dates("2024-01-10", 3, Frequency.QUARTERLY, first_due="2024-02-29")
    told = ["2024-01-10", "2024-02-29", "2024-05-29", "2024-08-29"]
    assert made.astype(str).tolist() == told
    book = period_dates(["2024-01-10", "2024-01-11"], 2, Frequency.YEARLY, first_due="2024-02-29")
    assert book.shape == (2, 3)
    assert book[:, 2].astype(str).tolist() == ["2025-02-28", "2025-02-28"]


def test_no_period_and_a_first_due_date_in_the_past_are_refused() -> None:
    with pytest.raises(UnusableTerms, match="periods, was 0"):
        period_dates("2024-01-10", 0, Frequency.WEEKLY)
    with pytest.raises(UnusableTerms, match="first due date after"):
        period_dates("2024-01-10", 2, Frequency.WEEKLY, first_due="2024-01-10")


@given(st.dates(), st.integers(-500, 500))
def test_moving_months_keeps_the_day_or_the_end(day: object, months: int) -> None:
    there = add_months(day, months, is_end_of_month=False)
    back = add_months(there, -months, is_end_of_month=False)
    assert abs((back - np.datetime64(day)).astype(int)) <= 3
