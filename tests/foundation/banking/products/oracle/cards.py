"""Credit lines and cards in slow Python."""

import datetime as dt
from fractions import Fraction

from tests.foundation.banking.products.oracle.base import (
    ONE_DAY,
    Daily,
    away,
    e8,
    later,
    next_on,
    part,
)


class CreditLine(Daily):
    """The revolving credit line."""

    DUES = ("due_penalty", "due_fee", "due_interest", "due_principal")

    def open(self) -> None:
        self.ends = later(self.opened, self.terms["months"])
        self.bill: dt.date | None = min(next_on(self.opened, self.terms["bill_day"]), self.ends)

    def free(self) -> int:
        owe = self.balances
        return self.terms["limit"] - owe["main"] - owe["due_principal"] + owe["paid_in"]

    def refuses(self, amount: int) -> bool:
        overdue = sum(self.balances[name] for name in self.DUES) > 0
        return amount < 0 and (-amount > self.free() or self.day >= self.ends or overdue)

    def enter(self, amount: int) -> None:
        self.balances["paid_in"] += amount
        self.move("paid_in", "nothing", 0)
        drawn = max(-self.balances["paid_in"], 0)
        self.balances["main"] += drawn
        self.balances["paid_in"] += drawn
        self.settle("late", "due_penalty")
        if amount > 0:
            self.pay((*self.DUES, "main"), self.balances["paid_in"])

    def fall_due(self) -> None:
        if self.bill is None or self.bill > self.day:
            return
        owe, terms, last = self.balances, self.terms, self.day >= self.ends
        least = max(part(owe["main"], terms["minimum"]), terms["least"])
        self.move("main", "due_principal", owe["main"] if last else min(least, owe["main"]))
        self.settle("interest", "due_interest")
        self.settle("fee", "due_fee")
        self.bill = None if last else min(next_on(self.day, terms["bill_day"]), self.ends)
        self.pay((*self.DUES, "main"), owe["paid_in"])

    def close(self) -> None:
        owe, terms = self.balances, self.terms
        self.grown["interest"] += e8(owe["main"], terms["rate"], 1, 360)
        fine = part(terms["rate"], terms["penalty"])
        self.grown["late"] += e8(owe["due_principal"], fine, 1, 360)
        if self.day < self.ends:
            undrawn = max(terms["limit"] - owe["main"] - owe["due_principal"], 0)
            self.grown["fee"] += e8(undrawn, terms["undrawn_fee"], 1, 360)


class Card(Daily):
    """The credit card; purchases and payments, cash and refunds as tagged amounts.

    An amount's last digit tells what it is: 1 cash, 2 a refund, else a purchase or a payment.
    """

    OWED = ("interest_due", "fees", "overdue", "revolving", "cash", "billed", "main")

    def open(self) -> None:
        self.statement = next_on(self.opened, self.terms["statement_day"])
        self.due: dt.date | None = None
        self.waived = self.waived_next = self.to_pay = 0

    def room(self) -> int:
        used = sum(self.balances[name] for name in (*self.OWED, "aside"))
        return self.terms["limit"] - used + self.balances["paid_in"]

    def refuses(self, amount: int) -> bool:
        cash = self.balances["cash"] - amount > self.terms["cash_limit"] and kind(amount) == 1
        return amount < 0 and (-amount > self.room() or cash)

    def enter(self, amount: int) -> None:
        owe, which = self.balances, kind(amount)
        owe["paid_in"] += amount
        if amount < 0:
            drawn = max(-owe["paid_in"], 0)
            owe["cash" if which == 1 else "main"] += drawn
            owe["paid_in"] += drawn
            owe["fees"] += part(-amount, self.terms["cash_fee"]) if which == 1 else 0
            return
        if which == 2:
            self.pay(("aside", "main", "billed"), amount)
        else:
            self.to_pay = max(self.to_pay - amount, 0)
        self.pay(self.OWED, owe["paid_in"])

    def change(self, name: str) -> None:
        if name != "disputed":
            return
        more = self.terms["disputed"] - self.balances["aside"]
        for bucket in ("revolving", "billed", "main"):
            moved = max(min(more, self.balances[bucket]), 0)
            self.move(bucket, "aside", moved)
            more -= moved
        if self.terms["disputed"] < self.balances["aside"]:
            self.move("aside", "revolving", self.balances["aside"] - self.terms["disputed"])

    def fall_due(self) -> None:
        owe, terms = self.balances, self.terms
        if self.statement <= self.day:
            owed = sum(owe[name] for name in self.OWED) - owe["paid_in"]
            owed += away(Fraction(self.grown["interest"], 10**8))
            self.to_pay = max(min(owed, max(part(owed, terms["minimum"]), terms["least"])), 0)
            self.settle("interest", "interest_due")
            self.move("main", "billed", owe["main"])
            self.waived, self.waived_next = self.waived_next, 0
            self.due = self.day + terms["days_to_pay"] * ONE_DAY
            self.statement = next_on(self.day, terms["statement_day"])
            self.pay(self.OWED, owe["paid_in"])
        if self.due is not None and self.due <= self.day:
            self.due = None
            self.grown["interest"] += self.waived if owe["billed"] else 0
            owe["fees"] += part(self.to_pay, terms["late"])
            rest = max(owe["billed"] - self.to_pay, 0)
            missed = self.to_pay
            for bucket in ("billed", "revolving", "cash"):
                moved = max(min(missed, owe[bucket]), 0)
                self.move(bucket, "overdue", moved)
                missed -= moved
            self.move("billed", "revolving", rest)

    def close(self) -> None:
        owe, rate = self.balances, self.terms["rate"]
        bearing = sum(owe[name] for name in ("overdue", "revolving", "cash", "interest_due"))
        self.grown["interest"] += e8(bearing, rate, 1, 365)
        self.waived += e8(owe["billed"], rate, 1, 365)
        self.waived_next += e8(owe["main"], rate, 1, 365)


def kind(amount: int) -> int:
    """Return what an entry on a card is by its last digit: 1 cash, 2 a refund."""
    last = abs(amount) % 10
    return last if (last == 1 and amount < 0) or (last == 2 and amount > 0) else 0
