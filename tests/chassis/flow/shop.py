"""A small room with flows for tests: `shop`, whose log says what was done, in which order.

`Crash` stands for kill -9: it is raised around a commit and everything in memory is thrown away.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.flow import (
    Definition,
    Engine,
    FlowLimits,
    Flows,
    FlowState,
    Registry,
    State,
    StepWork,
    create_flows_1,
    create_flows_2,
    flow_tables,
)
from yunjin.chassis.persistence import (
    Ascii,
    Database,
    Int64,
    LostAnswer,
    RoomDatabase,
    Stopped,
    column,
    create_standard_1,
    key,
    metadata,
    open_engine,
    standard,
    table,
)
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import Outage, Refusal
from yunjin.kernel.ids import uuid7

NOON_NS = 1_760_000_000_000_000_000
TABLES = metadata("shop")
STANDARD = standard(TABLES)
FLOW_TABLES = flow_tables(TABLES)
LOG = table(TABLES, "log", key("place", Ascii(120)), column("position", Int64))
SMALL = FlowLimits(flows_a_commit=2, steps_in_a_row=1, callers=0, live_max=3)


class SoldOut(Refusal):
    code, status, title = "shop/sold-out", 409, "Sold out"


class Closed(Outage):
    code, status, title = "shop/closed", 503, "Closed"


class Crash(BaseException):
    """The process ends here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    type: ClassVar[str] = "yunjin.shop.log.noted.v1"
    place: str

    @property
    def subject(self) -> str:
        return self.place


@dataclass
class CrashPlan:
    """At which commits to crash: (commits until then, whether that commit still happens).

    With a third member True it is the database's trouble, which the process outlives: the commit
    is refused, or done and its answer lost.
    """

    crashes: list[tuple[int, bool] | tuple[int, bool, bool]] = field(default_factory=list)
    commits: int = 0
    crashed: int = 0

    def come_to(self, *, kept: bool) -> None:
        if self.crashes and self.crashes[0][:2] == (self.commits, kept):
            is_outlived = self.crashes.pop(0)[2:] == (True,)
            self.commits, self.crashed = 0, self.crashed + 1
            if not is_outlived:
                raise Crash
            if kept:
                raise LostAnswer("The answer to COMMIT was lost.")
            raise Stopped("The disk is full.")


class CrashingDatabase(Database):
    """A database under which the process ends, before or after a commit."""

    plan: CrashPlan

    @contextmanager
    def transaction(self, *, reads: bool = False) -> Iterator[sa.Connection]:
        with super().transaction(reads=reads) as connection:
            yield connection
            if not reads:
                self.plan.commits += 1
                self.plan.come_to(kept=False)
        if not reads:
            self.plan.come_to(kept=True)


@dataclass
class Shop:
    """The room, its flows and an engine; `reopened` is the same after a crash."""

    url: str
    definitions: tuple[Definition, ...]
    limits: FlowLimits
    clock: FixedClock
    plan: CrashPlan
    room: RoomDatabase
    flows: Flows
    engine: Engine

    def reopened(self, *definitions: Definition, limits: FlowLimits | None = None) -> "Shop":
        return opened(
            self.url,
            *(definitions or self.definitions),
            limits=limits or self.limits,
            clock=self.clock,
            plan=self.plan,
            create=False,
        )

    def started(self, flow: str | Definition, *args: Any) -> UUID:
        flow_id = uuid7(self.clock)
        self.flows.start(flow_id, flow, *args)
        return flow_id

    def ran(self, flow: str | Definition, *args: Any) -> FlowState:
        """Start a flow, let the engine work until nothing is due, return where it stands."""
        flow_id = self.started(flow, *args)
        self.engine.drain()
        return self.flows.state(flow_id)

    def passed(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.engine.drain()

    def log(self) -> list[str]:
        """Return what steps wrote, in order, without the flows' ids."""
        query = sa.select(LOG.c.place).order_by(LOG.c.position)
        places = self.room.read(lambda connection: connection.execute(query).scalars().all())
        return [place.partition("/")[2] for place in places]

    def told(self) -> int:
        query = sa.select(sa.func.count()).select_from(STANDARD.outbox)
        return int(self.room.read(lambda connection: connection.execute(query).scalar_one()))

    def close(self) -> None:
        self.engine.close()
        self.room.database.close()


def opened(
    url: str,
    *definitions: Definition,
    limits: FlowLimits = SMALL,
    clock: FixedClock | None = None,
    plan: CrashPlan | None = None,
    create: bool = True,
    holder: str = "test",
) -> Shop:
    """Open the room as another process would."""
    clock, plan = clock or FixedClock(NOON_NS), plan or CrashPlan()
    database = CrashingDatabase(open_engine(url), clock=clock, pause=lambda pause_ms: None)
    database.plan = CrashPlan()
    if create:
        with database.engine.begin() as connection:
            create_standard_1(connection, "shop")
            create_flows_1(connection, "shop")
            create_flows_2(connection, "shop")
            LOG.create(connection, checkfirst=True)
    database.plan = plan
    room = RoomDatabase(database, room="shop", tenant="demo", source="/shop", clock=clock)
    flows = Flows(room, Registry(*definitions), limits=limits)
    engine = Engine(flows, holder=holder)
    return Shop(url, definitions, limits, clock, plan, room, flows, engine)


def note(work: StepWork, label: str, *more: Any) -> str:
    """Write a line into the log, once: a second time its key is taken; and tell it."""
    place = f"{work.flow_id}/{label}"
    count = work.connection.execute(sa.select(sa.func.count()).select_from(LOG)).scalar_one()
    work.connection.execute(sa.insert(LOG).values(place=place, position=count))
    work.outbox.add(Noted(place=place))
    return label


def unnote(work: StepWork, answer: str, *args: Any) -> None:
    note(work, f"undo {answer}")


def refuse(work: StepWork, label: str) -> None:
    """Write, then refuse: what was written must not stay."""
    note(work, label)
    raise SoldOut("There is none left.", label=label)


def fails(error: Exception) -> Callable[..., Any]:
    """Return a step that writes and then raises."""

    def failing(work: StepWork) -> None:
        note(work, "never kept")
        raise error

    return failing


__all__ = ["NOON_NS", "SMALL", "Closed", "Crash", "CrashPlan", "Shop", "SoldOut", "State"]
