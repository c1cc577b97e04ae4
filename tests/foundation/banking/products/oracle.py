"""Oracles of the shipped products: one agreement, one day at a time, whole numbers and fractions.

It shares no code with the engine but the names of the accounts, so that both being wrong in the
same way takes two mistakes.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import floor

ONE_DAY = dt.timedelta(days=1)


def away(value: Fraction) -> int:
    """Round, halves away from zero."""
    whole = floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def even(value: Fraction) -> int:
    """Round, halves to the even neighbour."""
    return round(value)


def thirty(day: dt.date) -> int:
    """Number days so that every month has thirty (30E/360)."""
    return 360 * day.year + 30 * day.month + min(day.day, 30)


def later(day: dt.date, months: int) -> dt.date:
    """Move a date by months; the last day of a shorter month stands in."""
    month = day.year * 12 + day.month - 1 + months
    first = dt.date(month // 12, month % 12 + 1, 1)
    after = dt.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (after - ONE_DAY).day))


@dataclass
class Agreement:
    """Balances on the side each account grows on, and what was refused."""

    opened: dt.date
    balances: Counter[str] = field(default_factory=Counter)
    refused: list[dt.date] = field(default_factory=list)


class Current(Agreement):
    """The current account."""

    TIERS = ((0, 500), (5_000_000, 1_500), (100_000_000, 3_000))

    def run(self, limit: int, rate: int, days: int, entries: dict[dt.date, list[int]]) -> None:
        """Live through a number of days."""
        earned = owed = 0
        for number in range(days):
            day = self.opened + number * ONE_DAY
            if day.day == 20 and day.month % 3 == 0 and number:
                for interest in (earned, -owed):
                    self.balances["main"] += away(Fraction(interest, 10**8))
                earned -= away(Fraction(earned, 10**8)) * 10**8
                owed -= away(Fraction(owed, 10**8)) * 10**8
            for amount in entries.get(day, []):
                if self.balances["main"] + amount < -limit:
                    self.refused.append(day)
                else:
                    self.balances["main"] += amount
            balance, weighted = self.balances["main"], 0
            for (start, ppm), end in zip(self.TIERS, (5_000_000, 100_000_000, None), strict=True):
                slice_end = balance if end is None else min(balance, end)
                weighted += max(slice_end - start, 0) * ppm
            earned += even(Fraction(weighted * 100, 360))
            owed += even(Fraction(max(-balance, 0) * rate * 100, 360))


def e8(balance: int, ppm: int, days: int, year: int) -> int:
    """Return simple interest in 10⁻⁸ of a minor unit."""
    return even(Fraction(balance * ppm * 100 * days, year))


def part(amount: int, ppm: int) -> int:
    """Return parts per million of an amount."""
    return away(Fraction(amount * ppm, 10**6))


def next_on(day: dt.date, number: int) -> dt.date:
    """Return the next date that is a day of a month."""
    this = day.replace(day=number)
    return this if this > day else later(day.replace(day=1), 1).replace(day=number)


class Daily(Agreement):
    """An agreement that wakes up every day: events, entries and changes, the close."""

    def __init__(self, opened: dt.date, terms: dict[str, int]) -> None:
        super().__init__(opened)
        self.terms, self.day, self.grown = dict(terms), opened, Counter[str]()

    def live(
        self,
        days: int,
        entries: dict[dt.date, list[int]],
        changes: dict[dt.date, tuple[str, int]] | None = None,
    ) -> None:
        """Live through a number of days; a change comes after the entries of its day."""
        self.open()
        for number in range(days):
            self.day = self.opened + number * ONE_DAY
            self.fall_due()
            for amount in entries.get(self.day, []):
                if self.refuses(amount):
                    self.refused.append(self.day)
                else:
                    self.enter(amount)
                    self.fall_due()
            if changes and self.day in changes:
                name, value = changes[self.day]
                self.terms[name] = value
                self.change(name)
                self.fall_due()
            self.close()

    def open(self) -> None: ...

    def fall_due(self) -> None: ...

    def refuses(self, amount: int) -> bool:
        return False

    def enter(self, amount: int) -> None: ...

    def change(self, name: str) -> None: ...

    def close(self) -> None: ...

    def settle(self, name: str, into: str) -> None:
        """Post what has grown, and keep the residue."""
        whole = away(Fraction(self.grown[name], 10**8))
        self.balances[into] += whole
        self.grown[name] -= whole * 10**8

    def move(self, source: str, into: str, amount: int) -> None:
        """Move what is owed, or owned, from one account to another."""
        self.balances[source] -= amount
        self.balances[into] += amount

    def pay(self, order: tuple[str, ...], amount: int, source: str = "paid_in") -> None:
        """Pay accounts off in order."""
        for name in order:
            paid = max(min(amount, self.balances[name]), 0)
            self.balances[name] -= paid
            self.balances[source] -= paid
            amount -= paid


class Loan(Daily):
    """The instalment loan, with monthly payments and without grace or holidays."""

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
        left = 1 if self.is_last else self.terms["term"] - self.number
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
        self.due = later(self.opened, self.number + 1) if owe["main"] else None

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
        return [Fraction(self.terms["rate"] * one, 360 * 10**6) for one in days]

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
        if name == "amount":
            more = max(self.terms["amount"] - self.drawn, 0)
            self.balances["main"] += more
            self.drawn += more
        if name == "term":
            for due in self.DUES:
                self.move(due, "main", self.balances[due])

    def close(self) -> None:
        owe, terms = self.balances, self.terms
        tomorrow = self.day + ONE_DAY
        self.weight += owe["main"] * terms["rate"] * (thirty(tomorrow) - thirty(self.day))
        overdue = owe["due_principal"] + terms["compounds"] * owe["due_interest"]
        self.grown["late"] += e8(overdue, part(terms["rate"], terms["penalty"]), 1, 360)


class FixedDeposit(Daily):
    """The fixed deposit."""

    def open(self) -> None:
        self.began, self.has_matured = self.opened, False
        self.maturity: dt.date | None = later(self.opened, self.terms["term"])

    def fall_due(self) -> None:
        if self.maturity is not None and self.maturity <= self.day:
            self.settle("interest", "earned")
            self.began, renewal = self.day, self.terms["renewal"]
            self.has_matured = self.has_matured or renewal == 0
            again = later(self.day, self.terms["term"])
            self.maturity = again if renewal and self.balances["main"] else None
            if renewal == 2:
                self.move("earned", "main", self.balances["earned"])
            self.balances["earned"] = 0

    def refuses(self, amount: int) -> bool:
        left = self.balances["main"] + amount
        if amount > 0 and self.day > self.opened:
            return True
        return left < 0 or 0 < left < self.terms["least_left"]

    def interest(self, amount: int, rate: int) -> int:
        """Return what an amount earns from the beginning to today."""
        return e8(amount, rate, (self.day - self.began).days, 365)

    def enter(self, amount: int) -> None:
        self.balances["main"] += amount
        if amount > 0:
            return
        if not self.has_matured:
            self.grown["interest"] -= self.interest(-amount, self.terms["rate"])
            self.grown["early"] += self.interest(-amount, self.terms["demand_rate"])
        if not self.has_matured:
            self.settle("early", "earned")
        if not self.balances["main"]:
            self.settle("interest", "earned")
        if self.terms["renewal"] == 2 and self.began == self.day:
            self.move("earned", "main", self.balances["earned"])
        self.balances["earned"] = 0

    def close(self) -> None:
        rate = self.terms["demand_rate" if self.has_matured else "rate"]
        days = (self.day - self.began).days
        before = e8(self.balances["main"], rate, days, 365)
        self.grown["interest"] += e8(self.balances["main"], rate, days + 1, 365) - before


class NoticeDeposit(Daily):
    """The notice deposit; every day's interest is reckoned from the opening."""

    announced: dt.date | None = None

    def refuses(self, amount: int) -> bool:
        left, least = self.balances["main"] + amount, self.terms["least"]
        if amount > 0:
            return self.day > self.opened or left < least
        return left < 0 or (left > 0 and (left < least or -amount < least))

    def change(self, name: str) -> None:
        if name == "notice":
            self.announced = self.day if self.terms["notice"] > 0 else None

    def enter(self, amount: int) -> None:
        self.balances["main"] += amount
        if amount > 0:
            return
        days = (self.day - self.opened).days
        grown = e8(-amount, self.terms["rate"], days, 360)
        in_time = self.announced is not None and (
            self.day >= self.announced + self.terms["days"] * ONE_DAY
        )
        good = in_time and -amount <= self.terms["notice"]
        self.grown["interest"] -= grown
        self.grown["paying"] += grown if good else e8(-amount, self.terms["demand_rate"], days, 360)
        self.settle("paying", "paid_out")
        self.announced = None

    def close(self) -> None:
        days, rate = (self.day - self.opened).days, self.terms["rate"]
        before = e8(self.balances["main"], rate, days, 360)
        self.grown["interest"] += e8(self.balances["main"], rate, days + 1, 360) - before


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
