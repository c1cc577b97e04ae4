"""What can be asked of a room's flows: where they stand, what they did, how far they have come."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.flow.problems import NoSuchFlow, ProblemClasses
from yunjin.chassis.flow.progress import Progress, progress_of
from yunjin.chassis.flow.tables import FlowTables, Outcome, State, tables_of
from yunjin.chassis.flow.values import read
from yunjin.chassis.persistence import RoomDatabase, instant_us
from yunjin.kernel.errors import Problem
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal

_CLASSES: Final = ProblemClasses()
_LOOK_S: Final = 0.25  # between two looks of one who waits; an engine of this process rings
_OPEN: Final = (State.PARKED, State.RUNNING, State.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowState:
    """Where a flow stands."""

    flow_id: UUID
    name: str
    version: int
    state: State
    args: Any
    started_us: int
    due_us: int  # when it is looked at next; when it ended
    waits_for: str
    is_cancelled: bool
    parent_id: UUID | None
    outcome: Any  # its answer; or the problem; or, where it is parked, kind, reason, step, number

    @property
    def problem(self) -> Problem | None:
        """The problem that a failed or cancelled flow ended by, as it was raised in the flow."""
        is_ill = self.state in (State.FAILED, State.CANCELLED)
        return _CLASSES.problem(self.outcome) if is_ill else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """A row of a flow's journal."""

    number: int  # negative: the undoing of that step; 0: where a cancelled flow stopped
    name: str
    outcome: Outcome
    answer: Any
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a person did to a flow. deed: "cancel", "retry" or "skip"; number 0: to all of it."""

    deed_id: UUID
    at_us: int
    deed: str
    number: int
    step: str
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedItem:
    """An item of a fan-out that failed. place: counted from 0."""

    place: int
    item: Any
    problem: dict[str, Any]
    at_us: int


class FlowReader:
    """A room's flows, to be looked at. Safe for threads.

    Parameters
    ----------
    cursor_key : signs the cursors of pages.
    """

    def __init__(self, room: RoomDatabase, *, cursor_key: bytes = b"flows") -> None:
        self.room, self.tables = room, tables_of(room.room)
        self.moved = threading.Condition()  # told when an engine of this process saved a turn
        self.bell = threading.Event()  # rung when an engine of this process has something to do
        self.turns = 0  # saved by engines of this process; changes with `moved` held
        self._cursor_key = cursor_key

    def state(self, flow_id: UUID) -> FlowState:
        """Return where a flow stands. Raises: NoSuchFlow, Outage."""
        flows = self.tables.flows
        query = sa.select(flows).where(flows.c.flow_id == flow_id)
        row = self.room.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            raise NoSuchFlow("No such flow was started here.", flow_id=str(flow_id))
        return _state(row)

    def wait(
        self,
        flow_id: UUID,
        *,
        seconds: int,
        look: Callable[[FlowState, list[Progress]], None] | None = None,
    ) -> FlowState:
        """Return where a flow stands once it has ended or is parked, or that many seconds later.

        Some engine must work the room's flows meanwhile, here or in another process.

        Parameters
        ----------
        look : called at each look, with how far the flow has come: a bar on a terminal.

        Raises: NoSuchFlow, Outage, and whatever `look` raises.
        """
        until_ns = self.room.clock.monotonic_ns() + seconds * 1_000_000_000
        while True:
            seen = self.turns  # what is saved while we look is not to be slept over
            found = self.state(flow_id)
            if look is not None:
                look(found, self.progress(flow_id))
            is_over = found.state.is_end or found.state is State.PARKED
            if is_over or self.room.clock.monotonic_ns() >= until_ns:
                return found
            with self.moved:
                if self.turns == seen:
                    self.moved.wait(_LOOK_S)

    def progress(self, flow_id: UUID) -> list[Progress]:
        """Return how far a flow has come, in the order its lines began. Raises: Outage."""
        return self.room.read(lambda connection: progress_of(connection, self.tables, flow_id))

    def history(
        self,
        flow_id: UUID,
        *,
        after: int | None = None,
        limit: int = 200,
        newest_first: bool = False,
    ) -> list[StepState]:
        """Return a flow's journal: its steps by number, then where it stopped, then the undoings.

        Parameters
        ----------
        after : goes on behind this number, in the order that is asked for.

        Raises: NoSuchFlow, Outage.
        """
        self.state(flow_id)
        steps, limit = self.tables.steps, min(limit, LIMIT_MAX)
        number = steps.c.number
        query = sa.select(steps).where(steps.c.flow_id == flow_id)
        query = query.order_by(number.desc() if newest_first else number)
        stretches = [number > 0, number <= 0]  # two, so that the key serves both
        if newest_first:
            stretches.reverse()
        if after is not None:
            stretches = stretches[(after <= 0) != newest_first :]
            behind = number < after if newest_first else number > after
            stretches[0] = sa.and_(stretches[0], behind)

        def found(connection: sa.Connection) -> list[Any]:
            rows: list[Any] = []
            for stretch in stretches:
                part = query.where(stretch).limit(limit - len(rows))
                rows += connection.execute(part).all() if len(rows) < limit else []
            return rows

        return [
            StepState(
                number=row.number,
                name=row.name,
                outcome=Outcome(row.outcome),
                answer=read(row.answer),
                at_us=row.at_us,
            )
            for row in self.room.read(found)
        ]

    def deeds(self, flow_id: UUID) -> list[Deed]:
        """Return what people did to a flow, the first deed first. Raises: Outage."""
        deeds = self.tables.deeds
        query = (
            sa.select(deeds)
            .where(deeds.c.flow_id == flow_id)
            .order_by(deeds.c.at_us, deeds.c.deed_id)
        )
        found = self.room.read(lambda connection: connection.execute(query).all())
        return [
            Deed(
                deed_id=row.deed_id,
                at_us=row.at_us,
                deed=row.deed,
                number=row.number,
                step=row.step,
                who=row.who,
                why=row.why,
            )
            for row in found
        ]

    def failed_items(
        self, flow_id: UUID, number: int, *, after: int = -1, limit: int = 200
    ) -> list[FailedItem]:
        """Return items of a fan-out that failed, by their places. Raises: Outage.

        Parameters
        ----------
        number : the fan-out's, as its answer has it.
        after : goes on behind this place.
        """
        limit = min(limit, LIMIT_MAX)
        return self.room.read(
            lambda connection: failed_items(
                connection, self.tables, flow_id, number, after=after, limit=limit
            )
        )

    def page(
        self,
        *,
        state: State | None = None,
        name: str = "",
        cursor: str = "",
        limit: int = 50,
    ) -> Page[FlowState]:
        """Return flows by state (those that need a person first), then by when they are due.

        Those that have ended stand by their end, the last one first where `state` is an end.

        Raises: Malformed for a cursor of another's making, Outage.
        """
        flows, limit = self.tables.flows, min(limit, LIMIT_MAX)
        place = (flows.c.state, flows.c.due_us, flows.c.flow_id)
        is_down = state is not None and state.is_end
        order = [each.desc() for each in place] if is_down else place
        query = sa.select(flows).order_by(*order).limit(limit + 1)
        if state is not None:
            query = query.where(flows.c.state == state)
        if name:
            query = query.where(flows.c.name == name)
        if cursor:
            number, due_us, hexed = unseal(cursor, self._cursor_key)
            at = (int(number), int(due_us), UUID(hex=str(hexed)))
            query = query.where(_before(place, at) if is_down else _beyond(place, at))
        rows = self.room.read(lambda connection: connection.execute(query).all())
        last = rows[limit - 1] if len(rows) > limit else None
        position: list[int | str] = [last.state, last.due_us, last.flow_id.hex] if last else []
        return Page(
            tuple(_state(row) for row in rows[:limit]),
            seal(position, self._cursor_key) if last else None,
        )

    def counts(self) -> dict[State, int]:
        """Return how many flows stand where; ended ones are not counted. Raises: Outage."""
        c = self.tables.flows.c
        query = sa.select(c.state, sa.func.count()).where(c.state.in_(_OPEN)).group_by(c.state)
        found = self.room.read(lambda connection: connection.execute(query).all())
        return dict.fromkeys(_OPEN, 0) | {State(state): count for state, count in found}

    def counts_by_name(self, names: Sequence[str]) -> dict[tuple[str, State], int]:
        """Return how many flows of each of these names stand where. Raises: Outage."""
        c = self.tables.flows.c
        query = sa.select(c.name, c.state, sa.func.count()).group_by(c.name, c.state)
        query = query.where(c.name.in_(names), c.state.in_(_OPEN))
        found = self.room.read(lambda connection: connection.execute(query).all())
        return {(name, State(state)): count for name, state, count in found}

    def overdue_us(self) -> int:
        """Return how long ago the time came that a flow still waits for, in microseconds.

        Flows that run are not asked: when they had their last turn is not written. Raises: Outage.
        """
        c, now_us = self.tables.flows.c, instant_us(self.room.clock.now_ns())
        query = sa.select(sa.func.min(c.due_us)).where(c.state == State.WAITING)
        due_us = self.room.read(lambda connection: connection.execute(query).scalar_one())
        return 0 if due_us is None else max(0, now_us - int(due_us))


def failed_items(
    connection: sa.Connection,
    tables: FlowTables,
    flow_id: UUID,
    number: int,
    *,
    after: int,
    limit: int,
) -> list[FailedItem]:
    """Return items of a fan-out that failed, by their places."""
    items = tables.items
    of = (items.c.flow_id == flow_id, items.c.number == number, items.c.place > after)
    query = sa.select(items).where(*of).order_by(items.c.place).limit(limit)
    return [
        FailedItem(place=row.place, item=read(row.item), problem=read(row.problem), at_us=row.at_us)
        for row in connection.execute(query)
    ]


def _beyond(place: Sequence[Any], at: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return "after `at`" for an order over three columns, in words every engine indexes."""
    (a, b, c), (x, y, z) = place, at
    return sa.and_(a >= x, sa.or_(a > x, b > y, sa.and_(b == y, c > z)))


def _before(place: Sequence[Any], at: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return "before `at`", where the first column is given."""
    (a, b, c), (x, y, z) = place, at
    return sa.and_(a == x, b <= y, sa.or_(b < y, c < z))


def _state(row: Any) -> FlowState:
    return FlowState(
        flow_id=row.flow_id,
        name=row.name,
        version=row.version,
        state=State(row.state),
        args=read(row.args),
        started_us=row.started_us,
        due_us=row.due_us,
        waits_for=row.waits_for,
        is_cancelled=bool(row.is_cancelled),
        parent_id=row.parent_id,
        outcome=read(row.outcome),
    )
