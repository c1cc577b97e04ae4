"""What people do to flows: cancel, try again, skip. Who did it and why is kept with the flow."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import structlog

from yunjin.chassis.flow.problems import (
    FlowEnded,
    FlowNotParked,
    NoSuchFlow,
    NothingToSkip,
    TooLarge,
)
from yunjin.chassis.flow.reading import FlowReader
from yunjin.chassis.flow.tables import REREAD, WHO_LENGTH, WHY_LENGTH, Outcome, State
from yunjin.chassis.flow.values import TooMuch, Unfit, read, written
from yunjin.chassis.persistence import SqlUnitOfWork, instant_us
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7

_log: Final = structlog.get_logger()
_ANSWER_BYTES_MAX: Final = 65_536
_NEVER_SKIPPED: Final = frozenset({"flow changed", "version missing"})


@dataclass(frozen=True, slots=True)
class Person:
    """Who does something to a flow, and why; both may be empty where a program does it."""

    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person may do to a flow now. skip: the number of a step, 0: none; step: its name."""

    can_retry: bool
    can_cancel: bool
    skip: int
    step: str


NOBODY: Final = Person()


class FlowDeeds(FlowReader):
    """The deeds of people on a room's flows, each in one transaction with its record."""

    def cancel(
        self, flow_id: UUID, *, by: Person = NOBODY, work: SqlUnitOfWork | None = None
    ) -> None:
        """Ask for a flow's end: it stops where it is and undoes what it did. Twice is once.

        Its children are cancelled too, or undone where they are done.

        Raises: NoSuchFlow, FlowEnded, Malformed; without `work` Outage, Unknown too.
        """
        _check(by)

        def cancelled(work: SqlUnitOfWork) -> None:
            row = self._held(work.connection, flow_id)
            if row.state == State.CANCELLED:
                return
            if State(row.state).is_end:
                raise FlowEnded("The flow has ended.", flow_id=str(flow_id))
            if not row.is_cancelled:
                self._wake(work.connection, flow_id, is_cancelled=1)
                self._record(work.connection, flow_id, "cancel", by)

        self._do(cancelled, work)
        _log.info("flow.cancel_asked", room=self.room.room, flow_id=str(flow_id))

    def retry(
        self, flow_id: UUID, *, by: Person = NOBODY, work: SqlUnitOfWork | None = None
    ) -> None:
        """Let a parked flow go on from its journal: its trouble was seen to.

        A flow that waits for its next try after an outage tries at once.

        Raises: NoSuchFlow, FlowNotParked, Malformed; without `work` Outage, Unknown too.
        """
        _check(by)

        def retried(work: SqlUnitOfWork) -> None:
            row = self._held(work.connection, flow_id)
            if row.state == State.PARKED:
                place = read(row.outcome)
                number, step = int(place["number"]), str(place["step"])
                self._wake(work.connection, flow_id, outcome=None)
            else:
                number, step = self._try_now(work.connection, flow_id)
            self._record(work.connection, flow_id, "retry", by, number=number, step=step)

        self._do(retried, work)
        _log.info("flow.retry_asked", room=self.room.room, flow_id=str(flow_id))

    def skip(
        self,
        flow_id: UUID,
        number: int,
        *,
        by: Person,
        answer: Any = None,
        work: SqlUnitOfWork | None = None,
    ) -> None:
        """Let a flow go on as if a step had been answered: a person has seen to it otherwise.

        It may be skipped where the flow is parked at that step, or waits for its next try. What is
        skipped is not undone later. A skipped undoing (number < 0) leaves what was done.

        Parameters
        ----------
        number : the step's, as the journal or the parked flow's `outcome` has it.
        by : with a reason.
        answer : what the flow is sent, JSON.

        Raises: NoSuchFlow, NothingToSkip, Malformed, TooLarge; without `work` Outage, Unknown too.
        """
        _check(by)
        if not by.why.strip():
            raise Malformed("expected a reason to skip a step, was none")
        text = _text(answer)

        def skipped(work: SqlUnitOfWork) -> None:
            row = self._held(work.connection, flow_id)
            step = self._skippable(work.connection, flow_id, row).get(number)
            if step is None:
                raise NothingToSkip(
                    "expected a flow that is parked at this step, or waits for its next try",
                    flow_id=str(flow_id),
                    number=number,
                )
            steps, now_us = self.tables.steps, instant_us(self.room.clock.now_ns())
            values = {"outcome": Outcome.SKIPPED, "at_us": now_us, "answer": text}
            of = (steps.c.flow_id == flow_id, steps.c.number == number)
            changed = work.connection.execute(sa.update(steps).where(*of).values(**values))
            if not changed.rowcount:
                at = {"flow_id": flow_id, "number": number, "name": step}
                work.connection.execute(sa.insert(steps).values(**at, **values))
            self._wake(work.connection, flow_id, outcome=None, waits_for=REREAD)
            self._record(work.connection, flow_id, "skip", by, number=number, step=step)

        self._do(skipped, work)
        _log.info("flow.step_skipped", room=self.room.room, flow_id=str(flow_id), number=number)

    def choices(self, flow_id: UUID) -> Choices:
        """Return what a person may do to a flow now. Raises: NoSuchFlow, Outage."""
        flows = self.tables.flows

        def found(connection: sa.Connection) -> Choices:
            c = flows.c
            query = sa.select(c.state, c.is_cancelled, c.outcome).where(c.flow_id == flow_id)
            row = connection.execute(query).one_or_none()
            if row is None:
                raise NoSuchFlow("No such flow was started here.", flow_id=str(flow_id))
            is_parked, is_open = row.state == State.PARKED, not State(row.state).is_end
            tried = self._skippable(connection, flow_id, row)
            number, step = next(iter(tried.items()), (0, ""))
            return Choices(
                can_retry=is_parked or bool(tried),
                can_cancel=is_open and not row.is_cancelled,
                skip=number,
                step=step,
            )

        return self.room.read(found)

    def _skippable(self, connection: sa.Connection, flow_id: UUID, row: Any) -> dict[int, str]:
        """Return the steps that may be skipped, number and name."""
        c = self.tables.steps.c
        if row.state == State.PARKED:
            place = read(row.outcome)
            number, kind = int(place["number"]), place["kind"]
            query = sa.select(c.outcome).where(c.flow_id == flow_id, c.number == number)
            known = connection.execute(query).scalar_one_or_none()
            # What was answered is done: the trouble is in the flow's own code behind it.
            is_answered = known is not None and Outcome(known).is_settled
            is_open = number != 0 and kind not in _NEVER_SKIPPED and not is_answered
            return {number: str(place["step"])} if is_open else {}
        if State(row.state).is_end:
            return {}
        query = sa.select(c.number, c.name).where(c.flow_id == flow_id, c.outcome == Outcome.TRIED)
        return {row.number: row.name for row in connection.execute(query.order_by(c.number))}

    def _try_now(self, connection: sa.Connection, flow_id: UUID) -> tuple[int, str]:
        """Let what waits for its next try have it now; return the first. Raises: FlowNotParked."""
        steps = self.tables.steps
        c, first = steps.c, (0, "")
        query = sa.select(c.number, c.name, c.outcome, c.answer).where(
            c.flow_id == flow_id, c.outcome.in_([Outcome.TRIED, Outcome.FANNED])
        )
        for row in connection.execute(query.order_by(c.number)).all():
            note = read(row.answer)
            if row.outcome == Outcome.TRIED:
                note["due_us"] = 0
            elif any(due_us for _, _, due_us, _ in note["begun"]):
                note["begun"] = [[at, tries, 0, item] for at, tries, _, item in note["begun"]]
            else:
                continue
            first = first if first[0] else (row.number, row.name)
            mine = sa.update(steps).where(c.flow_id == flow_id, c.number == row.number)
            connection.execute(mine.values(answer=_text(note, 4_000_000)))
        if not first[0]:
            raise FlowNotParked("The flow is not parked.", flow_id=str(flow_id))
        self._wake(connection, flow_id, waits_for=REREAD)
        return first

    def _record(
        self,
        connection: sa.Connection,
        flow_id: UUID,
        deed: str,
        by: Person,
        *,
        number: int = 0,
        step: str = "",
    ) -> None:
        values = {
            "flow_id": flow_id,
            "deed_id": uuid7(self.room.clock),
            "at_us": instant_us(self.room.clock.now_ns()),
            "deed": deed,
            "number": number,
            "step": step,
            "who": by.who.strip(),
            "why": by.why.strip(),
        }
        connection.execute(sa.insert(self.tables.deeds).values(**values))

    def _held(self, connection: sa.Connection, flow_id: UUID) -> Any:
        c = self.tables.flows.c
        query = sa.select(c.state, c.is_cancelled, c.outcome).where(c.flow_id == flow_id)
        row = connection.execute(query.with_for_update()).one_or_none()
        if row is None:
            raise NoSuchFlow("No such flow was started here.", flow_id=str(flow_id))
        return row

    def _wake(self, connection: sa.Connection, flow_id: UUID, **values: Any) -> None:
        now_us = instant_us(self.room.clock.now_ns())
        self._set(connection, flow_id, state=State.RUNNING, due_us=now_us, **values)

    def _set(self, connection: sa.Connection, flow_id: UUID, **values: Any) -> None:
        flows = self.tables.flows
        connection.execute(sa.update(flows).where(flows.c.flow_id == flow_id).values(**values))

    def _do(self, body: Any, work: SqlUnitOfWork | None) -> None:
        if work is not None:
            body(work)
        else:
            self.room.run(body)
        self.bell.set()


def _check(by: Person) -> None:
    for what, text, most in (("name", by.who, WHO_LENGTH), ("reason", by.why, WHY_LENGTH)):
        if len(text) > most:
            raise Malformed(f"expected a {what} of at most {most} characters, was {len(text)}")


def _text(answer: Any, bytes_max: int = _ANSWER_BYTES_MAX) -> str | None:
    try:
        return written(answer, bytes_max)[0]
    except Unfit as unfit:
        kind = TooLarge if isinstance(unfit, TooMuch) else Malformed
        raise kind(str(unfit)) from None
