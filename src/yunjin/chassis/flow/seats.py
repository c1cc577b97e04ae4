"""The flows that take part in one transaction, and how each leaves it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from yunjin.chassis.flow.intents import Call, Child, FanOut, Signal
from yunjin.chassis.flow.journal import FlowRow, Waiting
from yunjin.chassis.flow.problems import Parked
from yunjin.chassis.flow.run import Run, Slot
from yunjin.chassis.flow.tables import NEVER_US, WAITS_LENGTH, Outcome, State
from yunjin.kernel.errors import Problem

Place = tuple[UUID, int]  # a step of a flow


class Interrupted(Exception):
    """A step's statement ended the whole transaction; `place` is where."""

    def __init__(self, place: Place, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.place, self.problem = place, problem


@dataclass(slots=True)
class Answered:
    """What an act came to: an answer, or what it raised."""

    answer: Any = None
    error: Exception | None = None


@dataclass(slots=True, eq=False)
class Seat:
    """A flow that takes part in a turn, and how it leaves it."""

    row: FlowRow
    run: Run | None = None
    is_served: bool = False  # it had its turn before the transaction was full
    state: State = State.RUNNING
    calls: list[Slot] = field(default_factory=list)  # to be sent after the commit
    flights: list[tuple[int, Call]] = field(default_factory=list)  # items: number and call
    signals: list[Waiting] | None = None  # that nobody was sent yet; None: not looked
    parked: Parked | None = None

    def waits(self, kind: type[Signal | Child | FanOut]) -> list[Slot]:
        """Return the signals, children or fan-outs that are waited for."""
        if self.run is None or self.parked is not None:
            return []
        return [s for s in self.run.slots if not s.is_settled and isinstance(s.intent, kind)]

    def parking(self) -> Any:
        """Return what is kept of why the flow is parked."""
        lost = Parked("lost", "expected the flow in memory, was none")
        return (self.parked or lost).document()

    def rest(self, now_us: int) -> tuple[State, int, str]:
        """Return whether a flow has something to do or waits, until when, and for what."""
        slots = self.run.slots if self.run is not None else []
        open_slots = [slot for slot in slots if not slot.is_settled]
        due_us, is_running = NEVER_US, not open_slots
        for slot in open_slots:
            if slot.kept is Outcome.TRIED:
                due_us = min(due_us, slot.note["due_us"])
            elif slot.kept is Outcome.SET:
                due_us = min(due_us, slot.note)
            elif slot.fan is not None and isinstance(slot.intent, FanOut):
                due_us = min(due_us, slot.fan.due_us(slot.intent.width, now_us))
            elif slot.kept is None and not _listens_for_ever(slot):
                is_running = True
        if is_running or due_us <= now_us:
            return State.RUNNING, now_us, ""
        first = open_slots[0].intent.name
        more = f" +{len(open_slots) - 1}" if len(open_slots) > 1 else ""
        return State.WAITING, due_us, f"{first}{more}"[:WAITS_LENGTH].rstrip()


def _listens_for_ever(slot: Slot) -> bool:
    return isinstance(slot.intent, Signal) and slot.intent.is_patient
