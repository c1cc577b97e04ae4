"""From dates, rates and events to the rows that the loop walks over.

A row's interest is a balance times `weight` / `den`: rate (ppm a year) times the year fraction. A
change of rate or a flow inside a period cuts the period into parts; all cuts of all loans are
sorted once, and every part's weight comes out of columns.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from yunjin.foundation.banking.domain.accrual import RATE_MAX
from yunjin.foundation.banking.domain.columns import Bools, Days, Int64s
from yunjin.foundation.banking.domain.daycount import DENOMINATOR, fraction_within, year_fraction
from yunjin.foundation.banking.domain.schedules.terms import Flows, PartPeriod, Rates, Terms
from yunjin.foundation.banking.errors import OutOfRange, UnusableTerms
from yunjin.foundation.banking.kernels import PPM

PERIOD_DAYS_MAX: Final = 36_525  # a century: every weight fits 63 bits
_FREE: Final = np.int64(0)
_PERIOD, _RATE, _FLOW = 0, 1, 2  # what a cut is; at one date in this order


@dataclass(frozen=True, slots=True)
class Weights:
    """Columns of rows and of flows, as `kernels.Rows` wants them."""

    weight: Int64s
    den: Int64s
    share: Int64s
    rate: Int64s
    is_recast: Bools
    flow_first: Int64s
    flow_amount: Int64s
    flow_weight: Int64s


def weigh(terms: Terms, dates: Days, rate: Int64s, rates: Rates, flows: Flows) -> Weights:
    """Return the weights of all rows of loans of equally many periods.

    dates: datetime64[D][n, k + 1], ascending.  rate: int64[n], ppm a year, from the start on.

    Raises: UnusableTerms (an event outside of its loan's dates), OutOfRange (a rate).
    """
    for column in (rate, rates.rate):
        if column.size and not (column.min() >= 0 and column.max() <= RATE_MAX):
            raise OutOfRange(f"expected a rate of 0 to {RATE_MAX} ppm, was another")
    if (np.diff(dates, axis=1) > np.timedelta64(PERIOD_DAYS_MAX, "D")).any():
        raise UnusableTerms(f"expected periods of at most {PERIOD_DAYS_MAX} days, was a longer one")
    loans, periods = dates.shape[0], dates.shape[1] - 1
    den = np.full((loans, periods), DENOMINATOR[terms.day_count] * PPM, np.int64)
    is_cut = len(rates.loan) + len(flows.loan) > 0
    if terms.part_period is PartPeriod.BY_ACTUAL_DAYS and is_cut:
        den *= np.maximum(np.diff(dates, axis=1).astype(np.int64), 1)
    share = np.array(
        _parts(terms, dates[:, :-1], dates[:, 1:], dates[:, :-1], dates[:, 1:], is_cut)
    )
    share[:, : terms.grace.free] = _FREE
    share = share.ravel()
    if is_cut:
        weighed = _cut(terms, dates, rate, rates, flows, den.ravel(), share)
    else:
        rate = np.repeat(rate, periods)
        nothing = np.empty(0, np.int64)
        is_recast = np.zeros(loans * periods, bool)
        first = np.zeros(loans * periods + 1, np.int64)
        weighed = Weights(
            share * rate, den.ravel(), share, rate, is_recast, first, nothing, nothing
        )
    if weighed.weight.size and weighed.weight.min() < 0:
        raise UnusableTerms("expected days that count ≥ 0, was fewer")
    return weighed


def _cut(
    terms: Terms,
    dates: Days,
    rate: Int64s,
    rates: Rates,
    flows: Flows,
    den: Int64s,
    share: Int64s,
) -> Weights:
    loans, periods = dates.shape[0], dates.shape[1] - 1
    _inside(dates, rates.loan, rates.date)
    _inside(dates, flows.loan, flows.date)
    starts, ends = dates[:, :-1].ravel(), dates[:, 1:].ravel()
    rows = loans * periods
    loan = np.concatenate([np.repeat(np.arange(loans), periods), rates.loan, flows.loan])
    day = np.concatenate([starts, rates.date, flows.date])
    kind = np.repeat([_PERIOD, _RATE, _FLOW], [rows, len(rates.loan), len(flows.loan)])
    value = np.concatenate([np.repeat(rate, periods), rates.rate, flows.amount])
    recasts = np.concatenate([np.zeros(rows, bool), rates.is_recast, flows.is_recast])
    order = np.lexsort((kind, day, loan))
    loan, day, kind, value, recasts = (c[order] for c in (loan, day, kind, value, recasts))
    row = np.cumsum(kind == _PERIOD) - 1

    # the rate that holds from each cut on: carried forward from the loan's beginning
    sets_rate = (kind == _RATE) | ((kind == _PERIOD) & (row % periods == 0))
    last_set = np.maximum.accumulate(np.where(sets_rate, np.arange(len(kind)), 0))
    until = np.where(np.append(row[1:], rows) == row, np.append(day[1:], day[-1:]), ends[row])
    in_force = value[last_set]
    part = _parts(terms, starts[row], ends[row], day, until, True) * in_force
    part[row % periods < terms.grace.free] = _FREE

    begins = np.flatnonzero(kind == _PERIOD)
    weight = np.add.reduceat(part, begins)
    before = np.cumsum(part) - part  # may wrap around; differences inside a row do not
    rest = weight[row] - (before - before[begins][row])
    is_flow = kind == _FLOW
    is_recast = np.zeros(rows, bool)
    is_recast[row[recasts]] = True
    flow_first = np.searchsorted(row[is_flow], np.arange(rows + 1)).astype(np.int64)
    final = in_force[np.append(begins[1:], len(kind)) - 1]
    return Weights(weight, den, share, final, is_recast, flow_first, value[is_flow], rest[is_flow])


def _parts(terms: Terms, starts: Days, ends: Days, begin: Days, end: Days, is_cut: bool) -> Int64s:
    """Return the numerators of parts of periods, over the rows' denominators."""
    if terms.part_period is PartPeriod.BY_DAY_COUNT or not is_cut:
        return fraction_within(terms.day_count, starts, begin, end).numerator
    whole = year_fraction(terms.day_count, starts, ends).numerator
    return np.asarray(whole * (end - begin).astype(np.int64))


def _inside(dates: Days, loan: Int64s, date: Days) -> None:
    if not len(loan):
        return
    if not (loan.min() >= 0 and loan.max() < len(dates)):
        raise UnusableTerms(f"expected events of loans 0 to {len(dates) - 1}, was another")
    outside = (date < dates[loan, 0]) | (date >= dates[loan, -1])
    if outside.any():
        at = int(np.flatnonzero(outside)[0])
        first, last = dates[loan[at], 0], dates[loan[at], -1]
        raise UnusableTerms(
            f"expected an event on or after {first} and before {last}, was {date[at]}",
            loan=int(loan[at]),
            date=str(date[at]),
        )
