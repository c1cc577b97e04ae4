"""One transaction of the engine: many flows go on, and all they did is saved together or not."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.flow.intents import PATIENT, Act, Call, Child, Signal, Step, Timer
from yunjin.chassis.flow.journal import Journal, Writes
from yunjin.chassis.flow.limits import FlowLimits
from yunjin.chassis.flow.problems import DOCUMENT_BYTES_MAX, FlowUnknown, Parked, described
from yunjin.chassis.flow.registry import Registry
from yunjin.chassis.flow.run import Run, Slot
from yunjin.chassis.flow.seats import Answered, Interrupted, Place, Seat
from yunjin.chassis.flow.step_work import StepWork
from yunjin.chassis.flow.tables import Outcome, State
from yunjin.chassis.flow.values import Unfit, read, step_id, written
from yunjin.chassis.persistence import Conflict, instant_us, request_hash
from yunjin.chassis.persistence.problems import problem_of
from yunjin.chassis.persistence.verdicts import Flavour
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Bug, Outage, Problem, Unknown

_CONFLICT_TRIES: Final = 3  # a race for a key is lost once or twice; more often it is no race


class Turn:
    """Brings the flows of one transaction forward.

    Parameters
    ----------
    arrived : what calls came to that is not journalled yet.
    doomed : steps whose last try ended the whole transaction, and how: a try that counts.
    """

    def __init__(
        self,
        work: StepWork,
        journal: Journal,
        registry: Registry,
        *,
        clock: Clock,
        limits: FlowLimits,
        flavour: Flavour,
        arrived: Mapping[Place, Answered],
        doomed: Mapping[Place, Problem],
    ) -> None:
        self._work, self._journal, self._registry = work, journal, registry
        self._limits, self._flavour = limits, flavour
        self._arrived, self._doomed = arrived, doomed
        self._clock, self._now_us = clock, instant_us(clock.now_ns())
        self._until_ns = 0
        self._writes = Writes()
        self._bytes = 0
        self.steps = 0
        self.used: list[Place] = []  # what arrived and is journalled now

    def play(self, flow_ids: list[UUID], live: Mapping[UUID, Run]) -> list[Seat]:
        """Let the flows go on as far as this transaction goes; return where each stands."""
        seats = self._seated(flow_ids, live)
        self._until_ns = self._clock.monotonic_ns() + self._limits.commit_ms * 1_000_000
        for seat in seats:
            if self._is_over():
                break
            before = self.steps
            self._go(seat)
            # Time may be over before its step began: then its turn is still to come, not had.
            seat.is_served = self.steps > before or bool(seat.calls) or not self._is_over()
        while moving := self._told(seats):
            for seat in moving:
                self._go(seat)
        for seat in seats:
            self._leave(seat)
        self._journal.save(self._work.connection, self._writes)
        return seats

    def _seated(self, flow_ids: list[UUID], live: Mapping[UUID, Run]) -> list[Seat]:
        """Lock the flows' rows, and recall from their journals those that are not in memory."""
        connection = self._work.connection
        rows = [
            row
            for row in self._journal.locked(connection, flow_ids)
            if row.state == State.RUNNING
            or (row.state == State.WAITING and row.due_us <= self._now_us)
        ]
        gone = [row.flow_id for row in rows if row.flow_id not in live]
        journals = self._journal.entries(connection, gone)
        seats = []
        for row in rows:
            seat = Seat(row, live.get(row.flow_id))
            try:
                if seat.run is None:
                    seat.run = Run(
                        row.flow_id,
                        self._registry.of(row.name, row.version),
                        version=row.version,
                        args=read(row.args),
                        journal=journals[row.flow_id],
                        fan_out_max=self._limits.fan_out_max,
                    )
                seat.run.is_cancelled = bool(row.is_cancelled)
            except Parked as parked:
                seat.parked = parked
            seats.append(seat)
        return seats

    def _go(self, seat: Seat) -> None:
        """Let a flow act until it has to wait or others have their turn."""
        run = seat.run
        if run is None or seat.parked is not None:
            return
        try:
            for _ in range(self._limits.steps_in_a_row):
                run.advance()
                self._keep_stop(run)
                if run.is_ended or not self._act(seat, run) or self._is_over():
                    return
        except Parked as parked:
            seat.parked = parked

    def _is_over(self) -> bool:
        """Return whether no more steps belong into this transaction; the first always does."""
        if not self.steps:
            return False
        if self.steps >= self._limits.steps_a_commit or self._bytes >= self._limits.bytes_a_commit:
            return True
        return self._clock.monotonic_ns() >= self._until_ns

    def _act(self, seat: Seat, run: Run) -> bool:
        """Do what can be done now; return whether everything asked for is settled."""
        is_all = True
        for slot in run.slots:
            if slot.is_settled:
                continue
            intent = slot.intent
            if self._must_wait(slot):
                pass
            elif isinstance(intent, Step):
                if not self._is_over():
                    self._try(run, slot, intent)
            elif isinstance(intent, Call):
                self._send_or_settle(seat, run, slot, intent)
            elif isinstance(intent, Timer):
                self._set_or_ring(run, slot, intent)
            elif isinstance(intent, Signal):
                self._hear(seat, run, slot, intent)
            elif slot.kept is None:
                self._start_child(run, slot, intent)
            is_all = is_all and slot.is_settled
        return is_all

    def _must_wait(self, slot: Slot) -> bool:
        return slot.kept is Outcome.TRIED and bool(slot.note["due_us"] > self._now_us)

    def _try(self, run: Run, slot: Slot, intent: Step) -> None:
        """Run a step behind a savepoint, so that a failing one is undone alone."""
        doomed = self._doomed.get((run.flow_id, slot.number)) if self._doomed else None
        if doomed is not None:
            self._judge(run, slot, Answered(error=doomed))
            return
        work = self._work
        self.steps += 1
        work.begin(run.flow_id, slot.number)
        try:
            answer = intent.act(work, *intent.args)
            self._answer(run, slot, answer)
        except sa.exc.SQLAlchemyError as error:
            problem = problem_of(error, flavour=self._flavour, committing=False)
            if isinstance(problem, Outage | Unknown):  # the transaction is gone with all others
                raise Interrupted((run.flow_id, slot.number), problem) from error
            work.undo()
            self._judge(run, slot, Answered(error=problem))
        except Exception as error:
            work.undo()
            self._judge(run, slot, Answered(error=error))
        else:
            work.keep()

    def _send_or_settle(self, seat: Seat, run: Run, slot: Slot, intent: Call) -> None:
        place = (run.flow_id, slot.number)
        arrived = self._arrived.get(place)
        if arrived is not None:
            self.used.append(place)
            self.steps += 1
            slot.is_flying = False
            self._judge(run, slot, arrived)
        elif not slot.is_flying:
            slot.is_flying = True
            seat.calls.append(slot)

    def _judge(self, run: Run, slot: Slot, came: Answered) -> None:
        """Journal what an act came to. Raises: Parked for what needs a person."""
        error = came.error
        if error is None:
            self._answer(run, slot, came.answer)
            return
        if isinstance(error, Parked):
            raise error
        name, number = slot.intent.name, slot.number
        if not isinstance(error, Problem) or isinstance(error, Bug):
            raise Parked(type(error).__name__, str(error), step=name, number=number) from error
        tries = 1 + (slot.note["tries"] if slot.kept is Outcome.TRIED else 0)
        if isinstance(error, Outage | Unknown):
            retry = slot.intent.retry if isinstance(slot.intent, Act) else PATIENT
            pause_us = None if retry.is_last(tries) else retry.pause_us(tries)
        else:
            is_race = isinstance(error, Conflict) and isinstance(slot.intent, Step)
            pause_us = 0 if is_race and tries < _CONFLICT_TRIES else None
        if pause_us is not None:
            due_us = self._now_us + pause_us
            note = {"tries": tries, "due_us": due_us, "problem": described(error)}
            self._note(run, slot, Outcome.TRIED, note)
        elif number < 0:  # what was done stays done: somebody has to know
            raise Parked(type(error).__name__, error.detail, step=name, number=number) from error
        else:
            text, value = written(described(error), DOCUMENT_BYTES_MAX)
            self._write(run, slot, Outcome.REFUSED, text)
            slot.settle(None, value)

    def _answer(self, run: Run, slot: Slot, answer: Any) -> None:
        """Journal an answer. Raises: Parked for one that is no JSON or too large."""
        text, value = self._written(slot, answer)
        self._write(run, slot, Outcome.ANSWERED, text)
        slot.settle(value)

    def _written(self, slot: Slot, value: Any) -> tuple[str | None, Any]:
        try:
            text, same = written(value, self._limits.answer_bytes_max)
        except Unfit as unfit:
            name, number = slot.intent.name, slot.number
            raise Parked("answer refused", str(unfit), step=name, number=number) from None
        self._bytes += len(text) if text is not None else 0
        return text, same

    def _write(self, run: Run, slot: Slot, outcome: Outcome, text: str | None) -> None:
        """Add a journal row to what is saved, or change the one that there is."""
        key = run.flow_id.bytes
        if slot.kept is None:
            row = (key, slot.number, slot.intent.name, outcome.value, self._now_us, text)
            self._writes.steps.append(row)
        else:
            self._writes.settled.append((outcome.value, self._now_us, text, key, slot.number))

    def _note(self, run: Run, slot: Slot, outcome: Outcome, note: Any) -> None:
        """Journal that something is on its way: what a later run has to know of it."""
        text, _ = written(note, 2 * DOCUMENT_BYTES_MAX)
        self._write(run, slot, outcome, text)
        slot.kept, slot.note = outcome, note

    def _set_or_ring(self, run: Run, slot: Slot, intent: Timer) -> None:
        if slot.kept is None:
            pause_us = intent.pause_us
            until_us = intent.until_us if pause_us is None else self._now_us + pause_us
            if until_us > self._now_us:
                self._note(run, slot, Outcome.SET, until_us)
                return
        elif slot.note > self._now_us:
            return
        self._answer(run, slot, None)

    def _hear(self, seat: Seat, run: Run, slot: Slot, intent: Signal) -> None:
        """Take the next signal of the name, where they have been looked up."""
        if seat.signals is None:
            return
        heard = next((one for one in seat.signals if one.name == intent.word), None)
        if heard is not None:
            seat.signals.remove(heard)
            self._writes.taken.append((slot.number, run.flow_id.bytes, heard.signal_id))
            self._answer(run, slot, read(heard.payload))
        elif slot.kept is None:
            if intent.timeout_us is not None:
                self._note(run, slot, Outcome.SET, self._now_us + intent.timeout_us)
        elif slot.note <= self._now_us:
            self._answer(run, slot, None)

    def _start_child(self, run: Run, slot: Slot, intent: Child) -> None:
        try:
            definition = self._registry.newest(intent.flow)
        except FlowUnknown as unknown:
            self._judge(run, slot, Answered(error=unknown))
            return
        args, _ = self._written(slot, list(intent.args))
        hashed = request_hash([intent.flow, args])
        key, now_us = step_id(run.flow_id, slot.number).bytes, self._now_us
        head = (key, intent.flow, definition.version, State.RUNNING.value, now_us, 0)
        row = (*head, run.flow_id.bytes, hashed, now_us, "", args, None)
        self._writes.flows.append(row)
        self._note(run, slot, Outcome.CALLED, None)

    def _told(self, seats: list[Seat]) -> list[Seat]:
        """Look up signals and children that are waited for; return whose flows can go on."""
        silent = [seat for seat in seats if seat.signals is None and seat.waits(Signal)]
        if silent:
            found = self._journal.signals(self._work.connection, [s.row.flow_id for s in silent])
            for seat in silent:
                seat.signals = found.get(seat.row.flow_id, [])
        parents = {
            step_id(seat.row.flow_id, slot.number): (seat, slot)
            for seat in seats
            for slot in seat.waits(Child)
            if slot.kept is Outcome.CALLED
        }
        moved = dict.fromkeys(silent)
        ended = self._journal.ends(self._work.connection, list(parents)) if parents else {}
        for child_id, (state, outcome) in ended.items():
            seat, slot = parents[child_id]
            self._meet(seat, slot, state, outcome)
            moved[seat] = None
        return list(moved)

    def _meet(self, seat: Seat, slot: Slot, state: int, outcome: str | None) -> None:
        """Take over how a child ended."""
        run = seat.run
        if run is None:
            return
        if state == State.DONE:
            self._write(run, slot, Outcome.ANSWERED, outcome)
            slot.settle(read(outcome))
        else:
            self._write(run, slot, Outcome.REFUSED, outcome)
            slot.settle(None, read(outcome))

    def _keep_stop(self, run: Run) -> None:
        """Journal where a cancelled flow stopped, and cancel the children it waits for."""
        if run.stop_at is None or run.is_stop_kept:
            return
        run.is_stop_kept = True
        key = run.flow_id.bytes
        row = (key, 0, "cancelled", Outcome.ANSWERED.value, self._now_us, str(run.stop_at))
        self._writes.steps.append(row)
        for slot in run.slots:
            if slot.kept is Outcome.CALLED:
                child_id = step_id(run.flow_id, slot.number)
                self._writes.cancels.append((self._now_us, child_id.bytes))

    def _leave(self, seat: Seat) -> None:
        """Note where a flow stands at the end of the turn."""
        run, row, key = seat.run, seat.row, seat.row.flow_id.bytes
        outcome = None
        if seat.parked is None and run is not None and run.is_ended and run.ending is not None:
            seat.state = run.ending.state
            is_answer = run.ending.state is State.DONE
            bytes_max = self._limits.answer_bytes_max if is_answer else DOCUMENT_BYTES_MAX
            try:
                outcome, _ = written(run.ending.outcome, bytes_max)
            except Unfit as unfit:
                seat.parked = Parked("answer refused", str(unfit), step="(the flow's answer)")
        if seat.parked is not None or run is None:
            seat.state, seat.calls = State.PARKED, []
            outcome, _ = written(seat.parking(), DOCUMENT_BYTES_MAX)
        if seat.state.is_end or seat.state is State.PARKED:
            self._writes.ends.append((seat.state.value, self._now_us, "", outcome, key))
            if seat.state.is_end and row.parent_id is not None:
                self._writes.wakes.append((self._now_us, row.parent_id.bytes))
            return
        if run is None:
            return
        seat.state, due_us, waits_for = seat.rest(self._now_us)
        is_same = seat.state == row.state and (seat.state is State.RUNNING or due_us == row.due_us)
        if not is_same or waits_for != row.waits_for:
            self._writes.changes.append((seat.state.value, due_us, waits_for, key))
