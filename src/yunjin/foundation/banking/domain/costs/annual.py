"""The annual cost of a loan in Europe's and in China's words, proven to the published places.

Effective rate: the internal rate of return, compounded over a year: (1 + i)^n − 1. Directive
2008/48/EC, Annex I (and (EU) 2023/2225, Annex III) asks for it as APRC; months are twelfths and
days 365ths of a year.

年化综合成本, the annualised comprehensive cost of a loan: 中国人民银行公告〔2021〕第3号 asks every
lender to show an annual rate from all costs charged and the principal really used, by compound or
by simple interest. Both go by the internal rate of return here: `nominal` is the monthly IRR times
12 (what most lenders show as 单利年化), `effective` compounds it (复利年化); named, never mixed.
"""

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from fractions import Fraction
from typing import Final, NamedTuple

from yunjin.foundation.banking.domain.costs.solving import Flow, solve
from yunjin.foundation.banking.errors import NoRate
from yunjin.kernel import check

_PPM: Final = Fraction(1, 1_000_000)
_PLACES: Final = 18  # of the rate a period; more where both ends do not mean the same ppm


class PerYear(IntEnum):
    """How many periods of a flow's time make a year."""

    DAYS = 365
    WEEKS = 52
    TWO_WEEKS = 26
    MONTHS = 12
    QUARTERS = 4
    YEARS = 1


class EffectiveRate(NamedTuple):
    """Annual rates in ppm, each rounded half up by itself: i · n, and (1 + i)^n − 1."""

    nominal: int
    effective: int


class AnnualCost(NamedTuple):
    """What a loan costs a year: total charged in minor units, and the rates in ppm."""

    charged: int
    nominal: int
    effective: int


def effective_rate(flows: Sequence[Flow], per_year: PerYear) -> EffectiveRate:
    """Return the nominal and the effective annual rate of flows, in ppm.

    flows: > 0 to the borrower, < 0 from him, at whole periods.

    Raises: NoRate, OutOfRange.
    """
    check.that(all(flow.fraction == 0 for flow in flows), "expected whole periods, was a part")
    nominal = solve(flows, Fraction(int(per_year)), _PPM)
    is_yearly = per_year is PerYear.YEARS
    return EffectiveRate(nominal, nominal if is_yearly else _effective(flows, int(per_year)))


def annual_cost(
    drawn: Sequence[tuple[date, int]], paid: Sequence[tuple[date, int]], per_year: PerYear
) -> AnnualCost:
    """Return the annualised comprehensive cost 年化综合成本 of a loan.

    Parameters
    ----------
    drawn : dates and minor units that the borrower received, less fees kept back at once.
    paid : dates and minor units of everything he pays: principal, interest, fees, insurance.
    per_year : DAYS counts the days between; MONTHS, QUARTERS and YEARS take the dates as due dates
        that far apart, and refuse others.

    Raises: NoRate (less is paid than drawn, or dates are no whole periods apart), OutOfRange.
    """
    start = min(day for day, _ in drawn)
    signed = [*drawn, *((day, -amount) for day, amount in paid)]
    flows = [Flow(_periods(start, day, per_year), amount) for day, amount in signed]
    rate = effective_rate(flows, per_year)
    charged = sum(amount for _, amount in paid) - sum(amount for _, amount in drawn)
    return AnnualCost(charged, rate.nominal, rate.effective)


def _effective(flows: Sequence[Flow], periods: int) -> int:
    """Compound the rate a period, in ppm; it is narrowed until both its ends mean the same.

    That ends: an odd number of halves of a ppm is k / (2⁷·5⁶), and 2⁷ is the nth power of nothing
    for the n of PerYear above 1.
    """
    places = _PLACES
    while True:
        scale = 10**places
        steps = solve(flows, Fraction(1), Fraction(1, scale))
        ends = [Fraction(2 * steps + side, 2 * scale) for side in (-1, 1)]
        least, most = (_ppm((1 + end) ** periods - 1) for end in ends)
        if least == most:
            return least
        places *= 2


def _ppm(rate: Fraction) -> int:
    return (2_000_000 * rate.numerator + rate.denominator) // (2 * rate.denominator)


def _periods(start: date, day: date, per_year: PerYear) -> int:
    days = {PerYear.DAYS: 1, PerYear.WEEKS: 7, PerYear.TWO_WEEKS: 14}
    if per_year in days:
        whole, rest = divmod((day - start).days, days[per_year])
    else:
        months = (day.year - start.year) * 12 + day.month - start.month
        whole, rest = divmod(months, 12 // int(per_year))
        # due on the same day of the month, or on its last if it has no such day
        is_due = day.day == start.day or (day.day < start.day and _is_last(day))
        rest = rest if is_due else 1
    if rest:
        raise NoRate(f"expected dates whole periods after {start}, was {day}; count by days")
    return whole


def _is_last(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).day == 1
