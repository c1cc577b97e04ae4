"""Goal: a flow does what its function says, with time, signals, children, retries and undoing.

Method: small flows on a clock that stands still, on SQLite and on MariaDB; the room's log says what
was really kept, and in which order.
"""

import itertools
import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.chassis.flow.shop import Closed, Shop, SoldOut, fails, note, refuse, unnote
from yunjin.chassis.flow import (
    Flow,
    FlowLimits,
    Outcome,
    Retry,
    Start,
    State,
    StepWork,
    call,
    child,
    flow,
    gather,
    signal,
    sleep_until,
    step,
)
from yunjin.chassis.flow import sleep as rest
from yunjin.kernel import tenant
from yunjin.kernel.errors import Outage, Problem
from yunjin.kernel.ids import uuid7

Open = Callable[..., Shop]


@flow("two steps", version=1)
def two_steps(first: str) -> Flow:
    said = yield step(note, first)
    other = yield step(note, f"after {said}")
    return [said, other]


@flow("nap", version=1)
def nap(seconds: int) -> Flow:
    yield step(note, "lie down")
    yield rest(seconds=seconds)
    yield step(note, "get up")


@flow("approval", version=1)
def approval(timeout_s: int | None) -> Flow:
    said = yield signal("approved", timeout_s=timeout_s)
    again = yield signal("approved", timeout_s=timeout_s)
    return [said, again]


def test_steps_run_in_order_and_their_answers_reach_the_flow(shop: Open) -> None:
    room = shop(two_steps)
    ended = room.ran(two_steps, "tea")
    assert (ended.state, ended.outcome) == (State.DONE, ["tea", "after tea"])
    assert room.log() == ["tea", "after tea"]
    assert room.told() == 2
    history = room.flows.history(ended.flow_id)
    assert [(row.number, row.name, row.answer) for row in history] == [
        (1, "note", "tea"),
        (2, "note", "after tea"),
    ]


def test_a_step_sees_its_tenant_and_an_id_that_no_other_step_has(shop: Open) -> None:
    def look(work: StepWork) -> list[str]:
        return [tenant.current(), str(work.step_id)]

    @flow("looking", version=1)
    def looking() -> Flow:
        return (yield gather(step(look), step(look)))

    [[name, one], [_, other]] = shop(looking).ran(looking).outcome
    assert name == "demo"
    assert one != other
    assert UUID(one).version == 7


def test_a_sleeping_flow_wakes_when_its_time_has_come_and_not_before(shop: Open) -> None:
    room = shop(nap)
    asleep = room.ran(nap, 3_600)
    assert (asleep.state, asleep.waits_for) == (State.WAITING, "sleep")
    assert asleep.due_us == asleep.started_us + 3_600_000_000
    room.passed(3_599)
    assert room.log() == ["lie down"]
    room.passed(1)
    assert room.log() == ["lie down", "get up"]
    assert room.flows.state(asleep.flow_id).state is State.DONE


def test_a_sleeping_flow_holds_no_memory(shop: Open) -> None:
    room = shop(nap)
    for _ in range(5):
        room.started(nap, 60)
    room.engine.drain()
    assert (len(room.engine._live), len(room.engine._hands)) == (0, 0)
    room.passed(60)
    assert room.log().count("get up") == 5


def test_a_time_that_has_passed_is_not_waited_for(shop: Open) -> None:
    @flow("until", version=1)
    def until(at_ns: int) -> Flow:
        yield sleep_until(at_ns)
        return "up"

    room = shop(until)
    assert room.ran(until, room.clock.now_ns() - 1).outcome == "up"
    asleep = room.ran(until, room.clock.now_ns() + 5_000_000_000)
    assert asleep.state is State.WAITING
    room.passed(5)
    assert room.flows.state(asleep.flow_id).outcome == "up"


def test_a_signal_may_come_early_or_late_and_each_is_heard_once_in_order(shop: Open) -> None:
    room = shop(approval)
    flow_id, first, second = room.started(approval, None), uuid7(room.clock), uuid7(room.clock)
    for _ in range(2):  # sent twice, it counts once
        room.flows.signal(flow_id, "approved", {"by": "an"}, signal_id=first)
    room.flows.signal(flow_id, "another word", signal_id=uuid7(room.clock))
    room.engine.drain()
    assert room.flows.state(flow_id).waits_for == "signal:approved"
    room.clock.advance(1)
    room.flows.signal(flow_id, "approved", {"by": "bo"}, signal_id=second)
    room.engine.drain()
    assert room.flows.state(flow_id).outcome == [{"by": "an"}, {"by": "bo"}]


def test_a_signal_that_does_not_come_in_time_is_answered_by_nothing(shop: Open) -> None:
    room = shop(approval)
    waiting = room.ran(approval, 60)
    room.passed(59)
    room.flows.signal(waiting.flow_id, "approved", "yes", signal_id=uuid7(room.clock))
    room.engine.drain()
    room.passed(60)
    assert room.flows.state(waiting.flow_id).outcome == ["yes", None]


def test_a_child_s_answer_and_a_child_s_failure_reach_the_parent(shop: Open) -> None:
    @flow("small", version=1)
    def small(label: str, is_good: bool) -> Flow:
        return (yield step(note if is_good else refuse, label))

    @flow("big", version=1)
    def big() -> Flow:
        good = yield child("small", "a", True)
        try:
            yield child("small", "b", False)
        except SoldOut as refused:
            return [good, refused.facts["label"]]

    room = shop(small, big)
    ended = room.ran(big)
    assert (ended.state, ended.outcome) == (State.DONE, ["a", "b"])
    children = room.flows.page(name="small").items
    assert {one.state for one in children} == {State.DONE, State.FAILED}
    assert {one.parent_id for one in children} == {ended.flow_id}


def test_a_fan_out_answers_in_its_own_order_and_throws_the_first_failure(shop: Open) -> None:
    @flow("fan", version=1)
    def fan(count: int) -> Flow:
        said = yield gather(*(step(note, f"part {n}") for n in range(count)), rest(seconds=9))
        try:
            yield gather(step(note, "x"), step(refuse, "y"), step(refuse, "z"), step(note, "w"))
        except SoldOut as refused:
            return [said, refused.facts["label"], (yield gather())]

    room = shop(fan, limits=FlowLimits(callers=0))
    flow_id = room.ran(fan, 20).flow_id
    room.passed(9)
    parts = [f"part {n}" for n in range(20)]
    assert room.flows.state(flow_id).outcome == [[*parts, None], "y", []]
    assert room.log() == [*parts, "x", "w"]


def test_an_outage_is_tried_again_with_growing_pauses(shop: Open) -> None:
    tries: list[int] = []

    def flaky(work: StepWork) -> str:
        tries.append(room.clock.now_ns() // 1_000_000_000)
        note(work, f"try {len(tries)}")
        if len(tries) < 5:
            raise Closed("We are closed.")
        return "open"

    @flow("visit", version=1)
    def visit() -> Flow:
        return (yield step(flaky, retry=Retry(first_s=10, factor=3, max_s=60)))

    room = shop(visit)
    flow_id = room.ran(visit).flow_id
    assert room.flows.state(flow_id).waits_for == "flaky"
    assert room.flows.history(flow_id)[0].answer["problem"]["code"] == "shop/closed"
    for _ in range(200):
        room.passed(1)
    pauses_s = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert pauses_s == [10, 30, 60, 60]
    assert (room.flows.state(flow_id).outcome, room.log()) == ("open", ["try 5"])


def test_after_its_last_try_an_outage_is_thrown_into_the_flow(shop: Open) -> None:
    @flow("impatient", version=1)
    def impatient() -> Flow:
        try:
            yield step(fails(Closed("No.")), retry=Retry(attempts=3, first_s=1), name="knock")
        except Outage as outage:
            return [type(outage).__name__, outage.status, (yield step(note, "elsewhere"))]

    room = shop(impatient)
    flow_id = room.ran(impatient).flow_id
    for _ in range(10):
        room.passed(1)
    assert room.flows.state(flow_id).outcome == ["Closed", 503, "elsewhere"]
    assert room.log() == ["elsewhere"]


def test_a_failed_flow_undoes_what_it_did_in_reverse_order(shop: Open) -> None:
    @flow("trip", version=1)
    def trip() -> Flow:
        yield step(note, "train", undo=unnote)
        yield step(note, "newspaper")
        yield gather(step(note, "room", undo=unnote), step(note, "dinner", undo=unnote))
        yield step(refuse, "theatre", undo=unnote)

    room = shop(trip)
    ended = room.ran(trip)
    assert (ended.state, ended.outcome["code"]) == (State.FAILED, "shop/sold-out")
    done = ["train", "newspaper", "room", "dinner"]
    assert room.log() == [*done, "undo dinner", "undo room", "undo train"]
    numbers = [row.number for row in room.flows.history(ended.flow_id)]
    assert numbers == [1, 2, 3, 4, 5, -4, -3, -1]


def test_a_refusal_that_is_caught_undoes_nothing(shop: Open) -> None:
    @flow("shrug", version=1)
    def shrug() -> Flow:
        yield step(note, "a", undo=unnote)
        try:
            yield step(refuse, "b")
        except SoldOut:
            return "fine"

    room = shop(shrug)
    assert (room.ran(shrug).state, room.log()) == (State.DONE, ["a"])


def test_a_cancelled_flow_stops_and_undoes_and_cancels_its_children(shop: Open) -> None:
    @flow("inner", version=1)
    def inner() -> Flow:
        yield step(note, "inner", undo=unnote)
        yield signal("never")

    @flow("outer", version=1)
    def outer() -> Flow:
        yield step(note, "outer", undo=unnote)
        try:
            yield gather(child("inner"), rest(seconds=1_000))
        except Problem:
            yield step(note, "a cancelled flow is not asked")

    room = shop(inner, outer)
    waiting = room.ran(outer)
    for _ in range(2):
        room.flows.cancel(waiting.flow_id)
    room.engine.drain()
    assert room.flows.state(waiting.flow_id).state is State.CANCELLED
    assert [one.state for one in room.flows.page(name="inner").items] == [State.CANCELLED]
    assert room.log() == ["outer", "inner", "undo inner", "undo outer"]


def test_a_call_is_made_outside_the_transaction_and_again_under_the_same_id(shop: Open) -> None:
    seen: list[UUID] = []

    def order(command_id: UUID, what: str) -> str:
        seen.append(command_id)
        # Another writer's turn: this would wait for ever if a transaction were open here.
        room.room.run(lambda work: work.connection.exec_driver_sql("SELECT 1"))
        if len(seen) < 3:
            raise Closed("Not yet.")
        return f"{what} ordered"

    def recall(command_id: UUID, answer: str, what: str) -> None:
        seen.append(command_id)

    @flow("ordering", version=1)
    def ordering() -> Flow:
        yield call(order, "tea", undo=recall, retry=Retry(first_s=0))
        yield step(refuse, "pay")

    room = shop(ordering)
    ended = room.ran(ordering)
    assert (ended.state, room.flows.history(ended.flow_id)[0].answer) == (
        State.FAILED,
        "tea ordered",
    )
    assert len(seen) == 4
    assert (len(set(seen[:3])), seen[3] != seen[0]) == (1, True)


def test_calls_of_a_fan_out_run_side_by_side(shop: Open) -> None:
    both = threading.Barrier(2)

    def meet(command_id: UUID, n: int) -> int:
        both.wait(timeout=20)
        return n

    @flow("meeting", version=1)
    def meeting() -> Flow:
        return (yield gather(call(meet, 1), call(meet, 2)))

    room = shop(meeting, limits=FlowLimits(callers=2))
    flow_id = room.started(meeting)
    while room.flows.state(flow_id).state is State.RUNNING:
        if not room.engine.turn():
            room.flows.bell.wait(0.1)
    assert room.flows.state(flow_id).outcome == [1, 2]


def test_an_answer_is_the_same_now_as_when_it_is_read_back(shop: Open) -> None:
    value = {"列": (1, 2), "deep": {"none": None, "big": 2**70, "text": "锦\n"}, "yes": True}

    @flow("echo", version=1)
    def echo(word: Any) -> Flow:
        answer = yield step(lambda work: value, name="give")
        return [word, repr(answer)]

    room = shop(echo)
    ended = room.ran(echo, "锦")
    assert ended.outcome == ["锦", repr(json.loads(json.dumps(value, sort_keys=True)))]
    assert room.flows.history(ended.flow_id)[0].outcome is Outcome.ANSWERED


def test_a_thousand_flows_share_a_few_commits(shop: Open) -> None:
    room = shop(two_steps, limits=FlowLimits(callers=0))
    room.flows.start_all(
        [_start(uuid7(room.clock), "two steps", (f"item {n}",)) for n in range(1_000)]
    )
    before = room.plan.commits
    room.engine.drain()
    assert room.plan.commits - before <= 2 + 1_000 // 256 + 1
    assert len(room.log()) == 2_000


def _start(flow_id: UUID, name: str, args: tuple[Any, ...]) -> Any:
    return Start(flow_id=flow_id, flow=name, args=args)


@pytest.mark.parametrize("retry", [{"attempts": 0}, {"factor": 0}, {"first_s": 9, "max_s": 1}])
def test_a_retry_without_sense_is_refused_when_it_is_written(retry: dict[str, int]) -> None:
    with pytest.raises(Problem, match="expected attempts"):
        Retry(**retry)
