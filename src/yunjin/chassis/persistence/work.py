"""A room's tables at work: units of work, commands that act once, and housekeeping."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.persistence.answers import SqlAnswers, request_hash
from yunjin.chassis.persistence.columns import dump_json, instant_us
from yunjin.chassis.persistence.database import Database
from yunjin.chassis.persistence.outbox import SqlInbox, SqlOutbox
from yunjin.chassis.persistence.tables import Told, metadata, standard
from yunjin.kernel import check
from yunjin.kernel.clock import Clock

T = TypeVar("T")
ANSWER_DAYS_MIN: Final = 7
_DAY_US: Final = 86_400 * 1_000_000
_PRUNE_ROWS: Final = 500  # a transaction: below every engine's limits


class SqlUnitOfWork:
    """One transaction of one room (kernel.work.UnitOfWork): leaving the block commits.

    A single try: what a retry may cure is raised as Outage. `RoomDatabase.run` and `.command`
    are the ones that retry.
    """

    connection: sa.Connection
    outbox: SqlOutbox
    answers: SqlAnswers
    inbox: SqlInbox

    def __init__(self, room: "RoomDatabase") -> None:
        self._room = room

    def __enter__(self) -> Self:
        self._open = self._opened()
        self._open.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    @contextmanager
    def _opened(self) -> Iterator[None]:
        room = self._room
        with room.database.transaction() as self.connection:
            self.outbox = SqlOutbox(self.connection, room.tables, room.clock, room.traceparent)
            self.answers = SqlAnswers(self.connection, room.tables.answers, room.clock)
            self.inbox = SqlInbox(self.connection, room.tables.inbox, room.clock)
            yield
            told = self.outbox.flush()
        if told:
            room.told.set()


class RoomDatabase:
    """A room's own tables in its tenant's database. Safe for threads.

    Parameters
    ----------
    source : where the room's events come from, as in CloudEvents: `/foundation/ledger`.
    traceparent : the W3C trace context of the running call, empty outside of one.
    """

    def __init__(
        self,
        database: Database,
        *,
        room: str,
        tenant: str,
        source: str,
        clock: Clock,
        traceparent: Callable[[], str] = str,
    ) -> None:
        self.database, self.room, self.tenant, self.source = database, room, tenant, source
        self.clock, self.traceparent = clock, traceparent
        self.tables = standard(metadata(room))
        self.told = threading.Event()  # set after each commit that has news for the relay

    def work(self) -> SqlUnitOfWork:
        """Return a unit of work that is tried once."""
        return SqlUnitOfWork(self)

    def run(self, body: Callable[[SqlUnitOfWork], T]) -> T:
        """Run `body` in a unit of work, again from the start while a retry can help.

        For work that may be done twice or has no caller who waits: a timer, an event's handler
        behind the inbox. Everything a caller sends goes through `command`.

        Raises: Outage, Unknown, Conflict, Bug, and whatever `body` raises.
        """
        return self.database.again(lambda: self._once(body))

    def command(self, command_id: UUID, request: Any, body: Callable[[SqlUnitOfWork], Any]) -> Any:
        """Do a command once and return its first answer, however often it is sent.

        Parameters
        ----------
        request : what is asked, as JSON values: it tells a repetition from another request.
        body : the effect; returns the answer as JSON values, not null. What it raises is not
            kept: a refused command may be sent again under its id and is judged anew.

        Raises: IdempotencyConflict, Outage, Unknown (only while the database cannot be asked),
        Conflict, Bug, and whatever `body` raises.
        """
        hashed = request_hash(request)

        def answered(work: SqlUnitOfWork) -> Any:
            first = work.answers.find(command_id, hashed)
            if first is not None:
                return first
            answer = json.loads(dump_json(body(work)))  # the same now as when it is replayed
            work.answers.keep(command_id, hashed, answer)
            return answer

        def settle() -> Any | None:
            return self.read(
                lambda connection: SqlAnswers(connection, self.tables.answers, self.clock).find(
                    command_id, hashed
                )
            )

        return self.database.again(lambda: self._once(answered), settle=settle)

    def read(self, body: Callable[[sa.Connection], T]) -> T:
        """Run `body`, which only reads. Raises: Outage, Bug, and whatever `body` raises."""
        return self.database.read(body)

    def prune(self, *, answer_days: int = 14, inbox_days: int = 90, told_days: int = 14) -> int:
        """Delete what is older than its time of keeping; return the number of rows.

        Inbox rows must outlive any redelivery, answers any retry (at least 7 days). Events that
        wait or are parked stay.
        """
        check.that(
            min(answer_days, inbox_days) >= ANSWER_DAYS_MIN,
            f"expected at least {ANSWER_DAYS_MIN} days, was {min(answer_days, inbox_days)}",
        )
        tables = self.tables
        told = tables.outbox.c.state == Told.DELIVERED
        return (
            self.prune_old(tables.answers, answer_days)
            + self.prune_old(tables.inbox, inbox_days)
            + self.prune_old(tables.outbox, told_days, told)
        )

    def backlog(self) -> dict[Told, int]:
        """Return how many events wait, and how many are parked."""
        c = self.tables.outbox.c
        query = (
            sa.select(c.state, sa.func.count())
            .where(c.state.in_([Told.WAITING, Told.PARKED]))
            .group_by(c.state)
        )
        counts = {Told.WAITING: 0, Told.PARKED: 0}
        found = self.read(lambda connection: connection.execute(query).all())
        return counts | {Told(state): count for state, count in found}

    def _once(self, body: Callable[[SqlUnitOfWork], T]) -> T:
        with self.work() as work:
            return body(work)

    def prune_old(self, table: sa.Table, days: int, *rules: sa.ColumnElement[bool]) -> int:
        """Delete rows of a table, by their `at_us`, that are older; return how many."""
        before_us = instant_us(self.clock.now_ns()) - days * _DAY_US
        keys = list(table.primary_key.columns)
        old = sa.select(*keys).where(table.c.at_us < before_us, *rules).limit(_PRUNE_ROWS)

        def some(work: SqlUnitOfWork) -> int:
            # Few rows a transaction, by key: DELETE … LIMIT is not everywhere.
            rows = [tuple(row) for row in work.connection.execute(old)]
            for row in rows:
                same = (column == value for column, value in zip(keys, row, strict=True))
                work.connection.execute(sa.delete(table).where(*same))
            return len(rows)

        total = 0
        while count := self.run(some):
            total += count
        return total
