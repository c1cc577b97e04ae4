"""An instalment loan in plain Python, from the definitions: the independent calculation of a book.

A loan wakes up on the days on which something happens. Interest is an exact fraction until it is
billed; penalty interest is rounded to 10⁻⁸ each night. Nothing of this is the product's own code.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

ONE_DAY = dt.timedelta(days=1)
LEVEL, EQUAL_PRINCIPAL, INTEREST_FIRST, BULLET = 1, 2, 3, 4
MONTHS = {1: 1, 2: 3, 3: 12}  # of a period, by the number of `every`
DAYS = {4: 7, 5: 14}
WAITS, SHORTENS, LOWERS = 0, 1, 2
YEAR = {
    "30/360 US": 360,
    "30E/360": 360,
    "ACT/360": 360,
    "ACT/365F": 365,
    "ACT/364": 364,
    "ACT/ACT ISDA": 365 * 366,
}
DUES = ("due_penalty", "due_fee", "due_interest", "due_principal")


def away(value: Fraction) -> int:
    """Round, halves away from zero."""
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def later(day: dt.date, months: int) -> dt.date:
    """Move a date by months; the last day of a shorter month stands in."""
    month = day.year * 12 + day.month - 1 + months
    year, month = divmod(month, 12)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - ONE_DAY).day
    return dt.date(year, month + 1, min(day.day, last))


def _february_ends(day: dt.date) -> bool:
    return day.month == 2 and (day + ONE_DAY).month == 3


@lru_cache(maxsize=1 << 20)
def counted(day_count: str, start: dt.date, end: dt.date) -> int:
    """Count days of [start, end), in parts of YEAR[day_count]."""
    if day_count == "ACT/ACT ISDA":
        parts, day = 0, start
        while day < end:
            until = min(end, dt.date(day.year + 1, 1, 1))
            is_leap = (dt.date(day.year, 3, 1) - ONE_DAY).day == 29
            parts += (until - day).days * (365 if is_leap else 366)
            day = until
        return parts
    if day_count.startswith("ACT"):
        return (end - start).days
    first, last = start.day, end.day
    if day_count == "30E/360":
        first, last = min(first, 30), min(last, 30)
    else:
        if _february_ends(start):
            first, last = 30, 30 if _february_ends(end) else last
        if last == 31 and first >= 30:
            last = 30
        first = min(first, 30)
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


@dataclass
class Terms:
    """Of one loan; rate and penalty in ppm, amounts in minor units."""

    amount: int
    rate: int
    term: int
    method: int = LEVEL
    every: int = 1
    first_due: int = 0
    no_principal: int = 0
    no_interest: int = 0
    surplus: int = WAITS
    late_fee: int = 0

    def of_opening(self) -> dict[str, int]:
        """Return what an opening is told."""
        return dict(vars(self))


class PlainLoan:
    """A loan, its balances, and what it earned so far."""

    def __init__(self, opened: dt.date, terms: Terms, day_count: str) -> None:
        self.opened, self.terms, self.day_count = opened, Terms(**vars(terms)), day_count
        self.year = YEAR[day_count] * 10**6
        self.owe: Counter[str] = Counter(main=terms.amount)
        self.drawn, self.number, self.level, self.is_solved = terms.amount, 0, 0, False
        self.day = self.began = opened
        self.weight = 0  # interest of this period, in parts of `year`
        self.late_e8 = 0
        self.earned = 0  # interest that was billed or put off
        self.due: dt.date | None = self.due_date(1)

    # what is so -----------------------------------------------------------------------------------

    def due_date(self, number: int) -> dt.date:
        """Return when payment `number`, from 1 on, falls due."""
        terms, anchor = self.terms, self.opened
        if terms.first_due:
            anchor, number = anchor + terms.first_due * ONE_DAY, number - 1
        if terms.every in DAYS:
            return anchor + number * DAYS[terms.every] * ONE_DAY
        return later(anchor, number * MONTHS[terms.every])

    @property
    def interest(self) -> Fraction:
        """Interest of this period so far, exactly."""
        return Fraction(self.weight, self.year)

    @property
    def dues(self) -> int:
        return sum(self.owe[name] for name in DUES)

    def payoff(self) -> int:
        """Return what settles the loan today, less what is paid in already; may be below 0."""
        accrued = round(self.interest) + away(Fraction(self.late_e8, 10**8))
        owe = self.owe
        return self.dues + owe["main"] + owe["unbilled"] + accrued - owe["paid_in"]

    # what happens ---------------------------------------------------------------------------------

    def live_until(self, day: dt.date) -> None:
        """Let the nights before a day pass; nothing falls due in between."""
        terms, nights = self.terms, (day - self.day).days
        passed = counted(self.day_count, self.began, day)
        passed -= counted(self.day_count, self.began, self.day)
        self.weight += self.owe["main"] * terms.rate * passed
        overdue = self.owe["due_principal"] + self.owe["due_interest"]
        if overdue:
            fine = away(Fraction(terms.rate * 1_500_000, 10**6))
            self.late_e8 += nights * round(Fraction(overdue * fine * 100, 360))
        self.day = day

    def fall_due(self) -> None:
        """Bill what falls due on this day, and collect what is paid in."""
        while self.due is not None and self.due <= self.day:
            self.bill()
            if self.owe["paid_in"] > 0:
                self.collect()

    def bill(self) -> None:
        owe, terms = self.owe, self.terms
        fee = terms.late_fee if self.dues else 0
        exact, this = self.interest, round(self.interest)
        interest, principal = self.next_payment(exact, this)
        owe["unbilled"] += this - interest
        owe["due_interest"] += interest
        owe["main"] -= principal
        owe["due_principal"] += principal
        owe["due_fee"] += fee
        self.earned += this
        self.number += 1
        self.began, self.weight = self.day, 0
        is_left = owe["main"] > 0 or owe["unbilled"] > 0
        self.due = self.due_date(self.number + 1) if is_left else None

    def next_payment(self, exact: Fraction, this: int) -> tuple[int, int]:
        """Return the interest and the principal that fall due, by the method and its grace."""
        terms, balance, unpaid = self.terms, self.owe["main"], self.owe["unbilled"]
        if self.number >= terms.term - 1 or not balance:
            return unpaid + this, balance
        if terms.method == BULLET:
            return 0, 0
        no_interest, no_principal = terms.no_interest, terms.no_principal
        if terms.method == LEVEL:
            no_principal = max(no_principal, no_interest)
        no_principal = min(no_principal, terms.term - 1)
        asks_principal = terms.method != INTEREST_FIRST and self.number >= no_principal
        if asks_principal and not self.is_solved:
            self.level, self.is_solved = self.solved(exact), True
        if terms.method == EQUAL_PRINCIPAL:
            principal = min(self.level, balance) if asks_principal else 0
            return (unpaid + this if self.number >= no_interest else 0), principal
        if self.number < no_interest:
            return 0, 0
        if not asks_principal:
            return unpaid + this, 0
        apart, short = (unpaid, 0) if self.number == no_interest else (0, unpaid)
        regular = min(this + short, self.level)
        return regular + apart, min(self.level - regular, balance)

    def solved(self, exact: Fraction) -> int:
        """Return the level amount: the instalment with the last one nearest to the others."""
        balance, left = self.owe["main"], self.terms.term - self.number
        if self.terms.method == EQUAL_PRINCIPAL:
            return round(Fraction(balance, left))
        ahead = self.ahead(left)
        factor = factors = Fraction(1)
        for one in ahead:
            factor /= 1 + one
            factors += factor
        level = round((balance + exact) / factors)
        gap = self.last(level, exact, ahead) - level
        step, rest = divmod(abs(gap), left)
        step += 2 * rest > left
        other = level + (step if gap > 0 else -step)
        if not step or other < 0:
            return level
        return other if abs(self.last(other, exact, ahead) - other) < abs(gap) else level

    def ahead(self, left: int) -> list[Fraction]:
        """Return the interest of one unit in each period after this one."""
        ends = [self.due_date(self.number + 1 + step) for step in range(left)]
        ends[0] = self.day
        rate = self.terms.rate
        return [Fraction(counted(self.day_count, *one) * rate, self.year) for one in pairwise(ends)]

    def last(self, level: int, exact: Fraction, ahead: list[Fraction]) -> int:
        """Return what the last payment would be if the others were `level`."""
        balance, short, due = self.owe["main"], 0, round(exact)
        for one in ahead:
            owed = due + short
            short = max(owed - level, 0)
            balance -= min(max(level - owed, 0), balance)
            due = round(balance * one)
        return balance + due + short

    def collect(self) -> None:
        """Pay what is due, in order; what is left ends, lowers or shortens the loan, or waits."""
        owe, terms = self.owe, self.terms
        for name in DUES:
            self._pay(name, min(owe[name], owe["paid_in"]))
        rest = owe["paid_in"] if terms.surplus != WAITS else 0
        if rest <= 0:
            return
        ends = owe["main"] > 0 and self.payoff() <= 0
        self._pay("main", min(rest, owe["main"]))
        if terms.surplus == LOWERS:
            self.is_solved = False
        if ends:
            self.number, self.due = terms.term - 1, self.day

    def _pay(self, name: str, amount: int) -> None:
        self.owe[name] -= amount
        self.owe["paid_in"] -= amount

    def enter(self, amount: int) -> None:
        """Take a payment of the customer's."""
        self.owe["paid_in"] += amount
        fine = away(Fraction(self.late_e8, 10**8))
        self.owe["due_penalty"] += fine
        self.late_e8 -= fine * 10**8
        self.collect()
        self.fall_due()

    def change(self, name: str, value: int) -> None:
        """Give the loan another rate, more money, or a longer term that re-ages it."""
        owe = self.owe
        setattr(self.terms, name, value)
        if name in ("rate", "amount", "term"):
            self.is_solved = False
        if name == "amount":
            more = max(value - self.drawn, 0)
            owe["main"] += more
            self.drawn += more
        if name == "term":
            for due in DUES:
                owe["main"] += owe.pop(due, 0)
        if name in ("amount", "term") and self.due is None:
            self.number, self.began = 0, self.day
            while self.due_date(self.number + 1) <= self.day:
                self.number += 1
            self.due = self.due_date(self.number + 1)
        self.fall_due()
