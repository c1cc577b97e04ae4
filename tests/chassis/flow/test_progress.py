"""Goal: who watches a flow sees how far it is, waits for its end, and reads its journal both ways.

Method: steps that publish what they did and then fail, are undone or killed; metrics at a scrape.
"""

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.chassis.flow.shop import Closed, Crash, Shop, SoldOut, note, refuse, unnote
from yunjin.chassis.flow import (
    Flow,
    FlowLimits,
    FlowState,
    NoSuchFlow,
    Outcome,
    Progress,
    Retry,
    State,
    StepWork,
    call,
    flow,
    gather,
    signal,
    step,
)
from yunjin.kernel.ids import uuid7

Open = Callable[..., Shop]
ALL = FlowLimits(callers=0)
_outages: list[str] = []


def accrue(work: StepWork, part: int) -> int:
    work.advance("accrue", 100, total=400)
    if part == 2 and _outages:
        raise Closed(_outages.pop())
    return part


def prove(work: StepWork) -> None:
    work.advance("prove")


@flow("closing", version=1)
def closing() -> Flow:
    yield gather(*(step(accrue, part, retry=Retry(first_s=5)) for part in range(4)))
    yield step(prove)


def lines(room: Shop, flow_id: UUID) -> list[tuple[str, int, int]]:
    return [(one.name, one.done, one.total) for one in room.flows.progress(flow_id)]


def test_progress_counts_each_step_once_whatever_failed(shop: Open) -> None:
    _outages[:] = ["once"]
    room = shop(closing, limits=ALL)
    flow_id = room.ran(closing).flow_id
    assert lines(room, flow_id) == [("accrue", 300, 400)]
    room.clock.advance(15)
    [line] = room.flows.progress(flow_id)
    assert (line.per_mille, line.remaining_s) == (750, None)
    room.engine.drain()
    assert lines(room, flow_id) == [("accrue", 400, 400), ("prove", 1, 0)]
    assert room.flows.progress(flow_id)[1].per_mille is None


def test_progress_is_as_durable_as_the_steps_it_tells_of(shop: Open) -> None:
    _outages.clear()
    room = shop(closing, limits=ALL.model_copy(update={"steps_a_commit": 1}))
    flow_id = room.started(closing)
    room.plan.crashes = [(4, False)]
    with pytest.raises(Crash):
        room.engine.drain()
    known = lines(room, flow_id)
    room = room.reopened()
    assert lines(room, flow_id) == known
    room.clock.advance(60)  # the lease of the dead
    room.engine.drain()
    assert lines(room, flow_id) == [("accrue", 400, 400), ("prove", 1, 0)]


def test_progress_tells_how_long_the_rest_takes() -> None:
    line = Progress(name="accrue", done=250, total=1_000, began_us=0, at_us=10_000_000)
    assert (line.per_mille, line.remaining_s) == (250, 30)
    for done, total in ((0, 1_000), (1_000, 1_000), (5, 0)):
        one = Progress(name="a", done=done, total=total, began_us=0, at_us=10_000_000)
        assert one.remaining_s is None


def test_others_may_advance_a_flow_inside_their_own_transaction(shop: Open) -> None:
    @flow("waiting", version=1)
    def waiting() -> Flow:
        yield signal("go")

    room = shop(waiting, limits=ALL)
    flow_id = room.ran(waiting).flow_id
    room.flows.advance(flow_id, "parcels", 2, total=9)

    def advance_and_fail() -> None:
        with room.room.work() as work:
            room.flows.advance(flow_id, "parcels", 5, work=work)
            raise SoldOut("Not these.")

    with pytest.raises(SoldOut):
        advance_and_fail()
    room.flows.advance(flow_id, "parcels")
    assert lines(room, flow_id) == [("parcels", 3, 9)]
    room.flows.cancel(flow_id)
    room.engine.drain()
    room.clock.advance(2 * 86_400)
    assert room.flows.prune(days=1) == 1
    assert lines(room, flow_id) == []


def test_one_who_waits_is_told_of_each_look_and_of_the_end(shop: Open) -> None:
    _outages.clear()
    room = shop(closing, limits=ALL.model_copy(update={"steps_a_commit": 1}))
    flow_id = room.started(closing)
    seen: list[tuple[State, int]] = []

    def look(state: FlowState, progress: list[Progress]) -> None:
        seen.append((state.state, sum(one.done for one in progress)))
        room.engine.drain()

    ended = room.flows.wait(flow_id, seconds=60, look=look)
    assert ended.state is State.DONE
    assert seen == [(State.RUNNING, 0), (State.DONE, 401)]
    with pytest.raises(NoSuchFlow):
        room.flows.wait(uuid7(room.clock), seconds=1)


def test_one_who_waited_long_enough_is_told_how_it_stands(shop: Open) -> None:
    @flow("waiting", version=1)
    def waiting() -> Flow:
        yield signal("go")

    room = shop(waiting, limits=ALL)
    flow_id = room.ran(waiting).flow_id
    assert room.flows.wait(flow_id, seconds=0).state is State.WAITING


def test_a_failed_flow_gives_its_problem_back_as_it_was_raised(shop: Open) -> None:
    @flow("shopping", version=1)
    def shopping() -> Flow:
        yield step(refuse, "tea")

    room = shop(shopping, closing, limits=ALL)
    problem = room.ran(shopping).problem
    assert isinstance(problem, SoldOut)
    assert problem.facts["label"] == "tea"
    assert room.ran(closing).problem is None


def test_a_journal_is_read_from_either_end(shop: Open) -> None:
    @flow("trip", version=1)
    def trip() -> Flow:
        for n in range(3):
            yield step(note, f"{n}", undo=unnote)
        yield step(refuse, "no")

    room = shop(trip, limits=ALL)
    flow_id = room.ran(trip).flow_id
    forth = [1, 2, 3, 4, -3, -2, -1]
    for newest_first, expected in ((False, forth), (True, forth[::-1])):
        for limit in (1, 2, 3, 5, 50):
            found: list[int] = []
            after = None
            while True:
                rows = room.flows.history(
                    flow_id, after=after, limit=limit, newest_first=newest_first
                )
                if not rows:
                    break
                found += [row.number for row in rows]
                after = found[-1]
            assert found == expected


def test_ended_flows_are_listed_the_last_one_first(shop: Open) -> None:
    _outages.clear()
    room = shop(closing, limits=ALL)
    ids = []
    for _ in range(5):
        ids.append(room.ran(closing).flow_id)
        room.clock.advance(1)
    found, cursor = [], ""
    while True:
        page = room.flows.page(state=State.DONE, cursor=cursor, limit=2)
        found += [one.flow_id for one in page.items]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert found == ids[::-1]


def test_metrics_tell_where_flows_stand_what_they_did_and_how_long_calls_took(shop: Open) -> None:
    _outages.clear()

    def ask(command_id: object) -> None:
        room.clock.advance(2)

    @flow("asking", version=1)
    def asking() -> Flow:
        yield call(ask)
        yield signal("go", timeout_s=10)

    @flow("broken", version=1)
    def broken() -> Flow:
        yield step(lambda work: 1 // 0, name="divide")

    room = shop(closing, asking, broken, limits=ALL)
    for one in (closing, asking, broken):
        room.ran(one)
    room.clock.advance(17)
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in room.flows.metrics()
        for sample in family.samples
    }
    assert told["shop_flows", "broken", "parked"] == 1
    assert told["shop_flows", "asking", "waiting"] == 1
    assert told["shop_flows", "closing", "running"] == 0
    assert told["shop_flow_overdue_seconds",] == 7
    assert told["shop_flow_steps_total",] == 7
    assert told["shop_flow_ended_total", "closing", "done"] == 1
    assert told["shop_flow_parked_total", "broken"] == 1
    assert told["shop_flow_call_seconds_count", "ask"] == 1
    assert told["shop_flow_call_seconds_sum", "ask"] == 2
    assert told["shop_flow_turn_seconds_count",] >= 3
    room.engine.drain()
    again = {family.name: family for family in room.flows.metrics()}
    assert again["shop_flow_overdue_seconds"].samples[0].value == 7  # asked anew in ten seconds
    room.clock.advance(10)
    again = {family.name: family for family in room.flows.metrics()}
    assert again["shop_flow_overdue_seconds"].samples[0].value == 0


def test_what_a_step_published_before_it_failed_is_not_kept(shop: Open) -> None:
    def half(work: StepWork) -> None:
        work.advance("half", 1, total=2)
        raise SoldOut("None left.")

    @flow("halving", version=1)
    def halving() -> Flow:
        yield step(half)

    room = shop(halving, limits=ALL)
    ended = room.ran(halving)
    assert room.flows.progress(ended.flow_id) == []
    assert room.flows.history(ended.flow_id)[0].outcome is Outcome.REFUSED
