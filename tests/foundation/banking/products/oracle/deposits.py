"""Deposits in slow Python."""

import datetime as dt

from tests.foundation.banking.products.oracle.base import ONE_DAY, Daily, e8, later


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
            gone = 12 * (self.day.year - self.opened.year) + self.day.month - self.opened.month
            again = later(self.opened, gone + self.terms["term"])
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
    noticed = 0

    def refuses(self, amount: int) -> bool:
        left, least = self.balances["main"] + amount, self.terms["least"]
        if amount > 0:
            return self.day > self.opened or left < least
        return left < 0 or (left > 0 and (left < least or -amount < least))

    def change(self, name: str) -> None:
        if name != "notice":
            return
        if self.announced is not None:  # not taken out: the days of the notice earn nothing
            days = min((self.day - self.announced).days, self.terms["days"])
            self.grown["interest"] -= e8(self.noticed, self.terms["rate"], days, 360)
        self.noticed = self.terms["notice"]
        self.announced = self.day if self.noticed > 0 else None

    def enter(self, amount: int) -> None:
        self.balances["main"] += amount
        if amount > 0:
            return
        days = (self.day - self.opened).days
        in_time = self.announced is not None and (
            self.day >= self.announced + self.terms["days"] * ONE_DAY
        )
        good = min(-amount, self.noticed) if in_time else 0
        self.grown["interest"] -= e8(-amount, self.terms["rate"], days, 360)
        self.grown["paying"] += e8(good, self.terms["rate"], days, 360)
        self.grown["paying"] += e8(-amount - good, self.terms["demand_rate"], days, 360)
        self.settle("paying", "paid_out")
        self.announced, self.noticed = None, 0

    def close(self) -> None:
        days, rate = (self.day - self.opened).days, self.terms["rate"]
        before = e8(self.balances["main"], rate, days, 360)
        self.grown["interest"] += e8(self.balances["main"], rate, days + 1, 360) - before
