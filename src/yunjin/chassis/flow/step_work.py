"""The unit of work that steps run in: one transaction, a savepoint around each step."""

from typing import Any
from uuid import UUID

from yunjin.chassis.flow.progress import advance
from yunjin.chassis.flow.reading import FailedItem, failed_items
from yunjin.chassis.flow.tables import tables_of
from yunjin.chassis.flow.values import step_id
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us


class StepWork(SqlUnitOfWork):
    """A room's unit of work, seen by a step of a flow.

    `flow_id` and `number` say which step it is now.
    """

    flow_id: UUID
    number: int

    def __init__(self, room: RoomDatabase) -> None:
        super().__init__(room)
        self._cursor: Any = None
        self._mark = 0

    @property
    def step_id(self) -> UUID:
        """The id of this step, the same on every try: what it derives the ids of commands from."""
        return step_id(self.flow_id, self.number)

    def advance(self, name: str, by: int = 1, *, total: int | None = None) -> None:
        """Add to what this flow has done of `name`, for those who watch it; `total`: of how much.

        It is saved with the step and undone with it, so it counts each step once.
        """
        tables, at_us = tables_of(self._room.room), instant_us(self._room.clock.now_ns())
        advance(self.connection, tables, self.flow_id, name, by=by, total=total, at_us=at_us)

    def failed_items(self, number: int, *, after: int = -1, limit: int = 1_000) -> list[FailedItem]:
        """Return items that failed of a fan-out of this flow, by their places behind `after`."""
        tables = tables_of(self._room.room)
        return failed_items(self.connection, tables, self.flow_id, number, after=after, limit=limit)

    def begin(self, flow_id: UUID, number: int) -> None:
        """Open the step's savepoint. Straight to the driver: 1 µs, through SQLAlchemy 25."""
        self.flow_id, self.number, self._mark = flow_id, number, self.outbox.mark()
        if self._cursor is None:
            self._cursor = self.connection.connection.cursor()
        self._cursor.execute("SAVEPOINT flow_step")

    def keep(self) -> None:
        """Keep what the step did, as part of the transaction."""
        self._cursor.execute("RELEASE SAVEPOINT flow_step")

    def undo(self) -> None:
        """Take back what the step changed and told."""
        self.outbox.back_to(self._mark)
        self._cursor.execute("ROLLBACK TO SAVEPOINT flow_step")
        self._cursor.execute("RELEASE SAVEPOINT flow_step")
