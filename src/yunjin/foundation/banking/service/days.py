"""DaysApi: business days, each closed by a durable flow of its own.

The flow of a date is found by its id, so that two who close a day close it once. Up to which day
to go on is a wish in the newest day's row: the last act of a close begins the next one by it.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np

from yunjin.chassis.flow import Flows, FlowState, Outcome, Progress, State
from yunjin.chassis.persistence import SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.days import DayReport, DayStep, DaySum, ProofLine
from yunjin.foundation.banking.service.core import Core
from yunjin.foundation.banking.service.day_parts import (
    DayParts,
    GeneralLedgerPort,
    is_half_closed,
    seconds_of,
)
from yunjin.foundation.banking.service.registry import Registry
from yunjin.foundation.banking.store import keeping
from yunjin.kernel.errors import Bug, Malformed, NotFound, of_document
from yunjin.kernel.ids import uuid7_of

DAYS_AHEAD_MAX: Final = 3_660
FLOWS_KEPT_DAYS: Final = 400  # of closes that ended; what they came to, the days' rows say
FLOW: Final = "day.close"
_EPOCH: Final = dt.date(1970, 1, 1)
_DAY_MS: Final = 86_400_000
_PATIENCE_TRIES: Final = 4  # an outage of some seconds is waited out with the caller
Told = Callable[[DayReport], None]


@dataclass(frozen=True, slots=True)
class Attempt:
    """The flow that closes a date: the first, or one more after it was refused or cancelled."""

    flows: Flows
    date: dt.date
    number: int

    @property
    def flow_id(self) -> UUID:
        """The same for all who close the day."""
        words = f"{FLOW}/{self.flows.room.tenant}/{self.date}/{self.number}".encode()
        chance = int.from_bytes(hashlib.blake2b(words, digest_size=10).digest(), "big")
        return uuid7_of((self.date - _EPOCH).days * _DAY_MS, chance & (2**74 - 1))

    def state(self) -> FlowState | None:
        """Return where it stands, None where it was not begun."""
        try:
            return self.flows.state(self.flow_id)
        except NotFound:
            return None

    def start(self, work: SqlUnitOfWork) -> None:
        """Let it begin, if the transaction commits."""
        self.flows.start(self.flow_id, FLOW, self.date.isoformat(), self.number, work=work)

    def passed(self, stage: str, done: int, total: int) -> None:
        """Say how many pages of a stage are done, of how many; said again, it counts once."""
        known = {line.name: line.done for line in self.flows.progress(self.flow_id)}
        self.flows.advance(self.flow_id, stage, done - known.get(stage, 0), total=total)

    def go_on(self, date: dt.date, work: SqlUnitOfWork) -> None:
        """Let the close of the next day begin too."""
        Attempt(self.flows, date, 1).start(work)


class DayService:
    """The bank's calendar.

    Parameters
    ----------
    flows_of : makes the room's flows of what closes a day.
    """

    def __init__(
        self,
        core: Core,
        registry: Registry,
        general_ledger: GeneralLedgerPort,
        flows_of: Callable[["DayService"], Flows],
    ) -> None:
        self._core, self._parts = core, DayParts(core, registry, general_ledger)
        self.flows = flows_of(self)

    def begin(self, date: dt.date) -> None:
        """Open a bank's first business day; later ones open by closing. Again changes nothing."""
        core = self._core
        with core.lock.looking():
            if core.room.read(keeping.newest_day) is None:
                day: Any = np.datetime64(date, "D")
                now_us = instant_us(core.clock.now_ns())
                core.room.run(
                    lambda work: keeping.put_day(work.connection, _days(date), "open", {}, now_us)
                )
                core.new_day(day)

    def resume(self) -> None:
        """See that a close which was stopped goes on; forget how those of long ago went."""
        with self._core.lock.looking():
            row = self._parts.newest()
            self._parts.tell_refused()
            self._parts.take_rules()
            if is_half_closed(row):
                self._begun(_closing_date(row))
        self.flows.prune(days=FLOWS_KEPT_DAYS)

    def business_date(self) -> dt.date:
        return _date(self._core.today)

    def bring_terms(self) -> None:
        """Bring changed terms that act by now to the agreements."""
        with self._core.lock:
            self._parts.bring_terms()

    # closing ------------------------------------------------------------------------------------

    def close(
        self,
        until: dt.date | None = None,
        *,
        progress: Told | None = None,
        wait_s: int | None = None,
    ) -> DayReport:
        with self._core.lock.looking():
            row = self._parts.newest()
        first = _closing_date(row)
        last = first if until is None else until
        if not 0 <= (last - first).days <= DAYS_AHEAD_MAX:
            raise Malformed(
                f"expected a day from {first} on, at most {DAYS_AHEAD_MAX} ahead, was {last}"
            )
        clock = self._core.clock
        until_ns = clock.monotonic_ns() + (wait_s or 0) * 1_000_000_000

        def is_late() -> bool:
            return wait_s is not None and clock.monotonic_ns() >= until_ns

        for days in range((last - first).days + 1):
            date = first + dt.timedelta(days=days)
            attempt = self._begun(date, last, is_first=not days)
            while not self._is_closed(attempt, progress, 0 if wait_s == 0 else 1):
                if is_late():
                    return self.day(self.business_date())
            if date < last and is_late():  # the flow goes on by itself
                return self.day(self.business_date())
        return self.day(last)

    def _begun(
        self, date: dt.date, last: dt.date | None = None, *, is_first: bool = False
    ) -> Attempt:
        """Return the flow that closes a day, begun where it is not; a new one after a refusal.

        last : up to which day to go on; None leaves that as it was wished.
        """
        attempt, found = self._newest_attempt(date)
        is_new = found is None or found.state in (State.FAILED, State.CANCELLED)
        if found is not None and is_new:
            attempt = Attempt(self.flows, date, attempt.number + 1)
        elif found is not None and found.state is State.PARKED:
            self.flows.retry(attempt.flow_id)

        def begun(work: SqlUnitOfWork) -> None:
            if last is not None:
                self._wish(work, last)
            if is_new:
                attempt.start(work)

        if is_new or (is_first and last is not None and last > date):
            with self._core.lock.looking():
                self._parts.newest()
                self._core.room.run(begun)
            self.flows.bell.set()  # what was rung before the commit was rung in vain
        return attempt

    def _newest_attempt(self, date: dt.date) -> tuple[Attempt, FlowState | None]:
        """Return the last flow of a day that was begun, and where it stands; else the first."""
        newest = Attempt(self.flows, date, 1)
        found = state = newest.state()
        while state is not None and state.state in (State.FAILED, State.CANCELLED):
            following = Attempt(self.flows, date, newest.number + 1)
            state = following.state()
            if state is not None:
                newest, found = following, state
        return newest, found

    def _wish(self, work: SqlUnitOfWork, last: dt.date) -> None:
        """Keep up to which day to go on, in the newest day's row."""
        row = keeping.newest_day(work.connection)
        wish = {"until": _days(last)} if _days(last) > row.date else {}
        others = {name: value for name, value in row.report.items() if name != "until"}
        if (facts := {**others, **wish}) != row.report:
            keeping.put_day(work.connection, row.date, row.status, facts, row.at_us)

    def _is_closed(self, attempt: Attempt, progress: Told | None, seconds: int) -> bool:
        """Wait for a day's flow; return whether it has ended well. Raises: what it ended by."""

        def look(state: FlowState, lines: list[Progress]) -> None:
            if progress is not None and lines:
                progress(_running(attempt.date, _steps(lines)))

        is_watched = progress is not None
        found = self.flows.wait(attempt.flow_id, seconds=seconds, look=look if is_watched else None)
        if found.problem is not None:
            raise found.problem
        if found.state is State.PARKED:
            said = f"The close of {attempt.date} stopped at {found.outcome['step']!r}"
            raise Bug(f"{said}: {found.outcome['kind']}: {found.outcome['reason']}")
        if found.state is State.WAITING:
            self._raise_at_length(attempt)
        if progress is not None and found.state is State.DONE:
            progress(_running(attempt.date, (DayStep(name="open", done=1, total=1),)))
        return found.state is State.DONE

    def _raise_at_length(self, attempt: Attempt) -> None:
        """Tell who waits of an outage that lasts; the flow tries on. Raises: Outage, Unknown."""
        rows = self.flows.history(attempt.flow_id, limit=1, newest_first=True)
        if rows and rows[0].outcome is Outcome.TRIED:
            note = rows[0].answer
            if note["tries"] >= _PATIENCE_TRIES:
                raise of_document(note["problem"])

    def go_on(
        self, command_id: UUID, date: str, attempt: int, stage: str, place: int
    ) -> tuple[str, int]:
        """Bring a day's close forward: what its flow asks for, again and again."""
        closes = Attempt(self.flows, dt.date.fromisoformat(date), attempt)
        return self._parts.go_on(date, stage, place, closes)

    # reading ------------------------------------------------------------------------------------

    def last_closed(self) -> dt.date | None:
        """Return the newest closed business day, None while none is closed."""
        row = self._core.room.read(keeping.newest_closed_day)
        return None if row is None else _EPOCH + dt.timedelta(days=row.date)

    def day(self, date: dt.date) -> DayReport:
        row = self._core.room.read(lambda connection: keeping.day(connection, _days(date)))
        if row is None:
            raise NotFound(f"There is no business day {date}.", date=str(date))
        return self._kept_report(row, with_proof=True)

    def days(self, *, limit: int = 31) -> list[DayReport]:
        if not 1 <= limit <= 400:
            raise Malformed(f"expected a limit of 1 to 400, was {limit}")
        rows = self._core.room.read(lambda connection: keeping.last_days(connection, limit))
        return [self._kept_report(row, with_proof=False) for row in rows]

    def _kept_report(self, row: Any, *, with_proof: bool) -> DayReport:
        facts, seconds = row.report, row.report.get("seconds", 0.0)
        steps: tuple[DayStep, ...] = ()
        flow_id: UUID | None = None
        if with_proof or is_half_closed(row):
            attempt, state = self._newest_attempt(_closing_date(row))
            flow_id = None if state is None else attempt.flow_id
        if is_half_closed(row):
            now_us = instant_us(self._core.clock.now_ns())
            seconds = seconds_of(facts, now_us)
            steps = _steps(self.flows.progress(attempt.flow_id))
        return DayReport(
            date=_EPOCH + dt.timedelta(days=row.date),
            status=row.status,
            agreements=facts.get("agreements", 0),
            transfers=facts.get("transfers", 0),
            sums=tuple(
                DaySum(currency=currency, accrued_minor=accrued, provision_minor=provided)
                for currency, accrued, provided in facts.get("sums", ())
            ),
            waiting=facts.get("waiting", 0),
            seconds=seconds,
            steps=steps,
            proof=tuple(
                ProofLine(
                    slot=slot,
                    branch=branch,
                    currency=currency,
                    subledger_minor=one,
                    ledger_minor=other,
                )
                for slot, branch, currency, one, other in facts.get("proof", ())
                if with_proof
            ),
            flow_id=flow_id,
        )


def _running(date: dt.date, steps: tuple[DayStep, ...]) -> DayReport:
    """Return how far the close of a day is, for who watches it."""
    is_opening = steps[-1].name == "open"
    return DayReport(
        date=date + dt.timedelta(days=is_opening),
        status="opening" if is_opening else "closing",
        agreements=0,
        transfers=0,
        sums=(),
        waiting=0,
        seconds=0.0,
        steps=steps[-1:],
        proof=(),
    )


def _steps(lines: list[Progress]) -> tuple[DayStep, ...]:
    return tuple(DayStep(name=one.name, done=one.done, total=one.total) for one in lines)


def _closing_date(row: Any) -> dt.date:
    """Return the day that is closed next, or is being closed."""
    return _EPOCH + dt.timedelta(days=row.date - (row.status == "opening"))


def _date(day: Any) -> dt.date:
    found: dt.date = day.astype(dt.date)
    return found


def _days(date: dt.date) -> int:
    return (date - _EPOCH).days
