"""The unit of work that steps run in: one transaction, a savepoint around each step."""

from typing import Any
from uuid import UUID

from yunjin.chassis.flow.values import step_id
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork


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
