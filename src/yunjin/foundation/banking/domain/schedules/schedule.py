"""Schedules: what falls due when, for one loan or a book of them in one call."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import Days, Int64s, column, frozen
from yunjin.foundation.banking.domain.periods import checked
from yunjin.foundation.banking.domain.schedules.instalments import level_instalment
from yunjin.foundation.banking.domain.schedules.terms import (
    NO_FLOWS,
    NO_RATES,
    Flows,
    LastInstalment,
    Method,
    Rates,
    Terms,
)
from yunjin.foundation.banking.domain.schedules.weights import weigh
from yunjin.foundation.banking.errors import MoreThanOwed, OutOfRange, UnusableTerms
from yunjin.foundation.banking.kernels import (
    DONE,
    MORE_THAN_OWED,
    PAYS_INTEREST,
    PAYS_PRINCIPAL,
    ROWS_MAX,
    SOLVES,
    TOO_LARGE,
    Paid,
    Rounds,
    Rows,
    amortise,
)
from yunjin.kernel import check
from yunjin.kernel.money import MINOR_MAX

_DEN_MAX: Final = 2**62


@dataclass(frozen=True, slots=True)
class Schedule:
    """What falls due, one row a loan, one column a period.

    Attributes
    ----------
    start, due : datetime64[D][n, k]; interest runs over [start, due).
    interest, principal : int64[n, k], minor units that fall due.
    balance : int64[n, k], principal owed after the payment.
    """

    start: Days
    due: Days
    interest: Int64s
    principal: Int64s
    balance: Int64s

    @property
    def payment(self) -> Int64s:
        """Interest and principal together, int64[n, k]."""
        return self.interest + self.principal

    @property
    def periods(self) -> Int64s:
        """How many periods each loan lasts, int64[n]: up to the last payment."""
        paid = self.payment != 0
        reversed_first = np.argmax(paid[:, ::-1], axis=1)
        return np.where(paid.any(axis=1), paid.shape[1] - reversed_first, 0)

    def one(self, loan: int = 0) -> "Schedule":
        """Return the schedule of one loan, still as a table of one row."""
        rows = slice(loan, loan + 1)
        return Schedule(
            self.start[rows],
            self.due[rows],
            self.interest[rows],
            self.principal[rows],
            self.balance[rows],
        )


def schedule(
    terms: Terms,
    dates: ArrayLike,
    principal: ArrayLike,
    rate_ppm: ArrayLike,
    *,
    rates: Rates = NO_RATES,
    flows: Flows = NO_FLOWS,
    fixed: ArrayLike | None = None,
) -> Schedule:
    """Return the schedules of loans under the same terms and of equally many periods.

    Parameters
    ----------
    dates : boundaries of the periods, of one loan (k + 1) or all (n, k + 1), ascending.
    principal : int64[n], minor units that go out at the beginning; 0 if flows bring all.
    rate_ppm : int64[n], ppm a year, from the beginning on.
    rates, flows : what happens later. On a due date the instalment is paid first, then it happens.
    fixed : int64[n, k], minor units, agreed odd payments (interest first); −1 where there is none.

    Returns a Schedule; the parts of the principal add up to the money that went out, always.

    Raises: UnusableTerms, MoreThanOwed (paid back early more than is owed), OutOfRange.
    """
    table = checked(dates)
    loans, periods = table.shape[0], table.shape[1] - 1
    terms.check(periods)
    if periods > ROWS_MAX:
        raise UnusableTerms(f"expected at most {ROWS_MAX} periods, was {periods}")
    opening = np.broadcast_to(column(principal), loans)
    if opening.size and (opening.min() < 0 or opening.max() > MINOR_MAX):
        raise OutOfRange(f"expected a principal of 0 to {MINOR_MAX}, was another")
    weights = weigh(terms, table, np.broadcast_to(column(rate_ppm), loans), rates, flows)
    if weights.den.size and weights.den.max() > _DEN_MAX // terms.unit:
        raise OutOfRange("expected shorter periods or smaller units, was too long for exactness")
    flags = _flags(terms, loans, periods)
    flags[weights.is_recast] |= SOLVES
    agreed = np.full((loans, periods), -1) if fixed is None else np.asarray(fixed, np.int64)
    rows = Rows(
        first=frozen(np.arange(loans + 1) * periods),
        opening=frozen(opening),
        weight=frozen(weights.weight),
        den=frozen(weights.den),
        share=frozen(weights.share),
        rate=frozen(weights.rate),
        flags=frozen(flags),
        fixed=frozen(np.broadcast_to(agreed, (loans, periods)).ravel()),
        level=np.full(loans * periods, -1),
        flow_first=frozen(weights.flow_first),
        flow_amount=frozen(weights.flow_amount),
        flow_weight=frozen(weights.flow_weight),
        begun=frozen(np.zeros((loans, 3), np.int64)),
    )
    paid = walk(terms, rows)
    shape = (loans, periods)
    return Schedule(
        start=table[:, :-1],
        due=table[:, 1:],
        interest=paid.interest.reshape(shape),
        principal=paid.principal.reshape(shape),
        balance=paid.balance.reshape(shape),
    )


def _flags(terms: Terms, loans: int, periods: int) -> Int64s:
    """Return what each row pays. Two methods are left: the others are grace until the last row."""
    is_bullet = terms.method is Method.BULLET
    no_principal = is_bullet or terms.method is Method.INTEREST_FIRST
    number = np.arange(periods)
    last = number == periods - 1
    principal = last | (number >= (periods if no_principal else terms.grace.principal))
    interest = last | (number >= (periods if is_bullet else terms.grace.interest))
    one = principal * PAYS_PRINCIPAL | interest * PAYS_INTEREST
    one[0] |= SOLVES
    return np.tile(one.astype(np.int64), loans)


def walk(terms: Terms, rows: Rows) -> Paid:
    """Run the loop; where it cannot prove an instalment, prove it here and go on from that loan."""
    rounds = Rounds(
        unit=terms.unit,
        interest=int(terms.interest_rounding),
        instalment=int(terms.instalment_rounding),
        is_equal_principal=terms.method is Method.EQUAL_PRINCIPAL,
        is_evened=terms.last is LastInstalment.EVENED,
        is_carried=terms.is_residue_carried,
    )
    paid = Paid(*(np.zeros(len(rows.weight), np.int64) for _ in Paid._fields))
    loan, status, row = amortise(rows, 0, rounds, paid)
    while status != DONE:
        if status == TOO_LARGE:
            raise OutOfRange(
                "expected at most 2^53 owed and 2^51 of interest in a period, was more",
                loan=int(loan),
            )
        if status == MORE_THAN_OWED:
            raise MoreThanOwed("expected at most what is owed, was more", loan=int(loan))
        check.that(rows.level[row] < 0, f"expected a proven instalment to be taken, was {status}")
        start, end = int(rows.first[loan]), int(rows.first[loan + 1])
        before = int(rows.opening[loan] if row == start else paid.balance[row - 1])
        rows.level[row] = level_instalment(
            rows, int(row), end, before, terms.unit, terms.instalment_rounding
        )
        loan, status, row = amortise(rows, loan, rounds, paid)
    return paid
