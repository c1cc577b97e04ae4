"""What a flow does in a transaction: acts behind savepoints, and what they come to, journalled."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from yunjin.chassis.flow.intents import PATIENT, Act, Step
from yunjin.chassis.flow.journal import Journal, Writes
from yunjin.chassis.flow.limits import FlowLimits
from yunjin.chassis.flow.problems import DOCUMENT_BYTES_MAX, Parked, described
from yunjin.chassis.flow.registry import Registry
from yunjin.chassis.flow.run import Run, Slot
from yunjin.chassis.flow.seats import Answered, Interrupted, Place
from yunjin.chassis.flow.step_work import StepWork
from yunjin.chassis.flow.tables import Outcome
from yunjin.chassis.flow.values import Unfit, written
from yunjin.chassis.persistence import Conflict, instant_us
from yunjin.chassis.persistence.problems import problem_of
from yunjin.chassis.persistence.verdicts import Flavour
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Bug, Outage, Problem, Unknown

_CONFLICT_TRIES: Final = 3  # a race for a key is lost once or twice; more often it is no race


class Acts:
    """What the flows of one transaction do, within what it has time for.

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

    def _is_over(self) -> bool:
        """Return whether no more steps belong into this transaction; the first always does."""
        if not self.steps:
            return False
        if self.steps >= self._limits.steps_a_commit or self._bytes >= self._limits.bytes_a_commit:
            return True
        return self._clock.monotonic_ns() >= self._until_ns

    def _try(self, run: Run, slot: Slot, intent: Step) -> None:
        """Run a step, so that a failing one is undone alone."""

        def act() -> None:
            self._answer(run, slot, intent.act(self._work, *intent.args))

        error = self._attempt((run.flow_id, slot.number), act)
        if error is not None:
            self._judge(run, slot, Answered(error=error))

    def _attempt(self, place: Place, act: Callable[[], object]) -> Exception | None:
        """Act behind a savepoint; return what it raised, with all it did undone.

        Raises: Interrupted where the whole transaction is gone.
        """
        doomed = self._doomed.get(place) if self._doomed else None
        if doomed is not None:
            return doomed
        work = self._work
        self.steps += 1
        work.begin(*place)
        try:
            act()
        except sa.exc.SQLAlchemyError as error:
            problem = problem_of(error, flavour=self._flavour, committing=False)
            if isinstance(problem, Outage | Unknown):  # the transaction is gone with all others
                raise Interrupted(place, problem) from error
            work.undo()
            return problem
        except Exception as error:
            work.undo()
            return error
        work.keep()
        return None

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
        act = slot.intent if isinstance(slot.intent, Act) else None
        pause_us = self._pause_us(act, error, tries)
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

    def _pause_us(self, act: Act | None, error: Exception, tries: int) -> int | None:
        """Return how long to wait for the next try after so many; None: there is none."""
        if isinstance(error, Outage | Unknown):
            retry = act.retry if act is not None else PATIENT
            return None if retry.is_last(tries) else retry.pause_us(tries)
        is_race = isinstance(error, Conflict) and isinstance(act, Step)
        return 0 if is_race and tries < _CONFLICT_TRIES else None

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
