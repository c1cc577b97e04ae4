"""One transaction of the engine: many flows go on, and all they did is saved together or not."""

from collections.abc import Mapping
from uuid import UUID

from yunjin.chassis.flow.fanning import FanOuts
from yunjin.chassis.flow.intents import Call, Child, FanOut, Signal, Step, Timer
from yunjin.chassis.flow.problems import DOCUMENT_BYTES_MAX, FlowUnknown, Parked
from yunjin.chassis.flow.run import Run, Slot
from yunjin.chassis.flow.seats import Answered, Seat
from yunjin.chassis.flow.tables import REREAD, TAKEN_BACK, Outcome, State
from yunjin.chassis.flow.values import Unfit, read, step_id, written


class Turn(FanOuts):
    """Brings the flows of one transaction forward; made as `Acts` are."""

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
        # A person has changed the journal of those that are to be read again.
        kept = {
            row.flow_id: live[row.flow_id]
            for row in rows
            if row.flow_id in live and row.waits_for != REREAD
        }
        gone = [row.flow_id for row in rows if row.flow_id not in kept]
        journals = self._journal.entries(connection, gone)
        seats = []
        for row in rows:
            seat = Seat(row, kept.get(row.flow_id))
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
                seat.run.is_cancelled = row.is_cancelled == 1
                seat.run.is_taken_back = row.is_cancelled == TAKEN_BACK
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
            elif isinstance(intent, FanOut):
                self._fan(seat, run, slot, intent)
            elif slot.kept is None and slot.number < 0:
                self._take_back(run, slot, intent)
            elif slot.kept is None:
                self._start_child(run, slot, intent)
            is_all = is_all and slot.is_settled
        return is_all

    def _must_wait(self, slot: Slot) -> bool:
        return slot.kept is Outcome.TRIED and bool(slot.note["due_us"] > self._now_us)

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
        """Take the next signal of its names, where they have been looked up."""
        if seat.signals is None:
            return
        heard = next((one for one in seat.signals if one.name in intent.words), None)
        if heard is not None:
            seat.signals.remove(heard)
            self._writes.taken.append((slot.number, run.flow_id.bytes, heard.signal_id))
            said = read(heard.payload)
            named = {"word": heard.name, "payload": said} if intent.is_named else said
            self._answer(run, slot, named)
        elif slot.kept is None:
            if intent.until_us is not None:
                self._note(run, slot, Outcome.SET, intent.until_us)
            elif intent.timeout_us is not None:
                self._note(run, slot, Outcome.SET, self._now_us + intent.timeout_us)
        elif slot.note <= self._now_us:
            self._answer(run, slot, None)

    def _start_child(self, run: Run, slot: Slot, intent: Child) -> None:
        try:
            self._insert_child(run, slot, slot.number, intent.flow, list(intent.args))
        except FlowUnknown as unknown:
            self._judge(run, slot, Answered(error=unknown))
            return
        self._note(run, slot, Outcome.CALLED, None)

    def _take_back(self, run: Run, slot: Slot, intent: Child) -> None:
        """Let a child that is done undo what it did. At once: its end is looked for next."""
        child_id = step_id(run.flow_id, -slot.number)
        if not self._journal.take_back(self._work.connection, child_id, self._now_us):
            said = "expected the child that was done, was none: its journal was deleted"
            raise Parked("child gone", said, step=intent.name, number=slot.number)
        self.steps += 1
        self._note(run, slot, Outcome.CALLED, None)

    def _told(self, seats: list[Seat]) -> list[Seat]:
        """Look up signals and children that are waited for; return whose flows can go on."""
        silent = [seat for seat in seats if seat.signals is None and seat.waits(Signal)]
        if silent:
            found = self._journal.signals(self._work.connection, [s.row.flow_id for s in silent])
            for seat in silent:
                seat.signals = found.get(seat.row.flow_id, [])
        parents: dict[UUID, tuple[Seat, Slot]] = {
            step_id(seat.row.flow_id, abs(slot.number)): (seat, slot)
            for seat in seats
            for slot in seat.waits(Child)
            if slot.kept is Outcome.CALLED
        }
        for seat in seats:
            for slot in seat.waits(FanOut):
                if slot.fan is not None:
                    parents |= dict.fromkeys(slot.fan.children, (seat, slot))
        moved = dict.fromkeys(silent)
        ended = self._journal.ends(self._work.connection, list(parents)) if parents else {}
        for child_id, (state, outcome) in ended.items():
            seat, slot = parents[child_id]
            if slot.fan is not None:
                self._meet_item(seat, slot, child_id, state, outcome)
            else:
                self._meet(seat, slot, state, outcome)
            moved[seat] = None
        return list(moved)

    def _meet(self, seat: Seat, slot: Slot, state: int, outcome: str | None) -> None:
        """Take over how a child ended."""
        run = seat.run
        if run is None:
            return
        if slot.number < 0:
            self._answer(run, slot, None)
        elif state == State.DONE:
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
            elif slot.fan is not None:
                self._cancel_items(run, slot)

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
            seat.state, seat.calls, seat.flights = State.PARKED, [], []
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
