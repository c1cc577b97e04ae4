"""What people see of the doctor, and what they answer: the near implementation of DoctorApi."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.adapters.doctor.journal import Journal
from yunjin.foundation.database.api.doctor import Action, ActionState, Noted
from yunjin.foundation.database.errors import ActionNotPending
from yunjin.foundation.database.store import doctor as store
from yunjin.kernel.errors import Malformed, NotFound, Outage

_APPROVER_LENGTH = 64


class DoctorDesk:
    """Reads the record in the database, and puts people's answers into it.

    While the database is down and the doctor runs on this machine, its own record serves: who
    has to allow that a database goes on must not need the database for it.
    """

    def __init__(self, room: RoomDatabase, journal: Journal | None = None) -> None:
        self._room, self._journal = room, journal

    def findings(self, *, closed: bool = False, limit: int = 100) -> Sequence[Noted]:
        try:
            return self._room.read(lambda c: store.read_findings(c, closed=closed, limit=limit))
        except Outage:
            if self._journal is None or not self._journal.is_kept:
                raise
            last = {
                (*one.finding.key, one.opened_us): one
                for one in self._journal.entries()
                if isinstance(one, Noted)
            }
        kept = [one for one in last.values() if bool(one.closed_us) is closed]
        return sorted(kept, key=lambda one: (-one.finding.severity, -one.opened_us))[:limit]

    def actions(self, *, state: str = "", limit: int = 100) -> Sequence[Action]:
        wanted = _states(state)
        try:
            return self._room.read(lambda c: store.read_actions(c, states=wanted, limit=limit))
        except Outage:
            if self._journal is None or not self._journal.is_kept:
                raise
            kept = self._own().values()
        kept_states = [one for one in kept if not wanted or one.state in wanted]
        return sorted(kept_states, key=lambda one: -one.at_us)[:limit]

    def approve(self, action_id: UUID, *, by: str) -> Action:
        return self._answer(action_id, ActionState.APPROVED, by)

    def reject(self, action_id: UUID, *, by: str) -> Action:
        return self._answer(action_id, ActionState.REJECTED, by)

    def _answer(self, action_id: UUID, state: ActionState, by: str) -> Action:
        name = by.strip()
        if not 0 < len(name) <= _APPROVER_LENGTH:
            raise Malformed(f"expected a name of 1 to {_APPROVER_LENGTH} characters")
        try:
            found = self._room.read(lambda c: store.read_action(c, action_id))
            if found is None:
                raise NotFound("There is no such action.", action_id=str(action_id))
            is_first = self._room.run(
                lambda work: store.answer(work.connection, action_id, state, name)
            )
        except Outage:
            if self._journal is None or not self._journal.is_kept:
                raise
            return self._answer_here(action_id, state, name)
        if not is_first:
            raise _not_pending(found)
        return replace(found, state=state, approver=name)

    def _answer_here(self, action_id: UUID, state: ActionState, by: str) -> Action:
        found = self._own().get(action_id)
        if found is None or self._journal is None:
            raise NotFound("There is no such action.", action_id=str(action_id))
        if found.state is not ActionState.PENDING:
            raise _not_pending(found)
        self._journal.answer(action_id, state, by)
        return replace(found, state=state, approver=by)

    def _own(self) -> dict[UUID, Action]:
        entries = self._journal.entries() if self._journal is not None else ()
        return {one.action_id: one for one in entries if isinstance(one, Action)}


def _states(state: str) -> tuple[ActionState, ...]:
    if not state:
        return ()
    if state not in set(ActionState):
        known = ", ".join(ActionState)
        raise Malformed(f"expected one of {known}, was {state[:20]!r}")
    return (ActionState(state),)


def _not_pending(found: Action) -> ActionNotPending:
    return ActionNotPending(
        f"The action is {found.state.value}, so nobody waits for an answer.",
        action_id=str(found.action_id),
        state=found.state.value,
    )
