"""A process that works fan-outs until it is killed: `python -m tests.chassis.flow.fan_out_killed`.

It says each commit on stdout, so that the parent knows when to kill.
"""

import sys
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from tests.chassis.flow.shop import TABLES, SoldOut, note
from yunjin.chassis.flow import (
    Definition,
    Engine,
    Flow,
    FlowLimits,
    Flows,
    Registry,
    StepWork,
    call,
    child,
    fan_out,
    flow,
    step,
)
from yunjin.chassis.persistence import Database, Int64, RoomDatabase, Uuid, column, key, open_engine
from yunjin.chassis.persistence import table as make_table
from yunjin.kernel.clock import SystemClock

LIMITS = FlowLimits(flows_a_commit=16, items_a_turn=8, callers=0, lease_s=1, idle_ms=10)
ITEMS = 600
CALLED = make_table(TABLES, "called", key("command_id", Uuid()), column("item", Int64))
_far: list[Any] = []  # the other room's database


def mark(work: StepWork, item: int, kind: str = "step") -> None:
    """Write the item's line, once; the last of each hundred is refused."""
    place = f"{kind} {item}"
    if item % 100 == 99:
        raise SoldOut("There is none left.")
    work.flow_id = UUID(int=1)  # the line's key is the item's alone
    note(work, place)


def pay(command_id: UUID, item: int) -> None:
    """Write into another room's table; a repetition is seen and changes nothing."""
    if item % 100 == 99:
        raise SoldOut("There is none left.")
    with _far[0].begin() as connection:
        query = sa.select(CALLED.c.item).where(CALLED.c.command_id == command_id)
        known = connection.execute(query).scalar_one_or_none()
        if known is None:
            connection.execute(sa.insert(CALLED).values(command_id=command_id, item=item))
        elif known != item:
            raise ValueError(f"expected item {known} under this id, was {item}")


def light(work: StepWork, item: int) -> None:
    """Do nothing, or refuse."""
    if item % 100 == 99:
        raise SoldOut("There is none left.")


@flow("one", version=1)
def one(item: int) -> Flow:
    """Write one line."""
    return (yield step(mark, item, "child"))


@flow("all", version=1)
def every(kind: str) -> Flow:
    """Do it for each item."""
    each: Any = {"step": step(mark), "call": call(pay), "child": child("one")}[kind]
    return (yield fan_out(range(ITEMS), each, width=20))


@flow("many", version=1)
def many(count: int) -> Flow:
    """Do what costs nothing, for each."""
    return (yield fan_out(range(count), step(light)))


FLOWS: tuple[Definition, ...] = (one, every, many)


def main(url: str) -> None:
    """Work until nothing is left to do."""
    clock = SystemClock()
    database = Database(open_engine(url), clock=clock)
    room = RoomDatabase(database, room="shop", tenant="demo", source="/shop", clock=clock)
    _far.append(open_engine(url).engine)
    flows = Flows(room, Registry(*FLOWS), limits=LIMITS)
    engine = Engine(flows, holder="killed")
    while any(flows.counts().values()):
        print(engine.turn(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
