"""Fan-outs in a transaction: items begin within their width, and what they come to is counted.

A fan-out's note is written once a turn; an item's effect commits with the note that counts it. An
item of a call is asked for under its own id, the same on every try.
"""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from yunjin.chassis.flow.acting import Acts
from yunjin.chassis.flow.fans import Begun, Fan
from yunjin.chassis.flow.intents import Act, Call, Child, FanOut, Step
from yunjin.chassis.flow.problems import (
    DOCUMENT_BYTES_MAX,
    FlowCancelled,
    FlowUnknown,
    ItemBroken,
    Parked,
    described,
)
from yunjin.chassis.flow.run import Run, Slot
from yunjin.chassis.flow.seats import Answered, Seat
from yunjin.chassis.flow.tables import PROGRESS_NAME_LENGTH, Outcome, State
from yunjin.chassis.flow.values import Unfit, item_number, step_id, written
from yunjin.chassis.persistence import request_hash
from yunjin.kernel.errors import Bug, Problem

_NOTE_BYTES_MAX: Final = 4_000_000


class FanOuts(Acts):
    """The fan-outs of a turn's flows."""

    def _fan(self, seat: Seat, run: Run, slot: Slot, intent: FanOut) -> None:
        """Bring a fan-out forward as far as this transaction goes."""
        fan = slot.fan
        if fan is None:
            return
        if intent.width > self._limits.width_max:
            said = f"expected a width of at most {self._limits.width_max}, was {intent.width}"
            raise Parked("too many", said, step=intent.name, number=slot.number)
        if isinstance(intent.each, Child):
            self._remember_children(run, slot, fan)
        try:
            self._land(run, slot, intent, fan)
            if fan.is_stopped:
                self._give_up(run, slot, intent, fan)
            self._begin(seat, run, slot, intent, fan)
        except FlowUnknown as unknown:
            self._judge(run, slot, Answered(error=unknown))
            return
        except Parked:
            self._keep_fan(run, slot, intent, fan)  # what was done is counted all the same
            raise
        self._keep_fan(run, slot, intent, fan)
        slot.is_flying = bool(fan.flying) and not fan.can_begin(intent.width)
        if fan.is_ended:
            self._answer(run, slot, fan.answer(slot.number))

    def _keep_fan(self, run: Run, slot: Slot, intent: FanOut, fan: Fan) -> None:
        if not fan.is_changed:
            return
        try:
            text, _ = written(fan.note(), _NOTE_BYTES_MAX)
        except Unfit as unfit:
            name, number = intent.name, slot.number
            raise Parked("answer refused", str(unfit), step=name, number=number) from None
        self._write(run, slot, Outcome.FANNED, text)
        self._bytes += len(text or "")
        slot.kept = Outcome.FANNED
        self._work.flow_id = run.flow_id
        name = intent.name.replace("each:", "")[:PROGRESS_NAME_LENGTH]
        self._work.advance(name, fan.moved, total=intent.total)
        fan.is_changed, fan.moved = False, 0

    def _remember_children(self, run: Run, slot: Slot, fan: Fan) -> None:
        if len(fan.children) < len(fan.begun):
            fan.children = {
                step_id(run.flow_id, item_number(slot.number, place)): place for place in fan.begun
            }

    def _land(self, run: Run, slot: Slot, intent: FanOut, fan: Fan) -> None:
        """Take in what calls came to."""
        for place in list(fan.flying):
            at = (run.flow_id, item_number(slot.number, place))
            came = self._arrived.get(at)
            if came is not None:
                self.used.append(at)
                self.steps += 1
                fan.flying.discard(place)
                self._came(run, slot, intent, fan, place, fan.begun[place], came.error)

    def _begin(self, seat: Seat, run: Run, slot: Slot, intent: FanOut, fan: Fan) -> None:
        """Try again those whose time has come, then take new items."""
        budget = self._limits.items_a_turn
        if not fan.children:
            for place, begun in list(fan.begun.items()):
                if budget and begun.due_us <= self._now_us and place not in fan.flying:
                    budget -= 1
                    self._begin_one(seat, run, slot, intent, fan, place, begun)
        while budget and fan.can_begin(intent.width) and not self._is_over():
            if not fan.ahead and not self._read_on(run, slot, intent, fan):
                return
            place, fan.at, fan.is_changed = fan.at, fan.at + 1, True
            fan.after = fan.ahead.popleft()
            if place not in fan.left_out:
                budget -= 1
                self._begin_one(seat, run, slot, intent, fan, place, Begun(fan.after))

    def _read_on(self, run: Run, slot: Slot, intent: FanOut, fan: Fan) -> bool:
        """Read items ahead; return whether there were any."""
        limit, first = self._limits.items_a_turn, fan.at
        if intent.upto is not None:
            limit = min(limit, intent.upto - first)
        found: Sequence[object] = []
        items = intent.items
        if isinstance(items, Sequence):
            found = items[first : first + limit]
        elif limit:
            found = self._read(run, slot, lambda: items(self._work, fan.after, limit))
        fan.ahead.extend(found)
        if not found:
            fan.is_read = fan.is_changed = True
        elif intent.but_failed_of:
            fan.left_out = self._journal.failed_places(
                self._work.connection,
                run.flow_id,
                intent.but_failed_of,
                first,
                first + len(found),
            )
        return bool(found)

    def _read(self, run: Run, slot: Slot, read: Callable[[], Sequence[object]]) -> Sequence[object]:
        found: list[object] = []
        error = self._attempt((run.flow_id, slot.number), lambda: found.extend(read()))
        if error is not None:
            name, number = slot.intent.name, slot.number
            raise Parked(type(error).__name__, str(error), step=name, number=number) from error
        return found

    def _begin_one(
        self,
        seat: Seat,
        run: Run,
        slot: Slot,
        intent: FanOut,
        fan: Fan,
        place: int,
        begun: Begun,
    ) -> None:
        each, number = intent.each, item_number(slot.number, place)
        item = begun.item
        if isinstance(each, Step):
            error = self._attempt(
                (run.flow_id, number), lambda: each.act(self._work, item, *each.args)
            )
            self._came(run, slot, intent, fan, place, begun, error)
            return
        fan.begun[place] = begun
        if isinstance(each, Call):
            fan.flying.add(place)
            sent = Call(each.name, each.act, (item, *each.args), None, each.retry)
            seat.flights.append((number, sent))
            return
        child_id = self._insert_child(run, slot, number, each.flow, [item, *each.args])
        fan.children[child_id] = place

    def _insert_child(
        self, run: Run, slot: Slot, number: int, flow: str, args: list[object]
    ) -> UUID:
        """Start another flow; its id is that of the step. Raises: FlowUnknown, Parked."""
        definition = self._registry.newest(flow)
        text, _ = self._written(slot, args)
        child_id, now_us = step_id(run.flow_id, number), self._now_us
        head = (child_id.bytes, flow, definition.version, State.RUNNING.value, now_us, 0)
        hashed = request_hash([flow, text])
        self._writes.flows.append((*head, run.flow_id.bytes, hashed, now_us, "", text, None))
        self.steps += 1
        return child_id

    def _came(
        self,
        run: Run,
        slot: Slot,
        intent: FanOut,
        fan: Fan,
        place: int,
        begun: Begun,
        error: Exception | None,
    ) -> None:
        """Count what an item came to. Raises: Parked where undoing it failed for good."""
        if error is None:
            fan.ended(place, is_done=True)
            return
        tries, act = begun.tries + 1, intent.each if isinstance(intent.each, Act) else None
        pause_us = self._pause_us(act, error, tries)
        if pause_us is not None:
            fan.begun[place] = Begun(begun.item, tries, self._now_us + pause_us)
            fan.is_changed = True
        elif slot.number < 0:  # what was done stays done: somebody has to know
            fan.begun[place] = begun
            fan.is_changed = True
            said = f"item {place}: {error.detail if isinstance(error, Problem) else error}"
            kind = type(error).__name__
            raise Parked(kind, said, step=intent.name, number=slot.number) from error
        else:
            self._item_failed(run, slot, fan, place, begun.item, error)

    def _item_failed(
        self, run: Run, slot: Slot, fan: Fan, place: int, item: object, error: Exception
    ) -> None:
        if not isinstance(error, Problem) or isinstance(error, Bug):
            error = ItemBroken(f"{type(error).__name__}: {error}")
        text, _ = written(described(error), DOCUMENT_BYTES_MAX)
        self._note_failed(run, slot, fan, place, item, text)

    def _note_failed(
        self, run: Run, slot: Slot, fan: Fan, place: int, item: object, problem: str | None
    ) -> None:
        shown, _ = self._written(slot, item)
        key = run.flow_id.bytes
        self._writes.failed.append((key, slot.number, place, self._now_us, shown, problem))
        fan.ended(place, is_done=False)

    def _meet_item(
        self, seat: Seat, slot: Slot, child_id: UUID, state: int, outcome: str | None
    ) -> None:
        """Take over how a child of a fan-out ended."""
        run, fan, intent = seat.run, slot.fan, slot.intent
        if run is None or fan is None or not isinstance(intent, FanOut):
            return
        place = fan.children.pop(child_id)
        if state != State.DONE:
            self._note_failed(run, slot, fan, place, fan.begun[place].item, outcome)
            return
        if not (isinstance(intent.each, Child) and intent.each.is_kept):
            self._writes.gone.append(child_id.bytes)
        fan.ended(place, is_done=True)

    def _give_up(self, run: Run, slot: Slot, intent: FanOut, fan: Fan) -> None:
        """Leave what does not have to be waited for: the flow was cancelled."""
        each = intent.each
        if isinstance(each, Child) or (isinstance(each, Call) and each.undo is not None):
            return
        for place, begun in list(fan.begun.items()):
            self._item_failed(
                run, slot, fan, place, begun.item, FlowCancelled("The flow was cancelled.")
            )

    def _cancel_items(self, run: Run, slot: Slot) -> None:
        """Cancel the children of a fan-out that have begun."""
        if isinstance(slot.intent, FanOut) and isinstance(slot.intent.each, Child) and slot.fan:
            for place in slot.fan.begun:
                child_id = step_id(run.flow_id, item_number(slot.number, place))
                self._writes.cancels.append((self._now_us, child_id.bytes))
