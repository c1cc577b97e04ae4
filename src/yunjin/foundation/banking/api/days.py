"""Business days: which one is open, how closing one goes on, what it came to."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStep:
    """A step of a day's close."""

    name: str  # "close": accrue, book, classify; "open": what falls due on the next day
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
class DaySum:
    """What a day came to in one currency."""

    currency: str
    accrued_minor: int
    provision_minor: int  # added, or released where < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """A business day.

    status : "open", "closing", "closed", "opening" (the day before it is closed, it is not open
        yet) or "unproven" (the proof found a difference; the next day is not opened).
    sums : by currency; none before the proof.
    seconds : from the beginning of its close until the next day was open.
    steps : how far a close is that is not over, the running step last.
    flow_id : the durable flow that closes it, told with the proof; None where none was begun.
    """

    date: dt.date
    status: str
    agreements: int
    transfers: int
    sums: tuple[DaySum, ...]
    waiting: int
    seconds: float
    steps: tuple[DayStep, ...]
    proof: tuple[ProofLine, ...]
    flow_id: UUID | None = None


class DaysApi(Protocol):
    """The bank's own calendar."""

    def business_date(self) -> dt.date:
        """Return the day that is open."""

    def last_closed(self) -> dt.date | None:
        """Return the newest closed day, None while none is closed."""

    def close(
        self,
        until: dt.date | None = None,
        *,
        progress: Callable[[DayReport], None] | None = None,
        wait_s: int | None = None,
    ) -> DayReport:
        """Close the open day, or every day up to and with `until`, one after the other.

        A durable flow closes each; who calls while one is closed joins it. It goes on by itself
        where the caller, or the process, is gone. Called again after a refusal was seen to, it
        goes on where it was and comes to the same.

        Parameters
        ----------
        progress : told how far the running day is.
        wait_s : return after so many seconds what there is then (its status tells), in place of
            waiting for the end.

        Raises: DayNotProven, Malformed (a day that is closed, too far ahead), Outage (it is tried
        again by itself), Bug (a close that is parked: a person has to look).
        """

    def day(self, date: dt.date) -> DayReport:
        """Return a day. Raises: NotFound."""

    def days(self, *, limit: int = 31) -> list[DayReport]:
        """Return days, newest first, without their proofs."""
