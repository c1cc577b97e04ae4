"""What all slow agreements share: dates, rounding, accruals, a ledger of their own."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
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
