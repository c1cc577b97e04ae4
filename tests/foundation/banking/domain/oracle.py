"""An independent calculation of the same things: slow, scalar, with fractions and by the day.

It shares no code with what it checks but the names of the conventions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor

from yunjin.foundation.banking.domain import (
    DayCount,
    LastInstalment,
    Method,
    PartPeriod,
    Rounding,
    Terms,
)


def rounded(value: Fraction, rounding: Rounding, unit: int = 1) -> int:
    """Round to a multiple of a unit, by the words of each mode."""
    count = value / unit
    below = floor(count)
    rest = count - below
    nearest = below if rest < Fraction(1, 2) else below + 1
    is_half = rest == Fraction(1, 2)
    if rest == 0:
        whole = below
    elif rounding is Rounding.DOWN:
        whole = below if count > 0 else below + 1
    elif rounding is Rounding.UP:
        whole = below + 1 if count > 0 else below
    elif rounding is Rounding.HALF_EVEN and is_half:
        whole = below + below % 2
    elif rounding is Rounding.HALF_AWAY and is_half:
        whole = below + 1 if count > 0 else below
    else:
        whole = nearest
    return whole * unit


def days_between(start: date, end: date) -> Iterator[date]:
    """Return each day of [start, end)."""
    return (start + timedelta(days=passed) for passed in range((end - start).days))


def is_last(day: date) -> bool:
    """Tell whether a day is its month's last."""
    return (day + timedelta(days=1)).month != day.month


def fraction(day_count: DayCount, start: date, end: date) -> Fraction:
    """Return the part of a year between two dates, start ≤ end."""
    passed = (end - start).days
    if day_count is DayCount.ACT_ACT_ISDA:
        leap = sum(_leap(day) for day in days_between(start, end))
        return Fraction(leap, 366) + Fraction(passed - leap, 365)
    if day_count in (DayCount.ACT_360, DayCount.ACT_364, DayCount.ACT_365F):
        return Fraction(passed, int(day_count.value[4:7]))
    first, last = start.day, end.day
    if day_count is DayCount.THIRTY_E_360:
        first, last = min(first, 30), min(last, 30)
    else:
        if start.month == 2 and is_last(start):
            if end.month == 2 and is_last(end):
                last = 30
            first = 30
        if last == 31 and first >= 30:
            last = 30
        first = min(first, 30)
    months = (end.year - start.year) * 12 + end.month - start.month
    return Fraction(months * 30 + last - first, 360)


def _leap(day: date) -> bool:
    return (date(day.year, 12, 31) - date(day.year, 1, 1)).days == 365


@dataclass
class Loan:
    """A loan and what happens to it; events are (date, value, is_recast)."""

    terms: Terms
    dates: Sequence[date]
    principal: int
    rate: int
    changes: Sequence[tuple[date, int, bool]] = ()
    flows: Sequence[tuple[date, int, bool]] = ()
    fixed: dict[int, int] = field(default_factory=dict)

    def part(self, row: int, start: date, end: date) -> Fraction:
        """Return the year fraction of a part of a period."""
        begin, until = self.dates[row], self.dates[row + 1]
        count = self.terms.day_count
        if self.terms.part_period is PartPeriod.BY_ACTUAL_DAYS:
            whole = fraction(count, begin, until)
            return whole * (end - start).days / max((until - begin).days, 1)
        return fraction(count, begin, end) - fraction(count, begin, start)

    def rate_on(self, day: date) -> int:
        """Return the rate in force on a day."""
        known = [(since, rate) for since, rate, _ in self.changes if since <= day]
        return max(known)[1] if known else self.rate

    def interest(self, row: int, balance: Fraction) -> tuple[Fraction, Fraction]:
        """Return a row's exact interest, and the balance at its end."""
        begin, until = self.dates[row], self.dates[row + 1]
        moves = [(day, amount) for day, amount, _ in self.flows if begin <= day < until]
        changes = {since for since, _, _ in self.changes if begin < since < until}
        cuts = sorted({begin, until, *changes, *(day for day, _ in moves)})
        total = Fraction(0)
        for start, end in pairwise(cuts):
            balance += sum(amount for day, amount in moves if day == start)
            free = row < self.terms.grace.free
            rate = Fraction(0 if free else self.rate_on(start), 1_000_000)
            total += balance * rate * self.part(row, start, end)
        return total, balance

    def pays_principal(self, row: int) -> bool:
        """Tell whether principal falls due."""
        if row == self.rows - 1:
            return True
        if self.terms.method in (Method.BULLET, Method.INTEREST_FIRST):
            return False
        return row >= self.terms.grace.principal

    def pays_interest(self, row: int) -> bool:
        """Tell whether interest falls due."""
        if row == self.rows - 1:
            return True
        return self.terms.method is not Method.BULLET and row >= self.terms.grace.interest

    @property
    def rows(self) -> int:
        """Return the number of periods."""
        return len(self.dates) - 1

    def is_recast(self, row: int) -> bool:
        """Tell whether something in this period makes the instalment be solved anew."""
        begin, until = self.dates[row], self.dates[row + 1]
        events = (*self.changes, *self.flows)
        return row == 0 or any(again and begin <= day < until for day, _, again in events)

    def ahead(self, row: int) -> "Loan":
        """Return the loan as it is foreseen in a row: the rate then in force stays for ever."""
        last_day = self.dates[row + 1] - timedelta(days=1)
        future = [(day, rate, again) for day, rate, again in self.changes if day <= last_day]
        moves = [move for move in self.flows if move[0] <= last_day]
        return Loan(
            self.terms, self.dates, self.principal, self.rate, future, moves, dict(self.fixed)
        )

    def final_balance(self, row: int, balance: Fraction, level: Fraction) -> Fraction:
        """Return what is left after the last row if every row pays exactly `level`."""
        for now in range(row, self.rows):
            interest, balance = self.interest(now, balance)
            if now in self.fixed:
                balance += interest - self.fixed[now]
            elif self.pays_principal(now):
                balance += interest - level
        return balance

    def exact_level(self, row: int, balance: int) -> Fraction:
        """Return the instalment that leaves nothing: the final balance is a line in it."""
        foreseen = self.ahead(row)
        at_zero = foreseen.final_balance(row, Fraction(balance), Fraction(0))
        at_one = foreseen.final_balance(row, Fraction(balance), Fraction(1))
        return at_zero / (at_zero - at_one) if at_zero != at_one else Fraction(0)


def schedule(loan: Loan) -> list[tuple[int, int]]:
    """Return interest and principal that fall due, by period."""
    terms = loan.terms
    balance, level, short, put_off, pending = loan.principal, 0, 0, 0, False
    residue = Fraction(0)
    paid: list[tuple[int, int]] = []
    for row in range(loan.rows):
        before = balance
        exact, after = loan.interest(row, Fraction(balance))
        balance = int(after)
        if terms.is_residue_carried:
            exact = Fraction(floor(exact * 10**8), 10**8) + residue
        due = rounded(max(exact, Fraction(0)), terms.interest_rounding, terms.unit)
        residue = exact - due
        pending = pending or loan.is_recast(row)
        is_last = row == loan.rows - 1
        if pending and loan.pays_principal(row) and row not in loan.fixed and not is_last:
            level, pending = _level(loan, row, before, balance), False
        elif row in loan.fixed and terms.method is Method.EQUAL_PRINCIPAL:
            pending = True
        owed = due + short + put_off
        if is_last:
            interest, principal, short, put_off = owed, balance, 0, 0
        elif row in loan.fixed:
            interest = min(owed, loan.fixed[row])
            principal = min(loan.fixed[row] - interest, balance)
            short, put_off = owed - interest, 0
        elif not loan.pays_interest(row):
            parts = loan.pays_principal(row) and terms.method is Method.EQUAL_PRINCIPAL
            interest, principal = 0, min(level, balance) if parts else 0
            put_off += due
        elif not loan.pays_principal(row):
            interest, principal, short, put_off = owed, 0, 0, 0
        elif terms.method is Method.EQUAL_PRINCIPAL:
            interest, principal, short, put_off = owed, min(level, balance), 0, 0
        else:
            regular = min(due + short, level)
            interest, short = regular + put_off, due + short - regular
            principal, put_off = min(level - regular, balance), 0
        balance -= principal
        paid.append((interest, principal))
    return paid


def _level(loan: Loan, row: int, before: int, balance: int) -> int:
    terms = loan.terms
    rows = [
        now for now in range(row, loan.rows) if loan.pays_principal(now) and now not in loan.fixed
    ]
    if terms.method is Method.EQUAL_PRINCIPAL:
        return rounded(Fraction(balance, len(rows)), terms.instalment_rounding, terms.unit)
    exact = loan.exact_level(row, before)
    level = max(rounded(exact, terms.instalment_rounding, terms.unit), 0)
    if terms.last is LastInstalment.REST or len(rows) < 2:
        return level
    gap = _last(loan, row, before, level) - level
    units = abs(gap) // terms.unit
    size = units // len(rows) + (2 * (units % len(rows)) > len(rows))
    other = level + (size if gap > 0 else -size) * terms.unit
    if other < 0 or other == level:
        return level
    return other if abs(_last(loan, row, before, other) - other) < abs(gap) else level


def _last(loan: Loan, row: int, balance: int, level: int) -> int:
    """Return what the last row pays if the others pay `level`."""
    foreseen, short = loan.ahead(row), 0
    for now in range(row, loan.rows):
        exact, after = foreseen.interest(now, Fraction(balance))
        balance = int(after)
        due = rounded(exact, loan.terms.interest_rounding, loan.terms.unit)
        if now == loan.rows - 1:
            return balance + due + short
        if now in loan.fixed or loan.pays_principal(now):
            money = loan.fixed.get(now, level)
            owed = due + short
            short = max(owed - money, 0)
            balance -= min(max(money - owed, 0), balance)
    raise AssertionError("a loan has a last row")
