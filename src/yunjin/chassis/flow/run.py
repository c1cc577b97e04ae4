"""A running flow in memory: its generator, what it waits for, what it would have to undo.

Nothing here knows a database or a clock. A Run is made from a journal and brought to where the
journal ends; from there on the engine settles its slots and it asks for more. The state of a flow
is its journal alone: dropping a Run at any moment loses nothing.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from yunjin.chassis.flow.fans import Fan
from yunjin.chassis.flow.intents import (
    Act,
    Call,
    Child,
    FanOut,
    Flow,
    Gather,
    Intent,
    One,
    OwnId,
    Signal,
    StartedVersion,
    Step,
    Timer,
)
from yunjin.chassis.flow.problems import FlowCancelled, Parked, ProblemClasses, described
from yunjin.chassis.flow.registry import Definition
from yunjin.chassis.flow.tables import Outcome, State
from yunjin.chassis.flow.values import read
from yunjin.kernel.errors import Bug, Problem

_CLASSES = ProblemClasses()
_KINDS: Final = frozenset({Step, Call, Timer, Signal, Child, FanOut})


class Entry(NamedTuple):
    """A journal row."""

    name: str
    outcome: Outcome
    answer: str | None


class Ending(NamedTuple):
    """How a flow ends once everything is undone (nothing is, where it is done)."""

    state: State
    outcome: Any


@dataclass(slots=True, eq=False)
class Slot:
    """One thing that was asked for, under its number in the journal."""

    number: int
    intent: One
    kept: Outcome | None = None  # of its journal row, while that is not settled
    note: Any = None  # that row's answer
    is_settled: bool = False
    is_flying: bool = False  # a call that is on its way
    is_skipped: bool = False  # by a person: there is nothing to undo
    answer: Any = None
    problem: dict[str, Any] | None = None
    fan: Fan | None = None  # of a fan-out

    def settle(self, answer: Any, problem: dict[str, Any] | None = None) -> None:
        """Note how it ended."""
        self.is_settled, self.answer, self.problem = True, answer, problem


class Run:
    """One flow between its start and its end.

    Parameters
    ----------
    journal : its rows by number; a negative number is the undoing of the step of that number.
    fan_out_max : parts of a gather, at most.

    Raises: Parked from `advance`, where its code and its journal do not agree or its code fails.
    """

    __slots__ = (
        "_args",
        "_fan_out_max",
        "_generator",
        "_is_gather",
        "_journal",
        "_next",
        "_undo",
        "_version",
        "definition",
        "ending",
        "flow_id",
        "is_cancelled",
        "is_stop_kept",
        "is_taken_back",
        "slots",
        "stop_at",
    )

    def __init__(
        self,
        flow_id: UUID,
        definition: Definition,
        *,
        version: int,
        args: list[Any],
        journal: dict[int, Entry],
        fan_out_max: int,
    ) -> None:
        self.flow_id, self.definition = flow_id, definition
        self.slots: list[Slot] = []
        self.ending: Ending | None = None
        self.is_cancelled = False
        self.is_taken_back = False  # it was done, and is undone with its parent
        stopped = journal.pop(0, None)
        self.stop_at: int | None = None if stopped is None else int(read(stopped.answer))
        self.is_stop_kept = stopped is not None
        self._version, self._args, self._fan_out_max = version, args, fan_out_max
        self._journal = journal
        self._generator: Flow | None = None
        self._is_gather = False
        self._next = 1
        self._undo: list[Slot] = []  # what was done and can be undone, in order

    @property
    def is_ended(self) -> bool:
        """Whether nothing is left to do, not even to undo."""
        return self.ending is not None and not self.slots

    def advance(self) -> None:
        """Go on with what is settled until something has to be done, or the end.

        Afterwards `slots` holds what to do, at least one of it not settled, or the run is ended.
        """
        while self.ending is None:
            is_open = self._is_open()
            if self._is_stopped(is_open):
                self._stop()
            elif is_open:
                return
            else:
                self._resume()
        if not self._is_open():
            self._undo_next()

    def close(self) -> None:
        """Drop the generator; a flow that yields while it is closed has no say."""
        generator, self._generator = self._generator, None
        if generator is not None:
            with suppress(Exception):
                generator.close()

    def _is_open(self) -> bool:
        """Return whether anything asked for is not settled. A loop: replays pass here often."""
        for slot in self.slots:  # noqa: SIM110
            if not slot.is_settled:
                return True
        return False

    def _resume(self) -> None:
        """Send the settled slots' answers into the generator and take what it asks for next."""
        failed = None
        for slot in reversed(self.slots):
            failed = slot.problem or failed
        try:
            if self._generator is None:
                self._generator = self.definition(*self._args)
                intent = next(self._generator)
            elif failed is not None:
                intent = self._generator.throw(_CLASSES.problem(failed))
            elif self._is_gather:
                intent = self._generator.send([slot.answer for slot in self.slots])
            else:
                intent = self._generator.send(self.slots[0].answer)
        except StopIteration as stop:
            self._end(State.DONE, stop.value)
        except Bug as bug:
            raise self._parked(type(bug).__name__, bug.detail) from bug
        except Problem as problem:
            self._end(State.FAILED, described(problem))
        except Exception as error:
            raise self._parked(type(error).__name__, str(error)) from error
        else:
            self._take(intent)

    def _take(self, intent: Intent) -> None:
        """Give numbers to what is asked for, and the answers that the journal has."""
        self._is_gather = isinstance(intent, Gather)
        if isinstance(intent, StartedVersion | OwnId):
            known = self._version if isinstance(intent, StartedVersion) else str(self.flow_id)
            self.slots = [Slot(0, Timer("known", 0, 0), is_settled=True, answer=known)]
            return
        parts = intent.parts if isinstance(intent, Gather) else (intent,)
        if len(parts) > self._fan_out_max:
            said = f"expected at most {self._fan_out_max} parts of a gather, was {len(parts)}"
            raise self._parked("too many", said)
        self.slots = [self._slot(part) for part in parts]

    def _slot(self, part: One) -> Slot:
        if type(part) not in _KINDS:
            raise self._parked("no intent", f"expected an intent, was {type(part).__name__}")
        number, self._next = self._next, self._next + 1
        slot = Slot(number, part)
        if type(part) is FanOut:
            slot.fan = Fan()
        entry = self._journal.pop(number, None) if self._journal else None
        if entry is not None:
            if entry.name != part.name:
                said = f"expected step {number} {entry.name!r} as journalled, was {part.name!r}"
                raise Parked("flow changed", said, step=part.name, number=number)
            self._recall(slot, entry)
        if _can_be_undone(part):
            self._undo.append(slot)
        return slot

    def _recall(self, slot: Slot, entry: Entry) -> None:
        value = read(entry.answer)
        if entry.outcome is Outcome.ANSWERED:
            slot.settle(value)
        elif entry.outcome is Outcome.REFUSED:
            slot.settle(None, value)
        elif entry.outcome is Outcome.SKIPPED:
            slot.settle(value)
            slot.is_skipped = True
        else:
            slot.kept, slot.note = entry.outcome, value
            if entry.outcome is Outcome.FANNED:
                slot.fan = Fan.of(value)

    def _end(self, state: State, outcome: Any) -> None:
        """The generator is at its end: it has to be the journal's end too."""
        left = min((number for number in self._journal if number > 0), default=0)
        if left:
            name = self._journal[left].name
            said = f"expected step {left} {name!r} as journalled, was the end of the flow"
            raise Parked("flow changed", said, step=name, number=left)
        self.close()
        self.slots, self.ending = [], Ending(state, outcome)
        if self.is_taken_back and state is State.DONE:
            undone = FlowCancelled("The flow that started it was undone.")
            self.ending = Ending(State.CANCELLED, described(undone))
        elif state is State.DONE:
            self._undo.clear()

    def _is_stopped(self, is_open: bool) -> bool:
        """Return whether a cancelled flow has come to where it stops, again the same place."""
        if not self.is_cancelled:
            return False
        return is_open if self.stop_at is None else self._next > self.stop_at

    def _stop(self) -> None:
        """Leave what is asked for, for good.

        What may be on its way is waited for: a child that was started, and a call that may have
        been sent and would have to be undone.
        """
        self.close()
        self.stop_at = self._next - 1
        self.slots = [slot for slot in self.slots if not slot.is_settled and _is_under_way(slot)]
        for slot in self.slots:
            if slot.fan is not None:
                slot.fan.is_stopped = True
        self.ending = Ending(State.CANCELLED, described(FlowCancelled("The flow was cancelled.")))

    def _undo_next(self) -> None:
        """Ask for the last thing that was done and is not undone yet."""
        self.slots = []
        while self._undo:
            done = self._undo.pop()
            undoing = _undoing(done)
            if undoing is None:
                continue
            slot = Slot(-done.number, undoing, fan=Fan() if type(undoing) is FanOut else None)
            entry = self._journal.pop(slot.number, None)
            if entry is not None:
                self._recall(slot, entry)
            if not slot.is_settled:
                self.slots = [slot]
                return

    def _parked(self, kind: str, reason: str) -> Parked:
        """Return the trouble of the flow's own code, with the step it had come to."""
        last = self.slots[-1] if self.slots else None
        step, number = (last.intent.name, last.number) if last is not None else ("", 0)
        return Parked(kind, reason, step=step, number=number)


def _can_be_undone(part: One) -> bool:
    if isinstance(part, FanOut):
        return isinstance(part.each, Act) and part.each.undo is not None
    if isinstance(part, Child):
        return not part.is_kept
    return isinstance(part, Act) and part.undo is not None


def _undoing(done: Slot) -> One | None:
    """Return what undoes something; None where nothing was done."""
    intent = done.intent
    if isinstance(intent, FanOut):
        return _undoing_all(done, intent)
    if not done.is_settled or done.problem is not None or done.is_skipped:
        return None
    if isinstance(intent, Child):
        return Child(f"undo:{intent.name}", intent.flow, ())
    if not isinstance(intent, Act) or intent.undo is None:
        return None
    args = (done.answer, *intent.args)
    return type(intent)(f"undo:{intent.name}", intent.undo, args, None, intent.retry)


def _undoing_all(done: Slot, intent: FanOut) -> FanOut | None:
    """Return what undoes the items of a fan-out that were done, those of one that stopped too."""
    each, fan = intent.each, done.fan
    is_void = done.problem is not None or done.is_skipped
    if is_void or fan is None or not isinstance(each, Act) or each.undo is None:
        return None
    begun = int(done.answer["total"]) if done.is_settled else fan.at
    undo = type(each)(f"undo:{each.name}", each.undo, each.args, None, each.retry)
    return replace(
        intent,
        name=f"undo:{intent.name}",
        each=undo,
        total=begun,
        upto=begun,
        but_failed_of=done.number,
    )


def _is_under_way(slot: Slot) -> bool:
    if slot.fan is not None:
        return bool(slot.fan.begun)
    is_child = slot.kept is Outcome.CALLED
    return is_child or (isinstance(slot.intent, Call) and slot.intent.undo is not None)
