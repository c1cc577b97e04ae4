"""What a loan's schedule is made from: its terms, and what happens to it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import Bools, Days, Int64s, column, days
from yunjin.foundation.banking.domain.daycount import DayCount
from yunjin.foundation.banking.domain.rounding import Rounding
from yunjin.foundation.banking.errors import UnusableTerms

UNIT_MAX: Final = 1_000_000


class Method(StrEnum):
    """How a loan is paid back."""

    EQUAL_INSTALMENT = "equal instalment"  # 等额本息
    EQUAL_PRINCIPAL = "equal principal"  # 等额本金
    INTEREST_FIRST = "interest first"  # 先息后本
    BULLET = "bullet"  # 到期一次还本付息


class LastInstalment(StrEnum):
    """What becomes of the units that rounding leaves over (ADR 0017)."""

    REST = "rest"  # the last instalment takes them: 33.58, 33.58, 33.56
    EVENED = (
        "evened"  # the instalment moves if that makes the last differ less: 33.57, 33.57, 33.58
    )


class PartPeriod(StrEnum):
    """How interest of a part of a period is measured."""

    BY_DAY_COUNT = "by day count"  # the day count between the two dates
    BY_ACTUAL_DAYS = "by actual days"  # the whole period's interest, shared out by its days


class Recast(StrEnum):
    """What a change does to the instalments that follow."""

    INSTALMENT = "instalment"  # solved anew; the term stays
    TERM = "term"  # the instalment stays; the loan ends sooner or the last is larger


class Grace(NamedTuple):
    """Periods at the beginning, counted from the first, in which something is not asked for."""

    principal: int = 0  # periods without principal
    interest: int = 0  # periods whose interest is put off, free of interest, to the next payment
    free: int = 0  # periods that bear no interest


NO_GRACE: Final = Grace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the schedules of one product are computed; nothing here belongs to one loan only.

    Attributes
    ----------
    unit : minor units that interest, principal and instalments are multiples of.
    interest_rounding, instalment_rounding : of each; the level principal counts as instalment.
    is_residue_carried : what rounding a period's interest left over is added to the next period's.
    """

    method: Method
    day_count: DayCount
    interest_rounding: Rounding = Rounding.HALF_EVEN
    instalment_rounding: Rounding = Rounding.HALF_EVEN
    unit: int = 1
    last: LastInstalment = LastInstalment.EVENED
    part_period: PartPeriod = PartPeriod.BY_DAY_COUNT
    grace: Grace = NO_GRACE
    is_residue_carried: bool = False

    def check(self, periods: int) -> None:
        """Refuse terms that cannot be kept over so many periods.

        Raises: UnusableTerms.
        """
        if not 1 <= self.unit <= UNIT_MAX:
            raise UnusableTerms(f"expected units of 1 to {UNIT_MAX}, was {self.unit}")
        if min(self.grace) < 0 or max(self.grace) > periods:
            raise UnusableTerms(f"expected a grace of 0 to {periods} periods, was {self.grace}")
        if self.grace.principal == periods and self.method is not Method.BULLET:
            raise UnusableTerms(f"expected a grace shorter than {periods} periods, was as long")
        if self.method is Method.EQUAL_INSTALMENT and self.grace.interest > self.grace.principal:
            raise UnusableTerms(
                "expected interest to be put off only while no principal is due, was longer: "
                f"{self.grace}"
            )


class Flows(NamedTuple):
    """Money that moves outside of the instalments: drawn (> 0) or paid back early (< 0).

    Rows are events of any loan: loan int64[m] (row of the book), date datetime64[D][m],
    amount int64[m] minor units, is_recast bool[m]: whether the instalment is solved anew.
    """

    loan: Int64s
    date: Days
    amount: Int64s
    is_recast: Bools

    @classmethod
    def of(
        cls, loan: ArrayLike, date: ArrayLike, amount: ArrayLike, recast: Recast | ArrayLike
    ) -> Self:
        """Return flows; single values stand for all rows."""
        is_recast = recast is Recast.INSTALMENT if isinstance(recast, Recast) else recast
        rows = np.broadcast_arrays(column(loan), days(date), column(amount), is_recast)
        return cls(*rows)

    def where(self, is_kept: Bools) -> "Flows":
        """Return some of the flows."""
        loan, date, amount, is_recast = self
        return Flows(loan[is_kept], date[is_kept], amount[is_kept], is_recast[is_kept])

    def and_then(self, other: "Flows") -> "Flows":
        """Return these flows and others."""
        return Flows(
            np.concatenate([self.loan, other.loan]),
            np.concatenate([self.date, other.date]),
            np.concatenate([self.amount, other.amount]),
            np.concatenate([self.is_recast, other.is_recast]),
        )


class Rates(NamedTuple):
    """Changes of the rate: loan int64[m], date datetime64[D][m] it holds from, ppm a year."""

    loan: Int64s
    date: Days
    rate: Int64s
    is_recast: Bools

    @classmethod
    def of(
        cls, loan: ArrayLike, date: ArrayLike, rate_ppm: ArrayLike, recast: Recast | ArrayLike
    ) -> Self:
        """Return changes; single values stand for all rows."""
        is_recast = recast is Recast.INSTALMENT if isinstance(recast, Recast) else recast
        rows = np.broadcast_arrays(column(loan), days(date), column(rate_ppm), is_recast)
        return cls(*rows)

    def where(self, is_kept: Bools) -> "Rates":
        """Return some of the changes."""
        loan, date, rate, is_recast = self
        return Rates(loan[is_kept], date[is_kept], rate[is_kept], is_recast[is_kept])


NO_FLOWS: Final = Flows.of([], np.empty(0, "datetime64[D]"), [], np.empty(0, bool))
NO_RATES: Final = Rates.of([], np.empty(0, "datetime64[D]"), [], np.empty(0, bool))
