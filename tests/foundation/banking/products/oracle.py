"""An oracle of two shipped products: one agreement, one day at a time, exact fractions.

It shares no code with the engine but the names of the accounts, so that both being wrong in the
same way takes two mistakes.
"""

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


class Loan(Agreement):
    """The instalment loan."""

    def run(
        self,
        terms: dict[str, int],
        instalment: int,
        days: int,
        entries: dict[dt.date, list[int]],
    ) -> None:
        """Live through a number of days."""
        owe, left = self.balances, terms["term"]
        owe["main"] = terms["amount"]
        interest = late = billed = 0
        for number in range(days):
            day = self.opened + number * ONE_DAY
            if left and day == later(self.opened, billed + 1):
                due, fine = away(Fraction(interest, 10**8)), away(Fraction(late, 10**8))
                part = self._part(terms["method"], instalment, due, left)
                owe["due_interest"] += due
                owe["due_penalty"] += fine
                owe["due_principal"] += part
                owe["main"] -= part
                interest, late = interest - due * 10**8, late - fine * 10**8
                billed, left = billed + 1, left - 1
                self._collect()
            for amount in entries.get(day, []):
                if amount < 0:
                    self.refused.append(day)
                else:
                    owe["paid_in"] += amount
                    self._collect()
            nights = thirty(day + ONE_DAY) - thirty(day)
            interest += even(Fraction(owe["main"] * terms["rate"] * 100 * nights, 360))
            fine_rate = away(Fraction(terms["rate"] * terms["penalty"], 10**6))
            overdue = owe["due_principal"] + owe["due_interest"]
            late += even(Fraction(overdue * fine_rate * 100, 360))

    def _part(self, method: int, instalment: int, due: int, left: int) -> int:
        if left == 1:
            return self.balances["main"]
        wanted = instalment - (due if method == 1 else 0)
        return min(max(wanted, 0), self.balances["main"])

    def _collect(self) -> None:
        for name in ("due_penalty", "due_interest", "due_principal"):
            part = min(self.balances["paid_in"], self.balances[name])
            self.balances["paid_in"] -= part
            self.balances[name] -= part
