"""`bench simulate`: ten years of a loan, day by day, paid each month; CPU time, the middle of many.

The machine is shared, so that the time of the process counts and not that of the wall.
"""

import datetime as dt
import time
from typing import Any

import numpy as np

from benchmarks.measuring import middle
from benchmarks.running import run
from yunjin.foundation.banking.domain.products.loading import load
from yunjin.foundation.banking.domain.products.simulation import Entry, Simulated, simulate
from yunjin.foundation.banking.service.registry import shipped

TERM, LOANS = 120, 100
TERMS = {"amount": 100_000_000, "rate": 42_000, "term": TERM}
START, END = dt.date(2026, 1, 15), dt.date(2036, 1, 16)


def simulation(quick: bool) -> dict[str, Any]:
    """Run one loan that is not paid, one that is, and a hundred together."""
    turns = 3 if quick else 15
    product = load(shipped()["instalment-loan"], is_tried=False).product
    first: Any = np.datetime64("2026-01")
    paid = [
        Entry(date=np.datetime64(first + month, "D") + 14, amount_minor=1_030_000)
        for month in range(1, TERM + 1)
    ]

    def milliseconds(loans: int, events: list[Entry]) -> float:
        def once() -> Simulated:
            terms = [TERMS] * loans
            return simulate(product, terms, start=START, end=END, events=events)

        once()
        spent = []
        for _ in range(turns):
            start = time.process_time_ns()
            once()
            spent.append((time.process_time_ns() - start) / 1e6)
        return middle(spent)

    return {
        "ms": milliseconds(1, []),
        "ms_paid_monthly": milliseconds(1, paid),
        "ms_a_loan_of_100": milliseconds(LOANS, []) / LOANS,
        "days": (END - START).days,
    }


if __name__ == "__main__":
    run("simulate", simulation)
