"""One set's doctor: round by round it looks, concludes, acts or asks, and keeps the record."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from yunjin.chassis.persistence import instant_us
from yunjin.foundation.database.api.doctor import (
    Action,
    ActionState,
    Finding,
    Noted,
    Remedy,
)
from yunjin.foundation.database.domain.doctor.diagnosis import BLIND, diagnose
from yunjin.foundation.database.domain.doctor.history import (
    Fence,
    History,
    Limits,
    is_trusted,
    remember,
)
from yunjin.foundation.database.domain.doctor.observation import (
    Divergence,
    LateCopy,
    Observation,
    Outlook,
    Round,
)
from yunjin.foundation.database.domain.doctor.policy import Done, Mode, Policy
from yunjin.foundation.database.domain.topology import DatabaseSet
from yunjin.foundation.database.errors import NodeFailed
from yunjin.foundation.database.service.doctor.record import OPEN, WENT_AWAY, Record
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem
from yunjin.kernel.ids import uuid7

EVERYTHING: Final = frozenset(Remedy)
SETTLE_S: Final = 5  # after a remedy, before the same one is thought of again
_FENCES: Final = frozenset({Remedy.DESYNC, Remedy.FENCE, Remedy.READ_ONLY})
_FREES: Final = frozenset(
    {Remedy.RESYNC, Remedy.BRING_BACK, Remedy.RESTART, Remedy.REBUILD, Remedy.START_ALL}
)
_STARTS: Final = frozenset({Remedy.RESTART, Remedy.BRING_BACK, Remedy.REBUILD})
Look = Callable[[], Round]
Apply = Callable[[Finding], str]


@dataclass(slots=True)
class _UnderWay:
    action: Action
    started_ms: int


@dataclass(frozen=True, slots=True)
class _Ended:
    action: Action
    problem: Problem | None = None
    outcome: str = ""


@dataclass(slots=True)
class _Memory:
    """What lasts from one round to the next."""

    history: History = field(default_factory=History)
    under_way: dict[UUID, _UnderWay] = field(default_factory=dict)
    rejected: set[tuple[str, ...]] = field(default_factory=set)
    divergences: tuple[Divergence, ...] = ()
    outlooks: tuple[Outlook, ...] = ()
    late_copies: tuple[LateCopy, ...] = ()


class SetDoctor:
    """Looks after one set.

    Parameters
    ----------
    look : returns a round; see adapters.doctor.eyes.
    apply : applies a finding's remedy; see treatment.
    name : of this process, for the record.
    """

    def __init__(
        self,
        plan: DatabaseSet,
        *,
        look: Look,
        apply: Apply,
        record: Record,
        policy: Policy,
        limits: Limits,
        clock: Clock,
        name: str,
    ) -> None:
        self._plan, self._look, self._apply = plan, look, apply
        self._record, self._policy, self._limits = record, policy, limits
        self._clock, self._name = clock, name
        self._memory = _Memory()
        self._ended: queue.SimpleQueue[_Ended] = queue.SimpleQueue()
        self._recall_due = threading.Event()
        self._recall()

    @property
    def set_name(self) -> str:
        """The name of the set."""
        return self._plan.name

    def recall(self) -> None:
        """Have the next round learn from the record what the doctor before this one did."""
        self._recall_due.set()

    def _recall(self) -> None:
        """Learn which nodes are kept from work.

        The clock that rounds are counted by begins anew with each process, so that a fence's rest
        begins anew too.
        """
        fences: dict[str, Fence] = {}
        for action in self._record.actions(self.set_name):
            # what may have been done counts: to bring back a node that works does no harm
            if action.state is ActionState.DONE or action.outcome == WENT_AWAY:
                fences = _fenced(fences, action.finding, self._now_ms())
        self._memory.history = replace(self._memory.history, fences=fences)

    def differ(self, divergences: tuple[Divergence, ...]) -> None:
        """Hear which chunks of tables are not the same on all nodes."""
        self._memory.divergences = divergences

    def round(self, *, may: frozenset[Remedy] = EVERYTHING) -> tuple[Finding, ...]:
        """Look once, and act as far as that is allowed; return what is wrong. Raises: Bug."""
        self._collect()
        if self._recall_due.is_set():
            self._recall_due.clear()
            self._recall()
        memory = self._memory
        seen = replace(
            self._look(),
            divergences=memory.divergences,
            outlooks=memory.outlooks,
            late_copies=memory.late_copies,
        )
        memory.history = remember(memory.history, seen, self._limits)
        found = diagnose(seen, memory.history, self._plan, self._limits)
        if is_trusted(seen, self._limits):
            self._note(found)
            if may and not any(one.code in BLIND for one in found):
                self._answered(found)
                for finding in found:
                    if finding.remedy in may:
                        self._treat(finding)
        return found

    def foresee(self, outlooks: tuple[Outlook, ...]) -> None:
        """Hear when disks will be full."""
        self._memory.outlooks = outlooks

    def miss(self, late: tuple[LateCopy, ...]) -> None:
        """Hear which copies of the whole set were not made."""
        self._memory.late_copies = late

    def newest(self) -> tuple[Observation, ...]:
        """Return what the last trusted round saw of the nodes."""
        rounds = self._memory.history.rounds
        return rounds[-1].observations if rounds else ()

    @property
    def is_uneasy(self) -> bool:
        """Whether some node was not in step when last looked at, and was not stopped in order."""
        return any(not one.is_synced and not one.was_stopped for one in self.newest())

    def wait(self, seconds: int = 600) -> None:
        """Wait until what is under way has ended; for so long at most, each."""
        while self._memory.under_way:
            try:
                self._finish(self._ended.get(timeout=seconds))
            except queue.Empty:
                return

    # -- the record of findings ----------------------------------------------------------------

    def _note(self, found: tuple[Finding, ...]) -> None:
        at_us, keys = self._now_us(), {one.key for one in found}
        standing = {one.finding.key: one for one in self._record.standing(self.set_name)}
        for finding in found:
            if finding.key not in standing:
                self._record.put(Noted(finding=finding, opened_us=at_us))
        for key, noted in standing.items():
            if key not in keys:
                self._record.put(replace(noted, closed_us=at_us))
        self._memory.rejected &= keys

    # -- decisions -----------------------------------------------------------------------------

    def _treat(self, finding: Finding) -> None:
        """Act on a finding, ask about it, or let it wait."""
        if finding.key in self._memory.rejected or self._is_open(finding):
            return
        actions = self._record.actions(self.set_name)
        now_ms, now_us = self._now_ms(), self._now_us()
        done = [
            Done(
                remedy=one.finding.remedy,
                node=one.finding.node,
                at_ms=now_ms - (now_us - one.ended_us) // 1_000,
            )
            for one in actions
            if one.state in (ActionState.DONE, ActionState.FAILED) and one.finding.remedy
        ]
        if any(
            one.remedy is finding.remedy
            and one.node == finding.node
            and now_ms - one.at_ms < SETTLE_S * 1_000
            for one in done
        ):
            return
        under_way = [one.action.finding for one in self._memory.under_way.values()]
        decision = self._policy.decide(finding, done=done, under_way=under_way, at_ms=now_ms)
        if decision.mode is Mode.WAIT:
            return
        action = Action(
            action_id=uuid7(self._clock),
            finding=finding,
            state=ActionState.PENDING,
            decision=decision.why,
            doctor=self._name,
            at_us=now_us,
        )
        if decision.mode is Mode.ASK:
            self._record.put(action)
        else:
            self._begin(action)

    def _is_open(self, finding: Finding) -> bool:
        return any(
            one.finding.key == finding.key and one.state in OPEN
            for one in self._record.actions(self.set_name)
        )

    def _answered(self, found: tuple[Finding, ...]) -> None:
        """Do what a person approved, where it is still wrong; withdraw what is no more."""
        keys = {one.key: one for one in found}
        for action in self._record.actions(self.set_name):
            if action.state is not ActionState.PENDING:
                continue
            said = self._record.answer_of(action.action_id)
            state, by = said if said is not None else (ActionState.PENDING, "")
            if action.finding.key not in keys:
                self._close(action, ActionState.WITHDRAWN, by, "it is over")
            elif state is ActionState.APPROVED:
                self._begin(replace(action, finding=keys[action.finding.key], approver=by))
            elif state is ActionState.REJECTED:
                self._memory.rejected.add(action.finding.key)
                self._close(action, ActionState.REJECTED, by, "")

    def _close(self, action: Action, state: ActionState, by: str, outcome: str) -> None:
        ended = self._now_us()
        self._record.put(replace(action, state=state, approver=by, ended_us=ended, outcome=outcome))

    # -- actions -------------------------------------------------------------------------------

    def _begin(self, action: Action) -> None:
        running = replace(action, state=ActionState.RUNNING)
        self._record.put(running)
        self._memory.under_way[action.action_id] = _UnderWay(running, self._now_ms())
        threading.Thread(
            target=self._run, args=(running,), name=f"doctor-{action.finding.code}", daemon=True
        ).start()

    def _run(self, action: Action) -> None:
        try:
            outcome = self._apply(action.finding)
        except Problem as problem:
            self._ended.put(_Ended(action, problem))
        except Exception as error:
            self._ended.put(_Ended(action, Problem(f"{type(error).__name__}: {error}")))
        else:
            self._ended.put(_Ended(action, outcome=outcome))

    def _collect(self) -> None:
        while not self._ended.empty():
            self._finish(self._ended.get())

    def _finish(self, ended: _Ended) -> None:
        action, finding = ended.action, ended.action.finding
        started_ms = self._memory.under_way.pop(action.action_id).started_ms
        state = ActionState.FAILED if ended.problem else ActionState.DONE
        outcome = ended.problem.detail if ended.problem else ended.outcome
        self._record.put(
            replace(
                action,
                state=state,
                ended_us=self._now_us(),
                took_ms=self._now_ms() - started_ms,
                outcome=outcome,
            )
        )
        self._learn(finding, ended.problem)

    def _learn(self, finding: Finding, problem: Problem | None) -> None:
        """Remember which nodes are kept from work, and whose starts failed.

        A start that was refused beforehand (a full disk, a clock) says nothing about the data.
        """
        history = self._memory.history
        failed = dict(history.failed_starts)
        if problem is None:
            failed.pop(finding.node, None)
            fences = _fenced(dict(history.fences), finding, self._now_ms())
            history = replace(history, fences=fences)
        elif finding.remedy in _STARTS and isinstance(problem, NodeFailed):
            failed[finding.node] = failed.get(finding.node, 0) + 1
        self._memory.history = replace(history, failed_starts=failed)
        if finding.remedy is Remedy.REBUILD and problem is None:
            self._memory.divergences = ()

    def _now_ms(self) -> int:
        return self._clock.monotonic_ns() // 1_000_000

    def _now_us(self) -> int:
        return instant_us(self._clock.now_ns())


def _fenced(fences: dict[str, Fence], finding: Finding, at_ms: int) -> dict[str, Fence]:
    """Return which nodes are kept from work after a remedy was applied."""
    if finding.remedy in _FENCES:
        return {**fences, finding.node: Fence(code=finding.code, at_ms=at_ms)}
    if finding.remedy is Remedy.START_ALL:
        return {}
    if finding.remedy in _FREES:
        return {node: fence for node, fence in fences.items() if node != finding.node}
    return fences
