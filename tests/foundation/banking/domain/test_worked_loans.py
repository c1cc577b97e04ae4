"""Goal: schedules agree to the cent with worked cases that others have published.

Method: the cases of the shared data set (loans/worked.json), and more of the same kinds, told as
tables. Facts of the tables: apache/fineract (Apache-2.0), ProgressiveEMICalculatorTest, read as
numbers. Its rate changes hold from the day before the named date on; here that day is named.
"""

import json
from datetime import date
from typing import Any

import numpy as np
import pytest

from tests.data import shared_data
from yunjin.foundation.banking.domain import (
    NO_RATES,
    DayCount,
    Flows,
    Frequency,
    Grace,
    LastInstalment,
    Method,
    PartPeriod,
    Rates,
    Recast,
    Rounding,
    Schedule,
    Terms,
    period_dates,
    round_to,
    schedule,
)
from yunjin.kernel.money import format_minor, parse_minor

LEVEL = Method.EQUAL_INSTALMENT
MONTHS = period_dates("2024-01-01", 6, Frequency.MONTHLY)


def worked(name: str) -> dict[str, Any]:
    """Return a case of the shared data."""
    cases = json.loads(shared_data("loans/worked.json").read_text(encoding="utf-8"))["cases"]
    [found] = [case for case in cases if case["id"] == name]
    return dict(found)


def minor(text: str) -> int:
    return parse_minor(text, "CNY")


def table(made: Schedule) -> str:
    """Tell a schedule as its payments, interest, principal and balance."""
    columns = (made.payment, made.interest, made.principal, made.balance)
    rows = zip(*(values[0].tolist() for values in columns), strict=True)
    return "\n".join(" ".join(format_minor(value, "CNY") for value in row) for row in rows)


def expected(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def of_case(case: dict[str, Any]) -> str:
    fields = ("payment", "interest", "principal", "balance")
    return "\n".join(" ".join(row[field] for field in fields) for row in case["expected"])


@pytest.mark.parametrize(
    ("name", "day_count"),
    [
        ("fineract-30-360-emi", DayCount.THIRTY_360_US),
        ("fineract-act-365-emi", DayCount.ACT_365F),
        ("fineract-two-disbursements", DayCount.THIRTY_360_US),
        ("fineract-odd-first-period", DayCount.THIRTY_360_US),
    ],
)
@pytest.mark.parametrize("last", LastInstalment)
def test_the_shared_equal_instalments_agree(
    name: str, day_count: DayCount, last: LastInstalment
) -> None:
    case = worked(name)
    given = case["params"]
    terms = Terms(
        method=LEVEL, day_count=day_count, part_period=PartPeriod.BY_ACTUAL_DAYS, last=last
    )
    moves = given.get("disbursements") or [
        [given.get("disbursed", given["dates"][0]), given["principal"]]
    ]
    dates, amounts = zip(*moves, strict=True)
    flows = Flows.of(0, list(dates), [minor(text) for text in amounts], Recast.INSTALMENT)
    rate = round(float(given["annual_rate_pct"]) * 10_000)
    assert table(schedule(terms, given["dates"], 0, rate, flows=flows)) == of_case(case)


def test_equal_principal_with_grace_in_hundreds_agrees() -> None:
    case = worked("fineract-equal-principal-grace")
    terms = Terms(
        method=Method.EQUAL_PRINCIPAL,
        day_count=DayCount.THIRTY_360_US,
        unit=case["params"]["round_to"],
        grace=Grace(principal=case["params"]["principal_grace"]),
    )
    dates = period_dates(case["params"]["start"], case["params"]["n"], Frequency.MONTHLY)
    made = schedule(terms, dates, int(case["params"]["principal"]), 240_000)
    for period, row in case["expected"].items():
        seen = {"principal": made.principal, "interest": made.interest}
        assert {key: str(seen[key][0, int(period) - 1]) for key in row} == row


def test_an_unrounded_annuity_agrees_when_it_is_shown() -> None:
    case = worked("npf-2500-824")
    fine = 10**6  # computed in millionths of a cent, rounded for display only
    terms = Terms(method=LEVEL, day_count=DayCount.THIRTY_360_US)
    dates = period_dates("2024-01-01", 12, Frequency.MONTHLY)
    made = schedule(terms, dates, minor(case["params"]["principal"]) * fine, 82_400)

    def shown(values: Any) -> list[str]:
        whole, _ = round_to(values.ravel(), fine, Rounding.HALF_EVEN)
        return [format_minor(int(value), "CNY") for value in whole // fine]

    columns = {"principal": made.principal, "interest": made.interest, "balance": made.balance}
    for key, values in columns.items():
        assert shown(values) == [row[key] for row in case["expected"]]
    assert shown(made.interest.sum()[np.newaxis]) == ["112.98"]


def test_thirty_years_of_equal_principal_agree() -> None:
    case = worked("cn-630k-30y-49-ep")
    terms = Terms(method=Method.EQUAL_PRINCIPAL, day_count=DayCount.THIRTY_360_US)
    dates = period_dates("2020-06-15", 360, Frequency.MONTHLY)
    made = schedule(terms, dates, 63_000_000, 49_000)
    paid = made.payment[0]
    told = {
        "first_payment": paid[0],
        "monthly_decrement": paid[0] - paid[1],
        "total": paid.sum(),
        "total_interest": made.interest.sum(),
    }
    assert {key: format_minor(int(value), "CNY") for key, value in told.items()} == case["expected"]


WEEKLY = """
    16.77 0.18 16.59 83.41
    16.77 0.15 16.62 66.79
    16.77 0.12 16.65 50.14
    16.77 0.09 16.68 33.46
    16.77 0.06 16.71 16.75
    16.78 0.03 16.75 0.00
"""
TWO_WEEKLY = """
    33.57 0.36 33.21 66.79
    33.57 0.24 33.33 33.46
    33.58 0.12 33.46 0.00
"""
TWO_WEEKLY_REST = """
    33.58 0.36 33.22 66.78
    33.58 0.24 33.34 33.44
    33.56 0.12 33.44 0.00
"""
FIFTEEN_DAYS = """
    16.90 0.40 16.50 83.50
    16.90 0.33 16.57 66.93
    16.90 0.26 16.64 50.29
    16.90 0.20 16.70 33.59
    16.90 0.13 16.77 16.82
    16.89 0.07 16.82 0.00
"""
ACTUAL_ACTUAL = """
    17.13 0.80 16.33 83.67
    17.13 0.67 16.46 67.21
    17.13 0.50 16.63 50.58
    17.13 0.41 16.72 33.86
    17.13 0.26 16.87 16.99
    17.13 0.14 16.99 0.00
"""
FIFTEEN = np.datetime64("2024-01-01") + 15 * np.arange(7)
# the published case counts 29, 31, 30 days … from the 12th, of uneven periods' lengths
FROM_THE_TWELFTH = period_dates("2023-12-12", 6, Frequency.MONTHLY)


@pytest.mark.parametrize(
    ("day_count", "dates", "told"),
    [
        (DayCount.ACT_364, period_dates("2024-01-01", 6, Frequency.WEEKLY), WEEKLY),
        (DayCount.ACT_364, period_dates("2024-01-01", 3, Frequency.TWO_WEEKLY), TWO_WEEKLY),
        (DayCount.ACT_360, FIFTEEN, FIFTEEN_DAYS),
        (DayCount.ACT_ACT_ISDA, FROM_THE_TWELFTH, ACTUAL_ACTUAL),
    ],
)
def test_other_periods_and_day_counts_agree(day_count: DayCount, dates: Any, told: str) -> None:
    made = schedule(Terms(method=LEVEL, day_count=day_count), dates, 10_000, 94_822)
    assert table(made) == expected(told)


def test_the_plain_last_instalment_takes_the_rest() -> None:
    terms = Terms(method=LEVEL, day_count=DayCount.ACT_364, last=LastInstalment.REST)
    made = schedule(terms, period_dates("2024-01-01", 3, Frequency.TWO_WEEKLY), 10_000, 94_822)
    assert table(made) == expected(TWO_WEEKLY_REST)


def test_without_interest_equal_parts_are_paid() -> None:
    terms = Terms(method=LEVEL, day_count=DayCount.ACT_ACT_ISDA)
    made = schedule(terms, MONTHS[:5], 100_000, 0)
    assert table(made) == expected(
        """
        250.00 0.00 250.00 750.00
        250.00 0.00 250.00 500.00
        250.00 0.00 250.00 250.00
        250.00 0.00 250.00 0.00
        """
    )


ON_A_DUE_DATE = """
    17.01 0.58 16.43 83.57
    16.88 0.28 16.60 66.97
    16.88 0.22 16.66 50.31
    16.88 0.17 16.71 33.60
    16.88 0.11 16.77 16.83
    16.89 0.06 16.83 0.00
"""
INSIDE_A_PERIOD = """
    17.01 0.58 16.43 83.57
    16.90 0.37 16.53 67.04
    16.90 0.22 16.68 50.36
    16.90 0.17 16.73 33.63
    16.90 0.11 16.79 16.84
    16.90 0.06 16.84 0.00
"""
BY_DAYS = Terms(
    method=LEVEL, day_count=DayCount.THIRTY_360_US, part_period=PartPeriod.BY_ACTUAL_DAYS
)


@pytest.mark.parametrize(
    ("since", "told"), [("2024-02-01", ON_A_DUE_DATE), ("2024-02-14", INSIDE_A_PERIOD)]
)
def test_a_change_of_rate_agrees(since: str, told: str) -> None:
    changed = Rates.of(0, since, 40_000, Recast.INSTALMENT)
    assert table(schedule(BY_DAYS, MONTHS, 10_000, 70_000, rates=changed)) == expected(told)


def test_a_second_draw_on_a_due_date_agrees() -> None:
    drawn = Flows.of(0, "2024-03-01", 10_000, Recast.INSTALMENT)
    made = schedule(BY_DAYS, MONTHS, 10_000, 94_822, flows=drawn)
    assert table(made) == expected(
        """
        17.13 0.79 16.34 83.66
        17.13 0.66 16.47 67.19
        42.63 1.32 41.31 125.88
        42.63 0.99 41.64 84.24
        42.63 0.67 41.96 42.28
        42.61 0.33 42.28 0.00
        """
    )


def test_three_draws_in_the_first_period_agree() -> None:
    days = ["2024-01-05", "2024-01-08", "2024-01-08"]
    drawn = Flows.of(0, days, [10_000, 5_000, 2_500], Recast.INSTALMENT)
    made = schedule(BY_DAYS, MONTHS, 0, 94_822, rates=NO_RATES, flows=drawn)
    assert table(made) == expected(
        """
        29.94 1.15 28.79 146.21
        29.94 1.16 28.78 117.43
        29.94 0.93 29.01 88.42
        29.94 0.70 29.24 59.18
        29.94 0.47 29.47 29.71
        29.94 0.23 29.71 0.00
        """
    )


@pytest.mark.parametrize(
    ("method", "told"),
    [
        (Method.INTEREST_FIRST, [(100, 0), (100, 0), (100, 12_000)]),
        (Method.BULLET, [(0, 0), (0, 0), (300, 12_000)]),
    ],
)
def test_interest_first_and_bullet_pay_the_principal_at_the_end(
    method: Method, told: list[tuple[int, int]]
) -> None:
    terms = Terms(method=method, day_count=DayCount.THIRTY_360_US)
    made = schedule(terms, [date(2024, month, 1) for month in (1, 2, 3, 4)], 12_000, 100_000)
    assert list(zip(made.interest[0].tolist(), made.principal[0].tolist(), strict=True)) == told
