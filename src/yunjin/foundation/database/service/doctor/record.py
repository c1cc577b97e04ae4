"""The record of findings and actions: on the doctor's own disk first, then in the database."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

import structlog

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.database.adapters.doctor.journal import Entry, Journal
from yunjin.foundation.database.api.doctor import Action, ActionState, Noted
from yunjin.foundation.database.store import doctor as store
from yunjin.kernel.errors import Outage, Unknown

OPEN: Final = (ActionState.PENDING, ActionState.APPROVED, ActionState.RUNNING)
WENT_AWAY: Final = "its doctor went away meanwhile; whether it was done is not known"
_ACTIONS_READ: Final = 200
_log: Final = structlog.get_logger()


class Record:
    """What was found and done. Safe for threads.

    Parameters
    ----------
    room : the database room's tables; None: the record stays on this disk.
    """

    def __init__(self, journal: Journal, room: RoomDatabase | None = None) -> None:
        self._journal, self._room, self._lock = journal, room, threading.Lock()
        self._actions: dict[UUID, Action] = {}
        self._noted: dict[tuple[str, ...], Noted] = {}
        self._answers: dict[UUID, tuple[ActionState, str]] = {}
        for entry in journal.entries():
            self._take(entry)
        for action in list(self._actions.values()):
            if action.state is ActionState.RUNNING:  # the process before this one began it
                self.put(_left_open(action))

    def put(self, entry: Entry) -> None:
        """Keep an action, or a finding that opened or closed."""
        with self._lock:
            self._journal.append(entry)
            self._take(entry)
        if isinstance(entry, Action):
            finding = entry.finding
            _log.warning(
                "doctor.action",
                set=finding.set_name,
                node=finding.node,
                finding=finding.code,
                remedy=finding.remedy.value if finding.remedy else "",
                state=entry.state.value,
                outcome=entry.outcome,
            )

    def actions(self, set_name: str) -> list[Action]:
        """Return a set's actions that this process knows, oldest first."""
        with self._lock:
            found = [one for one in self._actions.values() if one.finding.set_name == set_name]
        return sorted(found, key=lambda one: one.at_us)

    def standing(self, set_name: str) -> list[Noted]:
        """Return a set's findings that stand."""
        with self._lock:
            noted = list(self._noted.values())
        return [one for one in noted if one.finding.set_name == set_name and not one.closed_us]

    def answer_of(self, action_id: UUID) -> tuple[ActionState, str] | None:
        """Return what a person said of a pending action."""
        with self._lock:
            said = self._answers.get(action_id)
        return said or self._journal.answer_of(action_id)

    def share(self) -> bool:
        """Tell the database what it does not know yet, and ask what people answered.

        Returns whether it could be reached.
        """
        if self._room is None:
            return True
        try:
            while self._tell():
                pass
            self._hear()
        except (Outage, Unknown):
            return False
        return True

    def take_over(self) -> None:
        """Learn what the doctor before this one did and left open. Raises: Outage."""
        if self._room is None:
            return
        actions = self._room.read(lambda c: store.read_actions(c, limit=_ACTIONS_READ))
        noted = self._room.read(lambda c: store.read_findings(c, closed=False, limit=1_000))
        with self._lock:
            unknown = [one for one in reversed(actions) if one.action_id not in self._actions]
            for action in unknown:
                self._take(action)
            for one in noted:
                self._noted.setdefault(one.finding.key, one)
        for action in unknown:
            if action.state is ActionState.RUNNING:
                self.put(_left_open(action))

    def _take(self, entry: Entry) -> None:
        if isinstance(entry, Action):
            self._actions[entry.action_id] = entry
        else:
            self._noted[entry.finding.key] = entry

    def _tell(self) -> bool:
        with self._lock:
            entries, mark = self._journal.waiting()
        if not entries or self._room is None:
            return False

        def save(work: SqlUnitOfWork) -> None:
            for entry in entries:
                if isinstance(entry, Action):
                    store.save_action(work.connection, entry)
                else:
                    store.save_finding(work.connection, entry)

        self._room.run(save)
        with self._lock:
            self._journal.told(mark)
        return True

    def _hear(self) -> None:
        answered = (ActionState.APPROVED, ActionState.REJECTED)
        if self._room is None or not self._pending():
            return
        found = self._room.read(lambda c: store.read_actions(c, states=answered, limit=100))
        with self._lock:
            self._answers = {one.action_id: (one.state, one.approver) for one in found}

    def _pending(self) -> Sequence[Action]:
        with self._lock:
            actions = list(self._actions.values())
        return [one for one in actions if one.state is ActionState.PENDING]


def _left_open(action: Action) -> Action:
    """What another doctor was doing when it went away: nobody knows whether it was done."""
    return replace(action, state=ActionState.FAILED, ended_us=action.at_us, outcome=WENT_AWAY)
