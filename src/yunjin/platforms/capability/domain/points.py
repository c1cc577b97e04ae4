"""Points: what is earned, how lots are spent, an account that is never below 0. Pure.

came − went = balance + held − owed, and the lots together are the balance: whatever is done.
"""

import calendar
import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Final

from yunjin.kernel import check
from yunjin.platforms.capability.api.points import Earning, EarningRule, Programme

NEVER: Final = dt.date(9999, 12, 31)  # the last day of what does not end
Parts = list[tuple[dt.date, int]]  # points by the last day of the lots they are of


@dataclass(slots=True, kw_only=True)
class Account:
    """A party's account while it is changed. lots: points that are left, by their last day."""

    programme: str
    party_id: str
    balance: int = 0
    held: int = 0
    owed: int = 0
    came: int = 0
    went: int = 0
    entries: int = 0
    day: dt.date
    day_points: int = 0
    month: dt.date
    month_points: int = 0
    lots: dict[dt.date, int] = field(default_factory=dict)
    touched: dict[dt.date, int] = field(default_factory=dict)  # what came into each lot
    over: int = 0  # what has ended while it was changed

    def turn(self, today: dt.date) -> None:
        """Let the running day and month be those of a business date."""
        if self.day != today:
            self.day, self.day_points = today, 0
        if self.month != today.replace(day=1):
            self.month, self.month_points = today.replace(day=1), 0

    def come(self, points: int, expires: dt.date) -> None:
        """Let points come in; what is owed is paid of them."""
        self.came += points
        self._put([(expires, points)])

    def leave(self, points: int, first: dt.date | None = None) -> Parts:
        """Let points go out, those of the lot `first` before others. Returns what was taken."""
        parts = self._take(points, first)
        self.went += points
        return parts

    def take_back(self, points: int, first: dt.date) -> None:
        """Take back what came in; what is not there any more is owed."""
        there = min(points, self.balance)
        self._take(there, first)
        self.owed += points - there
        self.went += points

    def hold(self, points: int) -> Parts:
        """Put points aside. Returns what was taken."""
        parts = self._take(points, None)
        self.held += points
        return parts

    def spend(self, points: int) -> None:
        """Let held points go out."""
        self.held -= points
        self.went += points

    def free(self, parts: Parts) -> None:
        """Put held points back into their lots; what is owed is paid of them."""
        self.held -= sum(points for _, points in parts)
        self._put(parts)

    def bring_back(self, parts: Parts) -> None:
        """Let spent points come back into their lots; what is owed is paid of them."""
        self.came += sum(points for _, points in parts)
        self._put(parts)

    def end(self, today: dt.date) -> int:
        """Let what is left in lots whose last day is over go out; return how much."""
        points = sum(left for expires, left in self.lots.items() if expires < today)
        self.over += points
        self.leave(points)  # those that end first go first
        return points

    @property
    def ends(self) -> dt.date:
        """The earliest last day of what is left."""
        return min((day for day, left in self.lots.items() if left), default=NEVER)

    def check(self) -> None:
        """Hold the account to its sums."""
        whole = (self.balance, self.held, self.owed)
        check.that(min(whole) >= 0, f"expected no part below 0, was {whole}")
        check.that(
            self.came - self.went == self.balance + self.held - self.owed,
            "expected what came less what went to be what is there",
        )
        check.that(
            self.balance == sum(self.lots.values()), "expected the lots to make up the balance"
        )

    def _put(self, parts: Parts) -> None:
        for expires, points in parts:
            self.lots[expires] = self.lots.get(expires, 0) + points
            self.touched[expires] = self.touched.get(expires, 0) + points
            self.balance += points
        paid = min(self.owed, self.balance)
        if paid:
            self._take(paid, None)
            self.owed -= paid

    def _take(self, points: int, first: dt.date | None) -> Parts:
        check.that(0 <= points <= self.balance, "expected points that are there")
        parts: Parts = []
        order = sorted(self.lots, key=lambda day: (day != first, day))
        left = points
        for day in order:
            part = min(self.lots[day], left)
            if part:
                self.lots[day] -= part
                self.touched.setdefault(day, 0)
                parts.append((day, part))
                left -= part
        self.balance -= points
        return parts


def earned(programme: Programme, earning: Earning, day: dt.date) -> tuple[int, tuple[str, ...]]:
    """Return what an earning brings before caps, and the rules that brought it."""
    fitting = [one for one in programme.rules if _fits(one, earning, day)]
    own = [one for one in fitting if not one.is_bonus and one.category]
    any_ = [one for one in fitting if not one.is_bonus and not one.category]
    counted = (own or any_) + [one for one in fitting if one.is_bonus]
    brought = [(one.code, _points(one, earning.amount_minor)) for one in counted]
    return sum(points for _, points in brought), tuple(code for code, points in brought if points)


def _fits(rule: EarningRule, earning: Earning, day: dt.date) -> bool:
    return (
        rule.category in ("", earning.category)
        and earning.amount_minor >= rule.least_minor
        and (rule.since is None or rule.since <= day)
        and (rule.until is None or day < rule.until)
    )


def _points(rule: EarningRule, amount_minor: int) -> int:
    steps = amount_minor // rule.per_minor if rule.per_minor else 0
    return rule.points + steps * rule.per_points


def allowed(programme: Programme, account: Account, points: int) -> int:
    """Return how much of what was earned the caps let in; the account stands at its day."""
    rooms = [points]
    if programme.day_max:
        rooms.append(programme.day_max - account.day_points)
    if programme.month_max:
        rooms.append(programme.month_max - account.month_points)
    return max(min(rooms), 0)


def last_day(programme: Programme, day: dt.date) -> dt.date:
    """Return the last day of what comes in on a day: the end of the month that it ends in."""
    if not programme.months:
        return NEVER
    months = day.year * 12 + day.month - 1 + programme.months
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def some_of(parts: Parts, skip: int, points: int) -> Parts:
    """Return the points after the first `skip` of a list of parts, so many, last ends first."""
    found: Parts = []
    for day, part in sorted(parts, reverse=True):
        passed = min(skip, part)
        taken = min(part - passed, points)
        skip, points = skip - passed, points - taken
        if taken:
            found.append((day, taken))
    return found


def event_digest(event_id: str) -> bytes:
    """Return what an event is known by."""
    return hashlib.sha256(event_id.encode()).digest()
