"""`bench flows`: durable steps a CPU-second, beside DBOS; sleepers on disk; recovery after kill -9.

- `steps_per_cpu_s`: 2,000 flows of 10 steps, each step adds one to its argument; group commit.
  `row_steps_per_cpu_s`: the same, each step writes a row of the room too; `lone_steps_per_cpu_s`:
  one flow, one step a commit, nothing to share it with.
- `ratio_to_dbos`: against the same function as workflow and step of DBOS on SQLite, one after the
  other and many at once; its better figure counts. DBOS is put into a venv of its own for the run.
- 1,000,000 sleeping flows: bytes of the database a flow, and how late those of a part are that
  wake in one second.
- `recovery_s`: 100,000 flows were running, two steps done, when the process was killed (leases of
  one second); from the opening of the database until every one has made and saved its next step.
- `fan_out_<kind>_s`, `fan_out_<kind>_mb`: one flow does the same for each of 100,000 items: a step,
  a call, a child of one step; the process's memory at its most, with Python and all code in it.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from benchmarks.measuring import measured
from benchmarks.peers import dbos
from benchmarks.running import run, say
from yunjin.chassis.flow import (
    Engine,
    Flow,
    FlowLimits,
    Flows,
    FlowWorker,
    Registry,
    Start,
    State,
    StepWork,
    call,
    child,
    create_flows_1,
    create_flows_2,
    fan_out,
    flow,
    sleep,
    step,
)
from yunjin.chassis.persistence import (
    Database,
    Int64,
    RoomDatabase,
    column,
    create_standard_1,
    key,
    metadata,
    open_engine,
    table,
)
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

CLOCK = SystemClock()
STEPS = 10
START_ROWS = 5_000
DONE_BEFORE = 2
WIDTH = 1_000  # of fan-outs
ROWS = table(metadata("bench"), "rows", key("row_id", Int64), column("value", Int64))
ADD = sa.insert(ROWS)
_numbers = iter(range(10**12))
_went_on: set[UUID] = set()


def add(work: StepWork, value: int) -> int:
    """Add one: the step that costs nothing, so that only the engine is measured."""
    return value + 1


def write(work: StepWork, value: int) -> int:
    """Write a row of the room."""
    work.connection.execute(ADD, {"row_id": next(_numbers), "value": value})
    return value + 1


@flow("counting", version=1)
def counting(value: int) -> Flow:
    """Add ten times."""
    for _ in range(STEPS):
        value = yield step(add, value)
    return value


@flow("writing", version=1)
def writing(value: int) -> Flow:
    """Write ten rows."""
    for _ in range(STEPS):
        value = yield step(write, value)
    return value


@flow("sleeping", version=1)
def sleeping(at_ms: int, seconds: int) -> Flow:
    """Do a step, sleep, do another."""
    value = yield step(add, at_ms)
    yield sleep(seconds=seconds)
    return (yield step(go_on, value))


def go_on(work: StepWork, value: int) -> int:
    """Add one, and note whose step it was."""
    _went_on.add(work.flow_id)
    return value + 1


@flow("running", version=1)
def running(value: int) -> Flow:
    """Do steps for a long time."""
    for _ in range(1_000):
        value = yield step(go_on, value)


def light(work: StepWork, item: int) -> None:
    """Do nothing for an item: only the fan-out is measured."""


def light_call(command_id: UUID, item: int) -> None:
    """Ask another room for nothing."""


@flow("leaf", version=1)
def leaf(item: int) -> Flow:
    """Do one step."""
    yield step(light, item)


@flow("spreading", version=1)
def spreading(kind: str, count: int) -> Flow:
    """Do the same for each of many."""
    each: Any = {"step": step(light), "call": call(light_call), "child": child("leaf")}[kind]
    return (yield fan_out(range(count), each, width=WIDTH))


FLOWS = (counting, writing, sleeping, running, leaf, spreading)


@contextmanager
def opened(folder: Path, limits: FlowLimits | None = None) -> Iterator[tuple[Flows, Engine]]:
    """Open a room with flows in a folder."""
    database = Database(open_engine(f"sqlite:///{folder / 'rooms.db'}"), clock=CLOCK)
    with database.engine.begin() as connection:
        create_standard_1(connection, "bench")
        create_flows_1(connection, "bench")
        create_flows_2(connection, "bench")
        ROWS.create(connection, checkfirst=True)
    room = RoomDatabase(database, room="bench", tenant="demo", source="/bench", clock=CLOCK)
    flows = Flows(room, Registry(*FLOWS), limits=limits)
    engine = Engine(flows, holder="bench")
    yield flows, engine
    engine.close()
    database.close()


def start(flows: Flows, name: str, count: int, *args: Any) -> None:
    """Start many flows of one kind."""
    for first in range(0, count, START_ROWS):
        some = range(first, min(count, first + START_ROWS))
        flows.start_all([Start(flow_id=uuid7(CLOCK), flow=name, args=(one, *args)) for one in some])


def flows_(quick: bool) -> dict[str, Any]:
    """Measure steps, sleepers and recovery."""
    with tempfile.TemporaryDirectory(prefix="yunjin-flows-") as name:
        home = Path(name)
        figures = steps(home, quick) | lone(home, quick)
        say("DBOS on SQLite, in a venv of its own")
        peer = dbos.run(home, flows=30 if quick else 300, steps=STEPS)
        if peer is None:
            say("DBOS cannot be had here: its keys are left out")
        else:
            figures["dbos_version"] = peer.version
            figures["dbos_steps_per_cpu_s"] = peer.steps_per_cpu_s
            figures["ratio_to_dbos"] = figures["steps_per_cpu_s"] / peer.steps_per_cpu_s
        return figures | sleepers(home, quick) | recovery(home, quick) | fan_outs(home, quick)


def steps(home: Path, quick: bool) -> dict[str, Any]:
    """Run flows of ten steps; nothing before their start is counted."""
    figures: dict[str, Any] = {}
    count = 200 if quick else 2_000
    for kind, prefix in ((counting, ""), (writing, "row_")):
        say(f"{count:,} flows of {STEPS} steps: {kind.name}")
        folder = home / kind.name
        with opened(folder) as (flows, engine):
            start(flows, "counting", 20)  # statements are compiled, pages are there
            engine.drain()
            start(flows, kind.name, count)
            before = engine.steps
            began = time.process_time()
            with measured() as took:
                engine.drain()
            cpu_s, done = time.process_time() - began, engine.steps - before
            if done != count * STEPS or any(flows.counts().values()):
                raise RuntimeError(f"expected {count * STEPS} steps, was {done}")
        figures[f"{prefix}steps_per_cpu_s"] = done / cpu_s
        figures[f"{prefix}steps_per_s"] = took.per_second(done)
    return figures


def lone(home: Path, quick: bool) -> dict[str, Any]:
    """Run one flow after the other, each step in a commit of its own."""
    limits = FlowLimits(flows_a_commit=1, steps_in_a_row=1, callers=0)
    count = 5 if quick else 50
    with opened(home / "lone", limits) as (flows, engine):
        start(flows, "counting", 2)
        engine.drain()
        start(flows, "counting", count)
        before, began = engine.steps, time.process_time()
        engine.drain()
        cpu_s = time.process_time() - began
        return {"lone_steps_per_cpu_s": (engine.steps - before) / cpu_s}


def sleepers(home: Path, quick: bool) -> dict[str, Any]:
    """Lay flows to sleep; weigh the database; let some wake on time."""
    count, wakers, wake_s = (20_000, 500, 3) if quick else (1_000_000, 5_000, 5)
    say(f"{count:,} flows go to sleep")
    folder = home / "sleepers"
    with opened(folder) as (flows, engine):
        start(flows, "sleeping", count, 10**8)
        engine.drain()
        with flows.room.database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        size = sum(file.stat().st_size for file in folder.iterdir())
        if flows.counts()[State.WAITING] != count or engine._live:
            raise RuntimeError(f"expected {count} sleepers, was {flows.counts()}")
        say(f"{wakers:,} of them wake")
        _went_on.clear()
        start(flows, "sleeping", wakers, wake_s)
        while len(_went_on) < wakers:  # counting a million rows here would hold up the wakers
            if not engine.turn():
                flows.bell.wait(flows.limits.idle_ms / 1_000)
        engine.drain()
        lags_us = _lags(flows, wake_s)
    return {
        "sleeping_flows": count,
        "sleeping_bytes_per_flow": size / count,
        "sleeping_wake_lag_s": max(lags_us) / 1e6,
        "sleeping_wake_lag_s_median": sorted(lags_us)[len(lags_us) // 2] / 1e6,
    }


def _lags(flows: Flows, wake_s: int) -> list[int]:
    """Return how late each woken flow ended, microseconds after its timer."""
    first, ended = flows.tables.steps.c, flows.tables.flows.c
    query = sa.select(ended.due_us - first.at_us).where(
        first.flow_id == ended.flow_id,
        first.number == 1,
        ended.state == State.DONE,
        ended.name == "sleeping",
    )
    found = flows.room.read(lambda connection: connection.execute(query).scalars().all())
    if not found:
        raise RuntimeError("expected flows that woke, was none")
    return [late_us - wake_s * 1_000_000 for late_us in found]


def recovery(home: Path, quick: bool) -> dict[str, Any]:
    """Kill a process with flows that run; time how long until each has gone on."""
    count = 5_000 if quick else 100_000
    say(f"{count:,} running flows, kill -9")
    folder = home / "recovery"
    _child("run", folder, count)
    figures = _child("recover", folder, count)
    return {"recovery_flows": count, **figures}


def fan_outs(home: Path, quick: bool) -> dict[str, Any]:
    """Let one flow do the same for each of many, in a process of its own."""
    count = 5_000 if quick else 100_000
    figures: dict[str, Any] = {"fan_out_items": count}
    for kind in ("step", "call", "child"):
        say(f"a fan-out of {count:,}: {kind}")
        figures |= _child(kind, home / f"fan-out-{kind}", count)
    return figures


def spread(kind: str, folder: Path, count: int) -> None:
    """Run a fan-out as a room does: a worker's thread, calls in others."""
    with opened(folder) as (flows, engine):
        engine.close()
        worker = FlowWorker(flows, holder="bench")
        worker.start()
        began, flow_id = time.perf_counter(), uuid7(CLOCK)
        flows.start(flow_id, "spreading", kind, count)
        ended = flows.wait(flow_id, seconds=3_600)
        seconds = time.perf_counter() - began
        worker.close()
    if ended.state is not State.DONE or ended.outcome["done"] != count:
        raise RuntimeError(f"expected {count} items done, was {ended.outcome}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    print(json.dumps({f"fan_out_{kind}_s": seconds, f"fan_out_{kind}_mb": peak_mb}))


def _child(what: str, folder: Path, count: int) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks.flows", "--child", what, str(folder), str(count)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if what == "run":  # it ends by kill -9
        return {}
    if done.returncode:
        raise RuntimeError(f"expected a child to recover, was its end {done.returncode}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _limits(count: int) -> FlowLimits:
    return FlowLimits(live_max=count, steps_in_a_row=1, callers=0, lease_s=1)


def run_and_die(folder: Path, count: int) -> None:
    """Bring every flow some steps forward, two in the middle, then die in the midst of it."""
    with opened(folder, _limits(count)) as (flows, engine):
        start(flows, "running", count)
        while engine.steps < DONE_BEFORE * count or len(_went_on) < count:
            engine.turn()
        os.kill(os.getpid(), 9)


def recover(folder: Path, count: int) -> None:
    """Open what was left behind and go on until every flow has made a step."""
    began, cpu_began, began_us = time.perf_counter(), time.process_time(), CLOCK.now_ns() // 1_000
    with opened(folder, _limits(count)) as (flows, engine):
        while len(_went_on) < count:  # looked at between commits: what is in it is saved
            if not engine.turn():  # the lease of the dead has another moment to go
                threading.Event().wait(0.05)
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
        c = flows.tables.steps.c
        query = sa.select(sa.func.count(c.flow_id.distinct())).where(c.at_us >= began_us)
        went_on = flows.room.read(lambda connection: connection.execute(query).scalar_one())
    if went_on < count:
        raise RuntimeError(f"expected {count} flows to go on, was {went_on}")
    print(json.dumps({"recovery_s": seconds, "recovery_cpu_s": cpu_s}))


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if sys.argv[1:2] == ["--child"]:
        _, _, what, place, size = sys.argv
        if what in ("run", "recover"):
            {"run": run_and_die, "recover": recover}[what](Path(place), int(size))
        else:
            spread(what, Path(place), int(size))
    else:
        run("flows", flows_)
