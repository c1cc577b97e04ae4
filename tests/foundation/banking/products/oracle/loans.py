"""A loan in slow Python."""

import datetime as dt
from fractions import Fraction
from itertools import pairwise

from tests.foundation.banking.products.oracle.base import (
    ONE_DAY,
    Daily,
    away,
    e8,
    even,
    later,
    part,
    thirty,
)


class Loan(Daily):
    """The instalment loan, paid monthly, without holidays and no grace but an interest-free one."""

    DUES = ("due_penalty", "due_fee", "due_interest", "due_principal")

    def open(self) -> None:
        self.balances["main"] = self.drawn = self.terms["amount"]
        self.number, self.level, self.began, self.is_last = 0, -1, self.opened, False
        self.due: dt.date | None = later(self.opened, 1)
        self.before = 0  # interest of this period until it was last counted apart

    def thirtieths(self) -> int:
        """Return how much of the year has passed since the period began (30E/360)."""
        return thirty(self.day) - thirty(self.began)

    def interest(self) -> Fraction:
        """Return what this period has earned so far, exactly."""
        return Fraction(self.weight, 360 * 10**6)

    weight = 0

    def fall_due(self) -> None:
        if self.due is not None and self.due <= self.day:
            self.bill()
            self.collect()
            if self.due is not None and self.due <= self.day:
                self.bill()
                self.collect()

    def bill(self) -> None:
        owe = self.balances
        exact = self.interest()
        due = even(exact)
        left = max(self.terms["term"] - self.number, 1)
        if self.is_last or not owe["main"]:
            left = 1
        method = self.terms["method"]
        was_late = sum(owe[name] for name in self.DUES) > 0
        unpaid = owe["unbilled"] + due
        if left == 1:
            interest, principal = unpaid, owe["main"]
        elif method == 4:
            interest, principal = 0, 0
        elif method == 3:
            interest, principal = unpaid, 0
        else:
            if self.level < 0:
                self.level = self.solved(exact, left)
            if method == 2:
                interest, principal = unpaid, min(self.level, owe["main"])
            else:
                interest = min(unpaid, self.level)
                principal = min(self.level - interest, owe["main"])
        owe["unbilled"] = unpaid - interest
        owe["due_interest"] += interest
        self.move("main", "due_principal", principal)
        owe["due_fee"] += self.terms["late_fee"] * was_late
        self.number += 1
        self.began, self.weight = self.day, 0
        self.is_last = False
        is_left = owe["main"] or owe["unbilled"]
        self.due = later(self.opened, self.number + 1) if is_left else None

    def solved(self, exact: Fraction, left: int) -> int:
        """Return the level amount, moved one step if the last one then differs less."""
        owed = self.balances["main"]
        if self.terms["method"] == 2:
            return even(Fraction(owed, left))
        factor = factors = Fraction(1)
        for month in self.months(left):
            factor /= 1 + month
            factors += factor
        level = even((owed + exact) / factors)
        gap = self.last(level, exact, left) - level
        step = abs(gap) // left + (2 * (abs(gap) % left) > left)
        other = level + (step if gap > 0 else -step)
        if step == 0 or other < 0 or left < 2:
            return level
        return other if abs(self.last(other, exact, left) - other) < abs(gap) else level

    def months(self, left: int) -> list[Fraction]:
        """Return the interest of one unit in each period after this one."""
        ends = [later(self.opened, self.number + 1 + step) for step in range(left)]
        days = [thirty(end) - thirty(start) for start, end in pairwise(ends)]
        rates = [self.rate(self.number + 1 + step) for step in range(left)]
        return [Fraction(rate * one, 360 * 10**6) for rate, one in zip(rates, days, strict=False)]

    def rate(self, number: int) -> int:
        """Return the rate of a period, counted from 0."""
        return 0 if number < self.terms["interest_free"] else self.terms["rate"]

    def last(self, level: int, exact: Fraction, left: int) -> int:
        """Return what the last payment would be."""
        owed, short, months = self.balances["main"], 0, [None, *self.months(left)]
        for step, month in enumerate(months):
            due = even(exact if month is None else owed * month) + short
            if step == left - 1:
                break
            short = max(due - level, 0)
            owed -= min(max(level - due, 0), owed)
        return owed + due

    def collect(self) -> None:
        owe = self.balances
        self.pay(self.DUES, owe["paid_in"])
        rest = max(owe["paid_in"], 0) if self.terms["surplus"] else 0
        accrued = even(self.interest()) + away(Fraction(self.grown["late"], 10**8))
        dues = sum(owe[name] for name in self.DUES)
        to_pay = dues + owe["main"] + owe["unbilled"] + accrued - owe["paid_in"]
        if dues or not rest:
            return
        ends = owe["main"] > 0 and to_pay <= 0
        self.pay(("main",), rest)
        if self.terms["surplus"] == 2:
            self.level = -1
        if ends:
            self.is_last, self.due = True, self.day

    def refuses(self, amount: int) -> bool:
        return amount + self.balances["paid_in"] < 0

    def enter(self, amount: int) -> None:
        self.balances["paid_in"] += amount
        self.settle("late", "due_penalty")
        self.collect()

    def change(self, name: str) -> None:
        if name in ("amount", "rate", "term"):
            self.level = -1
        more = max(self.terms["amount"] - self.drawn, 0)
        if name == "amount":
            self.balances["main"] += more
            self.drawn += more
        if name == "term":
            for due in self.DUES:
                self.move(due, "main", self.balances[due])
        if (more or name == "term") and self.due is None:
            self.number, self.began = 0, self.day
            while later(self.opened, self.number + 1) <= self.day:
                self.number += 1
            self.due = later(self.opened, self.number + 1)

    def close(self) -> None:
        owe, terms = self.balances, self.terms
        tomorrow = self.day + ONE_DAY
        self.weight += owe["main"] * self.rate(self.number) * (thirty(tomorrow) - thirty(self.day))
        overdue = owe["due_principal"] + terms["compounds"] * owe["due_interest"]
        self.grown["late"] += e8(overdue, part(terms["rate"], terms["penalty"]), 1, 360)
