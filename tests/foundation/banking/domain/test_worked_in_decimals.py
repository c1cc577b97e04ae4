"""Goal: worked cases of other kinds than the published ones agree to the cent.

Method: each case is told as a table that decimals of sixty digits have made: interest from the
definition of the day count, the instalment as the zero of a straight line. The tables stand here,
and are made again, so that neither they nor the schedule can drift.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest

from tests.foundation.banking.agreements.plain_loans import YEAR, counted, later
from yunjin.foundation.banking.domain import (
    DayCount,
    LastInstalment,
    Method,
    Rates,
    Terms,
    schedule,
)

ZERO, PPM = Decimal(0), Decimal(1_000_000)


@dataclass(frozen=True)
class Case:
    """A loan of level instalments; minor units, ppm a year.

    changes : (from this day on, another rate).  fixed : agreed payments by row.
    """

    day_count: DayCount
    dates: list[date]
    principal: int
    rate: int
    changes: list[tuple[date, int]] = field(default_factory=list)
    fixed: dict[int, int] = field(default_factory=dict)

    def weight(self, row: int, *, known: int) -> Decimal:
        """Return a row's interest on one unit, as it is foreseen in row `known`."""
        start, end = self.dates[row], self.dates[row + 1]
        told = [(day, rate) for day, rate in self.changes if day < self.dates[known + 1]]
        cuts = sorted({start, end, *(day for day, _ in told if start < day < end)})
        total, done = ZERO, ZERO
        for begin, until in pairwise(cuts):
            rate = next((one for day, one in reversed(told) if day <= begin), self.rate)
            upto = Decimal(counted(self.day_count, start, until)) / YEAR[self.day_count]
            total += (upto - done) * rate / PPM
            done = upto
        return total

    def left(self, row: int, balance: Decimal, payment: Decimal) -> Decimal:
        """Return what is left at the end if all but the agreed payments from a row on are alike."""
        for now in range(row, len(self.dates) - 1):
            balance += balance * self.weight(now, known=row)
            balance -= Decimal(self.fixed.get(now, payment))
        return balance

    def table(self) -> list[tuple[int, int]]:
        """Return interest and principal by row, the last one taking the rest."""
        rows, balance, level = [], Decimal(self.principal), ZERO
        for row, (start, end) in enumerate(pairwise(self.dates)):
            interest = whole(balance * self.weight(row, known=row))
            if not row or any(start <= day < end for day, _ in self.changes):
                nothing, one = (self.left(row, balance, paid) for paid in (ZERO, Decimal(1)))
                level = whole(nothing / (nothing - one))
            principal = Decimal(self.fixed.get(row, level)) - interest
            if row == len(self.dates) - 2:
                principal = balance
            balance -= principal
            rows.append((int(interest), int(principal)))
        return rows


def whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), ROUND_HALF_EVEN)


def months(start: date, count: int) -> list[date]:
    return [later(start, number) for number in range(count + 1)]


def every(days: int, start: date, count: int) -> list[date]:
    return [start + timedelta(days=days * number) for number in range(count + 1)]


END_OF_AUGUST, LEAP = date(2023, 8, 31), date(2023, 11, 30)
CASES = {
    "30/360 US from a month's end": Case(
        DayCount.THIRTY_360_US, months(END_OF_AUGUST, 8), 1_234_567, 87_650
    ),
    "30E/360 from a month's end": Case(
        DayCount.THIRTY_E_360, months(END_OF_AUGUST, 8), 1_234_567, 87_650
    ),
    "ACT/365F over a leap February": Case(DayCount.ACT_365F, months(LEAP, 6), 500_000, 36_500),
    "ACT/ACT over a turn of the year": Case(
        DayCount.ACT_ACT_ISDA, months(LEAP, 6), 500_000, 36_500
    ),
    "weekly": Case(DayCount.ACT_364, every(7, date(2024, 2, 26), 10), 300_000, 180_000),
    "two-weekly": Case(DayCount.ACT_364, every(14, date(2024, 12, 23), 7), 77_777, 239_999),
    "without interest": Case(DayCount.ACT_360, months(date(2025, 1, 31), 7), 100_000, 0),
    "another rate on a due date": Case(
        DayCount.ACT_365F,
        months(date(2025, 3, 5), 6),
        600_000,
        60_000,
        [(date(2025, 6, 5), 45_000)],
    ),
    "other rates inside of periods": Case(
        DayCount.ACT_360,
        months(date(2025, 3, 5), 6),
        600_000,
        60_000,
        [(date(2025, 5, 20), 90_000), (date(2025, 7, 31), 30_000)],
    ),
    "odd payments": Case(
        DayCount.THIRTY_E_360,
        months(date(2025, 1, 15), 8),
        800_000,
        120_000,
        fixed={1: 20_000, 4: 250_000},
    ),
}
TOLD = {  # interest + principal by row, minor units
    "30/360 US from a month's end": (
        "9017+150405 7919+151503 6812+152610 5698+153724 4575+154847 3329+156093 "
        "2304+157118 1156+158267"
    ),
    "30E/360 from a month's end": (
        "9017+150415 7919+151513 6812+152620 5697+153735 4574+154858 3329+156103 "
        "2380+157052 1156+158271"
    ),
    "ACT/365F over a leap February": (
        "1500+82720 1294+82926 1003+83217 753+83467 520+83700 252+83970"
    ),
    "ACT/ACT over a turn of the year": (
        "1500+82719 1290+82929 1000+83219 751+83468 518+83701 251+83964"
    ),
    "weekly": (
        "1038+29536 936+29638 834+29740 731+29843 627+29947 524+30050 420+30154 "
        "315+30259 211+30363 105+30470"
    ),
    "two-weekly": ("718+10807 618+10907 518+11007 416+11109 313+11212 210+11315 105+11420"),
    "without interest": ("0+14286 0+14286 0+14286 0+14286 0+14286 0+14286 0+14284"),
    "another rate on a due date": (
        "3058+98711 2472+99297 2049+99720 1118+100398 772+100744 387+101130"
    ),
    "other rates inside of periods": (
        "3100+98694 2507+99287 2613+99700 2267+100046 1399+100568 263+101705"
    ),
    "odd payments": (
        "8000+86849 7132+12868 7003+87846 6124+88725 5237+244763 2789+92060 1869+92980 939+93909"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_worked_case_agrees_to_the_cent(name: str) -> None:
    case = CASES[name]
    with localcontext(prec=60):
        expected = case.table()
    told = " ".join(f"{interest}+{principal}" for interest, principal in expected)
    assert told == TOLD[name]
    fixed = np.full((1, len(case.dates) - 1), -1)
    for row, payment in case.fixed.items():
        fixed[0, row] = payment
    days, rates = [day for day, _ in case.changes], [rate for _, rate in case.changes]
    changes = Rates.of(np.zeros(len(days), np.int64), np.array(days, "datetime64[D]"), rates, True)
    terms = Terms(
        method=Method.EQUAL_INSTALMENT, day_count=case.day_count, last=LastInstalment.REST
    )
    made = schedule(terms, case.dates, case.principal, case.rate, rates=changes, fixed=fixed)
    ours = zip(made.interest[0].tolist(), made.principal[0].tolist(), strict=True)
    assert list(ours) == expected
    assert int(made.principal.sum()) == case.principal


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if not (case.changes or case.fixed)]
)
def test_the_evened_last_instalment_differs_no_more_than_the_rest_does(name: str) -> None:
    case, apart = CASES[name], []
    for last in (LastInstalment.REST, LastInstalment.EVENED):
        terms = Terms(method=Method.EQUAL_INSTALMENT, day_count=case.day_count, last=last)
        paid = schedule(terms, case.dates, case.principal, case.rate).payment[0]
        assert len(set(paid[:-1].tolist())) == 1
        apart.append(abs(int(paid[-1] - paid[0])))
    assert apart[1] <= apart[0]
    assert apart[1] <= len(case.dates) // 2
