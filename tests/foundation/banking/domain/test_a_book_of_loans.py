"""Goal: a whole book agrees with an independent calculation. Method: 10,000 loans from a seed, of
all methods and day counts, one call for each; every row held against oracle.py.
"""

from itertools import product

import numpy as np
import pytest

from tests.foundation.banking.domain import oracle
from yunjin.foundation.banking.domain import (
    DayCount,
    Flows,
    Frequency,
    Method,
    Recast,
    Terms,
    period_dates,
    schedule,
)

SEED = 20_261_124
LOANS = 10_000


@pytest.mark.slow
@pytest.mark.parametrize(("method", "day_count"), list(product(Method, DayCount)))
def test_a_book_with_interest_agrees_with_the_slow_calculation(
    method: Method, day_count: DayCount
) -> None:
    random = np.random.default_rng([SEED, *map(ord, method + day_count)])
    count = LOANS // (len(Method) * len(DayCount)) + 1
    starts = np.datetime64("2021-01-01") + random.integers(0, 1500, count)
    dates = period_dates(starts, 24, Frequency.MONTHLY)
    owed = np.exp(random.uniform(7, 20, count)).astype(np.int64)
    rates = random.integers(1_000, 240_000, count)
    days = dates[:, 0] + random.integers(0, 700, count)
    draws = owed // random.integers(2, 9, count)
    terms = Terms(method=method, day_count=day_count)
    flows = Flows.of(np.arange(count), days, draws, Recast.INSTALMENT)
    made = schedule(terms, dates, owed, rates, flows=flows)
    for row in range(count):
        loan = oracle.Loan(
            terms=terms,
            dates=dates[row].astype(object).tolist(),
            principal=int(owed[row]),
            rate=int(rates[row]),
            flows=[(days[row].astype(object), int(draws[row]), True)],
        )
        ours = zip(made.interest[row].tolist(), made.principal[row].tolist(), strict=True)
        assert list(ours) == oracle.schedule(loan), f"loan {row} of seed {SEED}"
