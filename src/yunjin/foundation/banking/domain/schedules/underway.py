"""The next payment of loans that are on their way, each at its own place in its own schedule.

What has happened since the last payment is told by the interest that grew, not by its history: a
loan of a product keeps a balance and an accrual, and the same loop says what falls due.
"""

from typing import Any, NamedTuple, Self

import numpy as np

from yunjin.foundation.banking.domain.columns import Bools, Days, Int64s, frozen
from yunjin.foundation.banking.domain.daycount import DENOMINATOR, fraction_within, year_fraction
from yunjin.foundation.banking.domain.schedules.schedule import walk
from yunjin.foundation.banking.domain.schedules.terms import Method, Terms
from yunjin.foundation.banking.kernels import E8, PAYS_INTEREST, PAYS_PRINCIPAL, PPM, SOLVES, Rows

_LOW: int = 2**30  # accrued interest goes into the loop in two parts of at most 33 bits


class Underway(NamedTuple):
    """Loans at a place in their schedules; a row each.

    dates: datetime64[D][n, k + 1], where the period in progress and the ones after it begin.
    left: int64[n], 1 to k: periods until the end, this one included.
    number: int64[n], payments that fell due already.
    balance: int64[n], minor, owed now.  rate: int64[n], ppm a year.
    accrued: int64[n], 10⁻⁸ minor, interest of this period up to `until`.
    until: datetime64[D][n], where `accrued` ends; the rest of the period is reckoned from there.
    unpaid: int64[n], minor: interest owed from before that bears none.
    level: int64[n], minor, in force; solved anew where `solves` (bool[n]).
    no_principal, no_interest, free: int64[n], periods of grace, counted from the loan's first.
    """

    dates: Days
    left: Int64s
    number: Int64s
    balance: Int64s
    rate: Int64s
    accrued: Int64s
    until: Days
    unpaid: Int64s
    level: Int64s
    solves: Bools
    no_principal: Int64s
    no_interest: Int64s
    free: Int64s

    def where(self, rows: Int64s) -> Self:
        """Return some of the loans."""
        columns: list[Any] = [column[rows] for column in self]
        return type(self)(*columns)


class Next(NamedTuple):
    """What falls due at the end of the period, int64[n] minor, and the level then in force.

    is_level: bool[n], whether principal fell due in a level payment, so that `level` holds on.
    """

    interest: Int64s
    principal: Int64s
    level: Int64s
    is_level: Bools


def next_payment(terms: Terms, loans: Underway) -> Next:
    """Return what the period in progress comes to, by the rules of `schedule`.

    terms : their grace is left aside, since every loan has its own.

    Raises: OutOfRange.
    """
    count = len(loans.balance)
    no_principal = terms.method in (Method.BULLET, Method.INTEREST_FIRST)
    pays = (loans.number >= loans.no_principal) & (not no_principal) & (loans.left > 1)
    # where the level stands, what comes after this payment does not matter: one row stands for it
    size = np.where(loans.solves & pays, loans.left, np.minimum(loans.left, 2)).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(size)])
    loan = np.repeat(np.arange(count), size)
    step = np.arange(first[-1]) - first[loan]
    number, is_last = loans.number[loan] + step, step == size[loan] - 1
    start, end = loans.dates[loan, step], loans.dates[loan, step + 1]
    den = np.full(len(loan), DENOMINATOR[terms.day_count] * PPM)
    share = np.array(year_fraction(terms.day_count, start, end).numerator)
    head = first[:-1]
    den[head] = DENOMINATOR[terms.day_count] * E8
    begin = np.minimum(loans.until, end[head])
    ahead = fraction_within(terms.day_count, start[head], begin, end[head]).numerator
    share[head] = ahead * (E8 // PPM)
    share[number < loans.free[loan]] = 0
    flags = np.where(is_last | ((number >= loans.no_principal[loan]) & (not no_principal)), 1, 0)
    flags *= PAYS_PRINCIPAL
    interest_due = is_last | ((number >= loans.no_interest[loan]) & (terms.method != Method.BULLET))
    flags |= np.where(interest_due, PAYS_INTEREST, 0) | np.where(loans.solves[loan], SOLVES, 0)
    flags[step > 0] &= ~SOLVES
    was_put_off = loans.number == loans.no_interest  # the first payment after it takes it whole
    begun = [loans.level, np.where(was_put_off, 0, loans.unpaid), was_put_off * loans.unpaid]
    flow_first, amount, weight = _accrued(loans, head, len(loan), DENOMINATOR[terms.day_count])
    rows = Rows(
        first=frozen(first),
        opening=frozen(loans.balance),
        weight=frozen(share * loans.rate[loan]),
        den=frozen(den),
        share=frozen(share),
        rate=frozen(loans.rate[loan]),
        flags=frozen(flags),
        fixed=frozen(np.full(len(loan), -1)),
        level=np.full(len(loan), -1),
        flow_first=frozen(flow_first),
        flow_amount=frozen(amount),
        flow_weight=frozen(weight),
        begun=frozen(np.stack(begun, axis=1)),
    )
    paid = walk(terms, rows)
    return Next(paid.interest[head], paid.principal[head], paid.level[head], pays)


def _accrued(loans: Underway, head: Int64s, rows: int, year: int) -> tuple[Int64s, Int64s, Int64s]:
    """Return flows that bear what has accrued and leave the balance as it is."""
    high, low = loans.accrued // _LOW, loans.accrued % _LOW
    amount = np.stack([high, low, -high - low], axis=1).ravel()
    weight = np.tile(np.array([year * _LOW, year, 0], np.int64), len(head))
    flow_first = np.zeros(rows + 1, np.int64)
    flow_first[head + 1] = 3
    return np.cumsum(flow_first), amount, weight
