"""Months of the books 会计期间: which may be booked to, closed, opened again, locked."""

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yunjin.foundation.banking.domain.general_ledger.movements import FIRST_DAY, LAST_DAY
from yunjin.foundation.banking.errors import PeriodClosed, PeriodNotReady
from yunjin.kernel.errors import Malformed

OPEN: Final = "open"
CLOSED: Final = "closed"
LOCKED: Final = "locked"
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month, by its number: 12 × year + month − 1."""

    number: int

    @classmethod
    def of(cls, date: dt.date) -> "Month":
        """Return the month of a date."""
        return cls(date.year * 12 + date.month - 1)

    @classmethod
    def read(cls, text: str) -> "Month":
        """Read 2026-01. Raises: Malformed."""
        match = _MONTH.fullmatch(text)
        if match is None or not FIRST_DAY.year <= int(match[1]) <= LAST_DAY.year:
            raise Malformed(f"expected a month such as 2026-01, was {text[:20]!r}")
        return cls(int(match[1]) * 12 + int(match[2]) - 1)

    @property
    def year(self) -> int:
        """The year it is in."""
        return self.number // 12

    @property
    def first(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, self.number % 12 + 1, 1)

    @property
    def last(self) -> dt.date:
        """Its last day."""
        month = self.number % 12 + 1
        return dt.date(self.year, month, calendar.monthrange(self.year, month)[1])

    @property
    def is_december(self) -> bool:
        """Whether a year ends with it."""
        return self.number % 12 == 11

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Months:
    """Months that are closed or locked, by number; every other one is open.

    first : the month of the first entry, None while there is none.
    """

    states: Mapping[int, str]
    first: Month | None

    def state(self, month: Month) -> str:
        """Return whether a month is open, closed or locked; those before a closed one are too."""
        if self.states and month.number < min(self.states):
            return CLOSED
        return self.states.get(month.number, OPEN)

    def check_open(self, date: dt.date) -> None:
        """See that a date may be booked to. Raises: PeriodClosed."""
        month = Month.of(date)
        state = self.state(month)
        if state != OPEN:
            raise PeriodClosed(
                f"expected a date in an open month, {month} is {state}",
                month=str(month),
                state=state,
            )

    def check_may_close(self, month: Month) -> None:
        """See that a month's turn has come. Raises: PeriodNotReady."""
        if self.state(month) != OPEN:
            raise PeriodNotReady(f"expected an open month, {month} is {self.state(month)}")
        last = Month(max(self.states)) if self.states else None
        wanted = Month(last.number + 1) if last else self.first
        if wanted is not None and month != wanted:
            raise PeriodNotReady(
                f"expected {wanted} to be closed first, was {month}", month=str(wanted)
            )

    def check_may_reopen(self, month: Month) -> None:
        """See that a month is the last closed one. Raises: PeriodNotReady."""
        if self.states.get(month.number) != CLOSED:
            raise PeriodNotReady(f"expected a closed month, {month} is {self.state(month)}")
        last = Month(max(self.states))
        if month != last:
            raise PeriodNotReady(
                f"expected {last} to be opened first, was {month}", month=str(last)
            )

    def lockable(self, month: Month) -> list[Month]:
        """Return the closed months up to one that is to be locked. Raises: PeriodNotReady."""
        if self.state(month) == OPEN:
            raise PeriodNotReady(f"expected a closed month, {month} is open")
        return [
            Month(number)
            for number, state in sorted(self.states.items())
            if state == CLOSED and number <= month.number
        ]
