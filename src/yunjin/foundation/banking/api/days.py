"""Business days: which one is open, how closing one goes on, what it came to."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStep:
    """A step of a day's close."""

    name: str  # "accrue", "classify", "book", "prove", "open"
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """A slot of the general ledger beside the accounts that make it up, debits less credits."""

    slot: str
    branch: str
    currency: str
    subledger_minor: int
    ledger_minor: int

    @property
    def difference_minor(self) -> int:
        """Always 0, or money was made or lost."""
        return self.subledger_minor - self.ledger_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """A business day.

    status : "open", "closing", "closed" or "unproven" (the proof found a difference; the next day
        is not opened).
    """

    date: dt.date
    status: str
    agreements: int
    transfers: int
    accrued_minor: int
    provision_minor: int  # added, or released where < 0
    waiting: int
    seconds: float
    steps: tuple[DayStep, ...]
    proof: tuple[ProofLine, ...]


class DaysApi(Protocol):
    """The bank's own calendar."""

    def business_date(self) -> dt.date:
        """Return the day that is open."""

    def last_closed(self) -> dt.date | None:
        """Return the newest closed day, None while none is closed."""

    def close(
        self, until: dt.date | None = None, *, progress: Callable[[DayReport], None] | None = None
    ) -> DayReport:
        """Close the open day, or every day up to and with `until`, one after the other.

        Stopped anywhere and called again, it goes on where it was and comes to the same.
        Raises: DayNotProven, Malformed (a day that is closed, too far ahead), Outage.
        """

    def day(self, date: dt.date) -> DayReport:
        """Return a day. Raises: NotFound."""

    def days(self, *, limit: int = 31) -> list[DayReport]:
        """Return days, newest first, without their proofs."""
