"""A process that works flows until it is killed: `python -m tests.chassis.flow.killed URL`.

It says each commit on stdout, so that the parent knows when to kill.
"""

import sys

from tests.chassis.flow.shop import note, unnote
from yunjin.chassis.flow import (
    Definition,
    Engine,
    Flow,
    FlowLimits,
    Flows,
    Registry,
    child,
    flow,
    gather,
    sleep,
    step,
)
from yunjin.chassis.persistence import Database, RoomDatabase, open_engine
from yunjin.kernel.clock import SystemClock

LIMITS = FlowLimits(flows_a_commit=8, steps_in_a_row=2, callers=0, lease_s=1, idle_ms=10)
LINES = 5  # that one flow writes, its child's among them


@flow("leaf", version=1)
def leaf(label: str) -> Flow:
    """Write one line."""
    return (yield step(note, label))


@flow("work", version=1)
def work(number: int) -> Flow:
    """Write lines one by one, two at once, after a pause, and by a child."""
    first = yield step(note, "first", undo=unnote)
    yield gather(step(note, "left"), step(note, "right"))
    yield sleep(seconds=0)
    return [first, (yield child("leaf", "leaf")), (yield step(note, "last"))]


FLOWS: tuple[Definition, ...] = (leaf, work)


def main(url: str) -> None:
    """Work until nothing is left to do."""
    clock = SystemClock()
    database = Database(open_engine(url), clock=clock)
    room = RoomDatabase(database, room="shop", tenant="demo", source="/shop", clock=clock)
    flows = Flows(room, Registry(*FLOWS), limits=LIMITS)
    engine = Engine(flows, holder="killed")
    while any(flows.counts().values()):
        print(engine.turn(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
