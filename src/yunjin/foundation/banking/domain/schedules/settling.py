"""What ends or restarts a schedule: a payoff quote, full settlement, re-ageing."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import Days, Int64s, column, days
from yunjin.foundation.banking.domain.periods import checked
from yunjin.foundation.banking.domain.schedules.schedule import Schedule, schedule
from yunjin.foundation.banking.domain.schedules.terms import (
    NO_FLOWS,
    NO_RATES,
    Flows,
    Rates,
    Terms,
)
from yunjin.foundation.banking.errors import UnusableTerms


class Payoff(NamedTuple):
    """What settles loans in full on a date, provided that what fell due before was paid.

    period: int64[n], the period the date lies in (its instalment included, if it falls due then).
    principal, interest: int64[n], minor units.  schedule: as it is with the settlement in it.
    """

    period: Int64s
    principal: Int64s
    interest: Int64s
    schedule: Schedule


def payoff(
    terms: Terms,
    dates: ArrayLike,
    principal: ArrayLike,
    rate_ppm: ArrayLike,
    at: ArrayLike,
    *,
    rates: Rates = NO_RATES,
    flows: Flows = NO_FLOWS,
    fixed: ArrayLike | None = None,
) -> Payoff:
    """Return what settles each loan on a date, instalments due that day having been paid first.

    Parameters
    ----------
    at : datetime64[D][n], in [first date, last date).
    others : as in `schedule`; what would happen after `at` is left out.

    Raises: UnusableTerms (a date outside the loan), and what `schedule` raises.
    """
    table = checked(dates)
    loans = np.arange(len(table))
    when = np.broadcast_to(days(at), len(table))
    if ((when < table[:, 0]) | (when >= table[:, -1])).any():
        raise UnusableTerms("expected a date within the loan, was one before or after")
    until = flows.where(flows.date <= when[flows.loan])
    known = rates.where(rates.date <= when[rates.loan])
    planned = schedule(terms, table, principal, rate_ppm, rates=known, flows=until, fixed=fixed)
    period = (planned.start <= when[:, np.newaxis]).sum(axis=1) - 1
    opening = np.broadcast_to(column(principal), len(table))
    owed = np.where(period > 0, planned.balance[loans, np.maximum(period - 1, 0)], opening)
    inside = until.date >= planned.start[until.loan, period[until.loan]]
    owed = owed.astype(np.int64)
    np.add.at(owed, until.loan[inside], until.amount[inside])
    closing = Flows.of(loans, when, -owed, np.zeros(len(table), bool))
    ended = schedule(
        terms,
        table,
        principal,
        rate_ppm,
        rates=known,
        flows=until.and_then(closing),
        fixed=fixed,
    )
    is_after = np.arange(table.shape[1] - 1) >= period[:, np.newaxis]
    interest = np.where(is_after, ended.interest, 0).sum(axis=1)
    return Payoff(period, owed, interest, _closed(planned, period, when, owed, interest))


def re_age(
    terms: Terms,
    dates: ArrayLike,
    outstanding: ArrayLike,
    rate_ppm: ArrayLike,
    *,
    capitalised: ArrayLike = 0,
    spread: ArrayLike = 0,
) -> Schedule:
    """Return a new schedule for what is still owed, over new dates.

    Parameters
    ----------
    outstanding : int64[n], minor units of principal.
    capitalised : int64[n], overdue interest and fees that become principal and bear interest.
    spread : int64[n], overdue interest that is paid in equal parts, free of interest.

    Raises: what `schedule` raises.
    """
    total = column(outstanding) + column(capitalised)
    fresh = schedule(terms, dates, total, rate_ppm)
    count = fresh.interest.shape[1]
    extra = np.broadcast_to(column(spread), len(fresh.interest))[:, np.newaxis]
    parts = np.repeat(extra // count, count, axis=1)
    parts[:, -1:] += extra - count * parts[:, -1:]
    return replace(fresh, interest=fresh.interest + parts)


def _closed(
    planned: Schedule, period: Int64s, when: Days, principal: Int64s, interest: Int64s
) -> Schedule:
    """Return the schedule with the settlement as the last thing that falls due."""
    number = np.arange(planned.interest.shape[1])
    is_it, is_after = number == period[:, np.newaxis], number > period[:, np.newaxis]

    def put(values: Int64s, there: Int64s) -> Int64s:
        return np.where(is_it, there[:, np.newaxis], np.where(is_after, 0, values))

    return Schedule(
        start=planned.start,
        due=np.where(is_it, when[:, np.newaxis], planned.due),
        interest=put(planned.interest, interest),
        principal=put(planned.principal, principal),
        balance=np.where(is_it | is_after, 0, planned.balance),
    )
