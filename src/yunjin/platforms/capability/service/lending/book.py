"""The book of applications: found, changed under a command, noted in the timeline, told."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.lending import Application, ApplicationState
from yunjin.platforms.capability.errors.lending import ApplicationNotFound, ApplicationRefused
from yunjin.platforms.capability.events.lending import LoanMoved
from yunjin.platforms.capability.store import lending as store

Act = Callable[[SqlUnitOfWork, Application], Application]


class Book:
    """Applications over a room's tables."""

    def __init__(self, room: RoomDatabase) -> None:
        self.room = room

    def now(self) -> dt.datetime:
        """Return this instant."""
        return instant(self.room.clock.now_ns())

    def found(self, application_id: UUID) -> Application:
        """Return an application. Raises: ApplicationNotFound."""
        one = self.room.read(lambda connection: store.one(connection, application_id))
        if one is None:
            raise nothing(application_id)
        return one

    def change(
        self, command_id: UUID, request: Sequence[Any], application_id: UUID, act: Act
    ) -> Application:
        """Change an application once under a command; return it as it stands now.

        Raises: ApplicationNotFound, IdempotencyConflict, and what `act` raises.
        """

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            act(work, self.locked(work, application_id))
            return {"application_id": application_id}

        self.room.command(command_id, [*request[:1], str(application_id), *request[1:]], body)
        return self.found(application_id)

    def set(self, application_id: UUID, **changes: Any) -> Application:
        """Keep facts of an application that a flow has brought about."""

        def body(work: SqlUnitOfWork) -> Application:
            return self.put(work, self.locked(work, application_id), **changes)

        return self.room.run(body)

    def locked(self, work: SqlUnitOfWork, application_id: UUID) -> Application:
        """Return an application, locked until the commit. Raises: ApplicationNotFound."""
        one = store.locked(work.connection, application_id)
        if one is None:
            raise nothing(application_id)
        return one

    def put(self, work: SqlUnitOfWork, one: Application, **changes: Any) -> Application:
        """Keep changes of an application that is locked."""
        after = replace(one, changed=self.now(), **changes)
        store.keep(work.connection, after)
        return after

    def move(
        self,
        work: SqlUnitOfWork,
        one: Application,
        state: ApplicationState,
        *,
        by: str = "",
        text: str = "",
        **changes: Any,
    ) -> Application:
        """Bring an application that is locked to another state, and tell."""
        after = self.put(work, one, state=state, **changes)
        self.note(work, one.application_id, state.value, by=by, text=text)
        work.outbox.add(
            LoanMoved(
                application_id=str(one.application_id), state=state.value, detail=after.detail
            )
        )
        return after

    def note(
        self, work: SqlUnitOfWork, subject_id: UUID, what: str, *, by: str = "", text: str = ""
    ) -> None:
        """Keep what was done in the timeline."""
        store.note(work.connection, subject_id, at=self.now(), what=what, by=by, text=text)


def expect(one: Application, *states: ApplicationState, why: str = "") -> None:
    """Raises: ApplicationRefused where an application stands elsewhere."""
    if one.state not in states:
        wanted = " or ".join(states)
        raise ApplicationRefused(
            f"expected an application that is {wanted}, was {one.state}",
            why=why or f"it is {one.state}",
            state=one.state.value,
        )


def nothing(application_id: UUID) -> ApplicationNotFound:
    """Return the refusal of an application that is not there."""
    what = "There is no such application."
    return ApplicationNotFound(what, application_id=str(application_id))
