"""Goal: a payoff quote settles a loan to the unit. Method: published cases, and the books' sum.

The quote of 2024-02-15 is apache/fineract's test_payoff_on0215 (Apache-2.0), read as numbers.
"""

import numpy as np
import pytest

from yunjin.foundation.banking.domain import (
    DayCount,
    Flows,
    Frequency,
    Method,
    PartPeriod,
    Recast,
    Terms,
    UnusableTerms,
    payoff,
    period_dates,
    re_age,
    schedule,
)

TERMS = Terms(
    method=Method.EQUAL_INSTALMENT,
    day_count=DayCount.THIRTY_360_US,
    part_period=PartPeriod.BY_ACTUAL_DAYS,
)
DATES = period_dates("2024-01-01", 6, Frequency.MONTHLY)


def test_a_quote_inside_a_period_asks_for_principal_and_interest_to_the_day() -> None:
    quote = payoff(TERMS, DATES, 10_000, 70_000, "2024-02-15")
    assert (quote.period.tolist(), quote.principal.tolist()) == ([1], [8357])
    assert quote.interest.tolist() == [24]
    settled = quote.schedule
    assert settled.due[0, 1] == np.datetime64("2024-02-15")
    assert settled.payment[0].tolist() == [1701, 8381, 0, 0, 0, 0]
    assert settled.principal.sum() == 10_000


def test_on_a_due_date_the_instalment_is_paid_first_and_no_interest_is_left() -> None:
    planned = schedule(TERMS, DATES, 10_000, 70_000)
    for period, due in enumerate(planned.due[0, :-1]):
        quote = payoff(TERMS, DATES, 10_000, 70_000, due)
        assert quote.principal.tolist() == [planned.balance[0, period]]
        assert quote.interest.tolist() == [0]


def test_on_the_first_day_the_loan_goes_back_whole() -> None:
    quote = payoff(TERMS, DATES, 10_000, 70_000, "2024-01-01")
    assert (quote.principal.tolist(), quote.interest.tolist()) == ([10_000], [0])


def test_interest_put_off_is_part_of_the_quote() -> None:
    bullet = Terms(method=Method.BULLET, day_count=DayCount.ACT_365F)
    quote = payoff(bullet, DATES, 1_000_000, 73_000, "2024-03-11")
    assert quote.interest.tolist() == [6200 + 5800 + 2000]  # 31, 29 and 10 days of 200 a day


def test_a_book_is_quoted_in_one_call_with_draws_before_and_after() -> None:
    draws = Flows.of([0, 1, 1], ["2024-02-10", "2024-02-20", "2024-01-10"], 500, Recast.INSTALMENT)
    days = ["2024-02-15", "2024-02-15"]
    quote = payoff(TERMS, np.tile(DATES, (2, 1)), [10_000, 20_000], 0, days, flows=draws)
    assert quote.principal.tolist() == [8833, 17_083]
    # 10000 − 1667 + 500; 20500 − 3417, the draw of the 20th being left out


def test_a_date_outside_of_the_loan_is_refused() -> None:
    for day in ("2023-12-31", "2024-07-01"):
        with pytest.raises(UnusableTerms, match="expected a date within the loan"):
            payoff(TERMS, DATES, 10_000, 70_000, day)


def test_re_ageing_spreads_overdue_interest_and_capitalises_the_rest() -> None:
    later = period_dates("2024-05-10", 4, Frequency.MONTHLY)
    made = re_age(TERMS, later, 6_000, 0, capitalised=400, spread=103)
    assert made.principal.tolist() == [[1600, 1600, 1600, 1600]]
    assert made.interest.tolist() == [[25, 25, 25, 28]]
