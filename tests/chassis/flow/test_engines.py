"""Goal: one engine works a room's flows; another that believes it does cannot save a thing.

Method: two engines on the same tables, a clock that ends leases; the stalled one wakes up in the
middle of the other's work, also after the other has given the lease back.
"""

import gc
import threading
import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from tests.chassis.flow.shop import Shop, note, unnote
from yunjin.chassis.flow import (
    Flow,
    FlowLimits,
    FlowWorker,
    State,
    StepWork,
    call,
    flow,
    signal,
    step,
)
from yunjin.chassis.flow.collector import COLLECTOR
from yunjin.chassis.persistence import Stopped
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

Open = Callable[..., Shop]


@flow("walk", version=1)
def walk() -> Flow:
    for n in range(6):
        yield step(note, f"{n}", undo=unnote)


def test_a_second_engine_waits_for_the_lease_and_takes_over_after_its_end(shop: Open) -> None:
    first = shop(walk)
    flow_id = first.started(walk)
    assert first.engine.turn() == 1
    other = first.reopened()
    assert other.engine.turn() == 0
    first.clock.advance(first.limits.lease_s + 1)
    other.engine.drain()
    assert other.flows.state(flow_id).state is State.DONE
    assert other.log() == [str(n) for n in range(6)]
    other.close()


@pytest.mark.parametrize("is_given_back", [False, True])
def test_an_engine_that_was_overtaken_saves_nothing_more(shop: Open, is_given_back: bool) -> None:
    stalled = shop(walk)
    flow_id = stalled.started(walk)
    for _ in range(2):
        stalled.engine.turn()  # it has the flow in memory, two steps done
    stalled.clock.advance(stalled.limits.lease_s + 1)
    other = stalled.reopened()
    other.engine.turn()
    if is_given_back:
        other.engine.close()
    with capture_logs() as logs:
        # It thinks that the lease is still its own: the fence alone stands between.
        stalled.engine._lease.hold = lambda: True  # type: ignore[method-assign]
        assert stalled.engine.turn() == 1
    assert any(line["event"] == "flows.lost" for line in logs)
    assert stalled.engine.steps == 2
    assert stalled.log() == ["0", "1", "2"]
    del stalled.engine._lease.hold  # type: ignore[method-assign]
    stalled.clock.advance(stalled.limits.lease_s + 1)
    stalled.engine.drain()  # it may take over again, from the journal
    assert stalled.flows.state(flow_id).state is State.DONE
    assert stalled.log() == [str(n) for n in range(6)]
    other.close()


def test_a_call_that_returns_to_an_engine_overtaken_meanwhile_is_dropped(shop: Open) -> None:
    ids: list[object] = []

    def ask(command_id: object) -> int:
        ids.append(command_id)
        return len(ids)

    @flow("asking", version=1)
    def asking() -> Flow:
        return (yield call(ask))

    stalled = shop(asking)
    flow_id = stalled.started(asking)
    stalled.engine.turn()  # the call is made, its answer not journalled yet
    stalled.clock.advance(stalled.limits.lease_s + 1)
    other = stalled.reopened()
    other.engine.drain()
    assert stalled.engine.drain() == 0
    assert other.flows.state(flow_id).outcome == 2
    assert len(set(ids)) == 1
    other.close()


def test_a_full_disk_is_waited_out(shop: Open) -> None:
    full = [True]

    def fill(work: StepWork) -> str:
        if full[0]:
            raise Stopped("The disk is full.")
        return note(work, "written")

    @flow("filling", version=1)
    def filling() -> Flow:
        yield step(fill)

    room = shop(filling)
    waiting = room.ran(filling)
    assert waiting.state is State.WAITING
    full[0] = False
    room.passed(1)
    assert room.log() == ["written"]


def test_the_worker_s_thread_runs_what_is_started_and_signalled_beside_it(shop: Open) -> None:
    done = threading.Event()

    def end(work: StepWork) -> None:
        note(work, "end")
        done.set()

    @flow("waiting", version=1)
    def waiting() -> Flow:
        yield signal("go")
        yield step(end)

    room = shop(waiting, clock=SystemClock(), limits=FlowLimits(idle_ms=20, callers=1))
    worker = FlowWorker(room.flows, holder="here")
    worker.start()
    try:
        flow_id = room.started(waiting)
        room.flows.signal(flow_id, "go", signal_id=uuid7(room.clock))
        assert done.wait(20)
        assert worker.probe() == ""
        assert room.flows.wait(flow_id, seconds=20).state is State.DONE
    finally:
        worker.close()
    assert worker.probe() == "the worker of the flows has ended"
    assert room.flows.state(flow_id).state is State.DONE
    # It gave the lease back: another goes on at once.
    assert room.ran(waiting).state is State.WAITING


def test_a_worker_whose_process_stands_by_leaves_the_flows_to_another(shop: Open) -> None:
    is_anothers = threading.Event()
    room = shop(walk, clock=SystemClock(), limits=FlowLimits(idle_ms=5, lease_s=600, callers=0))
    worker = FlowWorker(room.flows, holder="here", stands_by=is_anothers.is_set)
    worker.start()
    try:
        assert room.flows.wait(room.started(walk), seconds=20).state is State.DONE
        assert room.engine.turn() == 0  # the flows are the worker's, for 600 s more
        is_anothers.set()
        until = time.monotonic() + 20
        while room.engine._epoch is None:
            assert time.monotonic() < until, "expected the worker to leave within 20 s"
            room.engine.turn()
        left = room.started(walk)
        assert room.engine.drain()
        assert room.flows.state(left).state is State.DONE
        assert worker.probe() == ""
        room.engine.leave()
        is_anothers.clear()
        assert room.flows.wait(room.started(walk), seconds=20).state is State.DONE
    finally:
        worker.close()


def test_more_flows_than_fit_into_memory_all_come_to_their_end(shop: Open) -> None:
    limits = FlowLimits(flows_a_commit=3, steps_in_a_row=1, live_max=4, callers=0)
    room = shop(walk, limits=limits)
    ids = [room.started(walk) for _ in range(15)]
    most = 0
    while room.engine.turn():
        most = max(most, len(room.engine._live))
    assert most <= limits.live_max
    assert {room.flows.state(one).state for one in ids} == {State.DONE}
    assert len(room.log()) == 90


def test_flows_late_in_the_order_have_their_turn_beside_those_that_run_for_long(shop: Open) -> None:
    @flow("long", version=1)
    def long(label: str) -> Flow:
        for n in range(1_000):
            yield step(note, f"{label} {n}")

    limits = FlowLimits(flows_a_commit=8, steps_in_a_row=1, live_max=1_000, callers=0)
    room = shop(long, limits=limits)
    for n in range(150):
        room.started(long, f"flow {n}")
    for _ in range(30):
        room.engine.turn()
    log = room.log()
    assert len({line.split()[1] for line in log}) == 150
    assert sum(line.endswith(" 1") for line in log) >= 20  # nor do these have to wait for all


def test_a_flow_whose_time_was_over_before_its_step_is_next_and_not_last(shop: Open) -> None:
    @flow("slow to ask", version=1)
    def slow(label: str) -> Flow:
        room.clock.advance(1)  # as long as its replay takes: the transaction's time is over
        yield step(note, label)

    limits = FlowLimits(flows_a_commit=2, steps_in_a_row=1, callers=0)
    room = shop(walk, slow, limits=limits)
    room.started(walk)
    room.clock.advance(1)
    room.started(slow, "slow")
    room.clock.advance(1)
    for _ in range(20):
        room.started(walk)
    for _ in range(2):
        room.engine.turn()
    assert "slow" in room.log()


def test_a_worker_that_was_not_started_or_stands_still_is_not_ready(shop: Open) -> None:
    room = shop(walk)
    worker = FlowWorker(room.flows, holder="here")
    assert worker.probe() == "the worker of the flows was not started"
    alive = threading.Event()
    worker._thread = threading.Thread(target=alive.wait, args=(60,))
    worker._thread.start()
    worker._beat_ns = room.clock.monotonic_ns()
    room.clock.advance(60)
    assert worker.probe() == ""
    room.clock.advance(1)
    assert worker.probe() == "no turn of the flows has ended for 61 s"
    alive.set()
    worker._thread.join(20)


def test_the_collector_goes_on_after_the_last_that_held_it_off() -> None:
    assert gc.isenabled()
    with COLLECTOR.held_off():
        with COLLECTOR.held_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
