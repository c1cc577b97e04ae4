"""Goal: annual rates agree with what is published. Method: the examples of Regulation Z, appendix J
(c), of the shared data and beyond; annuities whose rate is known beforehand; Hypothesis.
"""

import json
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import shared_data
from yunjin.foundation.banking.domain import (
    CapWarning,
    DayCount,
    Flow,
    Frequency,
    Method,
    NoRate,
    OutOfRange,
    PerYear,
    Terms,
    UnitPeriod,
    annual_cost,
    apr,
    apr_of_dates,
    apr_of_one_payment,
    cap_warnings,
    effective_rate,
    lpr_cap,
    period_dates,
    schedule,
)
from yunjin.foundation.banking.domain.costs import unit_periods

MONTH = UnitPeriod.MONTH


def annuity(advance: int, payment: int, count: int, *, rest: Fraction = Fraction(0)) -> list[Flow]:
    """Return an advance and level payments at the ends of unit-periods, all later by a rest."""
    return [Flow(0, advance), *(Flow(time, -payment, rest) for time in range(1, count + 1))]


def shared_flows(given_: dict[str, Any]) -> list[Flow]:
    payment, count = int(given_["P"]) * 100, int(given_["n"])
    rest = Fraction(given_.get("f", "0"))
    if "first" not in given_:
        return annuity(int(given_["A"]) * 100, payment, count, rest=rest)
    odd = [Flow(0, int(given_["A"]) * 100), Flow(1, -int(given_["first"]) * 100)]
    return odd + [Flow(time, -payment) for time in range(2, count + 2)]


@pytest.mark.parametrize("name", ["regz-c1i", "regz-c1ii", "regz-c2i"])
def test_the_shared_examples_of_regulation_z_agree(name: str) -> None:
    cases = json.loads(shared_data("loans/worked.json").read_text(encoding="utf-8"))["cases"]
    [case] = [case for case in cases if case["id"] == name]
    found = apr(shared_flows(case["params"]), MONTH)
    assert f"{found / 10_000:.2f}" == case["expected"]["apr_pct"]


def test_dates_give_the_unit_periods_of_the_examples() -> None:
    assert unit_periods(date(1978, 2, 10), date(1978, 4, 1), MONTH) == (1, Fraction(19, 30))
    assert unit_periods(date(1978, 1, 31), date(1978, 2, 28), MONTH) == (1, Fraction(0))
    assert unit_periods(date(1978, 1, 3), date(1978, 1, 3), MONTH) == (0, Fraction(0))
    weeks = unit_periods(date(1978, 3, 20), date(1978, 4, 21), UnitPeriod.WEEK)
    assert weeks == (4, Fraction(4, 7))
    quarters = unit_periods(date(1978, 1, 10), date(1978, 7, 20), UnitPeriod.QUARTER)
    assert quarters == (2, Fraction(10, 90))
    halves = unit_periods(date(1978, 1, 10), date(1978, 2, 28), UnitPeriod.HALF_MONTH)
    assert halves == (3, Fraction(3, 15))


def test_dated_loans_agree_with_the_examples() -> None:
    level = [(day, -23_000) for day in monthly(date(1978, 2, 10), 24)]
    assert apr_of_dates([(date(1978, 1, 10), 500_000), *level], MONTH) == 96_900
    longer = [(day, -20_000) for day in monthly(date(1978, 4, 1), 36)]
    longer.append((date(1978, 2, 10), 600_000))
    assert apr_of_dates(longer, MONTH) == 118_200


def monthly(first: date, count: int) -> list[date]:
    month = first.year * 12 + first.month - 1
    return [date((month + n) // 12, (month + n) % 12 + 1, first.day) for n in range(count)]


@pytest.mark.parametrize(
    ("unit", "advances", "dues", "payment", "told"),
    [
        (  # (c)(1)(iii): 24 half months
            UnitPeriod.HALF_MONTH,
            [(date(1978, 2, 23), 500_000)],
            sorted(monthly(date(1978, 3, 1), 12) + monthly(date(1978, 3, 16), 12)),
            21_917,
            103_400,
        ),
        (  # (c)(1)(iv): 40 quarters
            UnitPeriod.QUARTER,
            [(date(1978, 5, 23), 1_000_000)],
            monthly(date(1978, 10, 1), 118)[::3],
            38_500,
            89_700,
        ),
        (  # (c)(1)(v): 30 weeks
            UnitPeriod.WEEK,
            [(date(1978, 3, 20), 50_000)],
            [date(1978, 4, 21) + timedelta(weeks=week) for week in range(30)],
            1_760,
            149_600,
        ),
        (  # (c)(4)(i): three advances, 240 months
            UnitPeriod.MONTH,
            [(day, 2_000_000) for day in (date(1979, 4, 10), date(1979, 6, 12), date(1979, 9, 18))],
            monthly(date(1979, 12, 10), 240),
            61_236,
            102_500,
        ),
    ],
)
def test_other_unit_periods_and_advances_agree_with_the_examples(
    unit: UnitPeriod, advances: list[tuple[date, int]], dues: list[date], payment: int, told: int
) -> None:
    assert apr_of_dates([*advances, *((day, -payment) for day in dues)], unit) == told


def test_one_advance_and_one_payment_agree_with_the_example() -> None:
    # appendix J (c)(5)(i): 1,000 for 255 days, 1,080 back: 11.45 %
    assert apr_of_one_payment(100_000, 108_000, date(1978, 1, 3), date(1978, 9, 15)) == 114_500
    # six whole months are half a year
    assert apr_of_one_payment(100_000, 105_000, date(2024, 1, 10), date(2024, 7, 10)) == 100_000
    with pytest.raises(OutOfRange, match="at most a year"):
        apr_of_one_payment(100_000, 105_000, date(2022, 1, 1), date(2024, 1, 9))


def test_effective_and_nominal_are_told_apart() -> None:
    by_month = effective_rate([Flow(0, 10_000), Flow(12, -11_200)], PerYear.MONTHS)
    by_year = effective_rate([Flow(0, 10_000), Flow(1, -11_200)], PerYear.YEARS)
    assert (by_month.effective, by_year.effective) == (120_000, 120_000)
    assert (by_month.nominal, by_year.nominal) == (113_866, 120_000)


def test_a_rate_on_the_very_limit_is_rounded_up() -> None:
    # 1,000.01 of interest on 240,000.00 for a month is 5.00005 % a year, half a millionth exactly
    found = effective_rate([Flow(0, 24_000_000), Flow(1, -24_100_001)], PerYear.MONTHS)
    assert found.nominal == 50_001
    # 5.005 % a year, half of a published place
    assert apr([Flow(0, 10_000_000), Flow(1, -10_500_500)], UnitPeriod.YEAR) == 50_100
    yearly = effective_rate([Flow(0, 2_000_000), Flow(1, -2_100_001)], PerYear.YEARS)
    assert yearly == (50_001, 50_001)


def test_the_comprehensive_cost_counts_fees() -> None:
    # 12,000 in twelve parts at a "monthly fee" of 0.5 %: 6 % of words, about 10.9 % in truth
    dues = [date(2024 + month // 12, month % 12 + 1, 15) for month in range(1, 13)]
    cost = annual_cost(
        [(date(2024, 1, 15), 1_200_000)], [(day, 106_000) for day in dues], PerYear.MONTHS
    )
    assert cost.charged == 72_000
    assert (cost.nominal, cost.effective) == (108_964, 114_574)
    kept_back = annual_cost(
        [(date(2024, 1, 15), 1_164_000)], [(day, 106_000) for day in dues], PerYear.MONTHS
    )
    assert kept_back.nominal > cost.nominal
    by_days = annual_cost(
        [(date(2024, 1, 15), 1_200_000)], [(day, 106_000) for day in dues], PerYear.DAYS
    )
    assert abs(by_days.effective - cost.effective) < 1_000


def test_dates_that_are_no_whole_months_apart_are_refused() -> None:
    with pytest.raises(NoRate, match="count by days"):
        annual_cost([(date(2024, 1, 15), 100)], [(date(2024, 2, 16), 101)], PerYear.MONTHS)
    end = annual_cost([(date(2024, 1, 31), 10_000)], [(date(2024, 2, 29), 10_100)], PerYear.MONTHS)
    assert end.nominal == 120_000


def test_a_loan_that_gives_more_than_it_takes_has_no_rate() -> None:
    with pytest.raises(NoRate):
        effective_rate([Flow(0, 1000), Flow(1, -999)], PerYear.MONTHS)
    assert effective_rate([Flow(0, 1000), Flow(1, -1000)], PerYear.MONTHS) == (0, 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(10_000, 360_000), st.integers(2, 60), st.integers(10**6, 10**9))
def test_a_schedule_costs_what_its_rate_says(rate: int, count: int, principal: int) -> None:
    terms = Terms(method=Method.EQUAL_INSTALMENT, day_count=DayCount.THIRTY_360_US)
    made = schedule(terms, period_dates("2024-01-01", count, Frequency.MONTHLY), principal, rate)
    flows = [Flow(0, principal)]
    flows += [Flow(time + 1, -int(paid)) for time, paid in enumerate(made.payment[0])]
    found = effective_rate(flows, PerYear.MONTHS)
    assert abs(found.nominal - rate) <= 60  # cents of rounding, on the smallest loans


def test_caps_warn_by_what_was_in_force() -> None:
    costs = [240_000, 240_001, 360_000, 360_001]
    assert cap_warnings(costs, "2025-01-01").tolist() == [
        CapWarning.NONE,
        CapWarning.ABOVE_PROTECTED,
        CapWarning.ABOVE_PROTECTED,
        CapWarning.ABOVE_LIMIT,
    ]
    with pytest.raises(OutOfRange, match="expected a date on or after"):
        cap_warnings(costs, "2015-01-01")


def test_four_times_the_prime_rate_follows_its_changes() -> None:
    days = ["2020-08-20", "2024-10-20", "2024-10-21", "2025-06-01"]
    assert lpr_cap(days).tolist() == [154_000, 134_000, 124_000, 120_000]
