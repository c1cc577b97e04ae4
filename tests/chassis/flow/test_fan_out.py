"""Goal: the same for each of many: none lost, none done twice, one that fails stops no other.

Method: stories on both engines, every kind of item; a crash before and after every single commit,
against what the same fan-out comes to in peace. (Real kills: test_fan_out_killed.py.)
"""

from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.chassis.flow.shop import Closed, Crash, Shop, SoldOut, note, opened
from yunjin.chassis.flow import (
    Flow,
    FlowLimits,
    Outcome,
    Retry,
    State,
    StepWork,
    call,
    child,
    fan_out,
    flow,
    step,
)

SOME = FlowLimits(items_a_turn=3, callers=0)
OUTAGES: Counter[int] = Counter()
CALLED: dict[UUID, int] = {}


def mark(work: StepWork, item: int) -> None:
    """Write the item's line; the seventh is refused, the eighth is a defect, after its line."""
    note(work, str(item))
    if item % 10 == 7:
        raise SoldOut("There is none left.", item=item)
    if item % 10 == 8:
        raise KeyError("no such product")
    if item % 10 == 3 and OUTAGES[item] < 2:
        OUTAGES[item] += 1
        raise Closed("Not now.")


def unmark(work: StepWork, item: int) -> None:
    note(work, f"undo {item}")


def pay(command_id: UUID, item: int) -> None:
    if item % 10 == 7:
        raise SoldOut("There is none left.")
    if item % 10 == 3 and OUTAGES[item] < 2:
        OUTAGES[item] += 1
        raise Closed("Not now.")
    assert CALLED.setdefault(command_id, item) == item


def unpay(command_id: UUID, item: int) -> None:
    CALLED[command_id] = -item


@flow("one", version=1)
def one(item: int) -> Flow:
    return (yield step(mark, item, undo=lambda work, answer, item: unmark(work, item)))


EACH: dict[str, Callable[[], Any]] = {
    "step": lambda: step(mark, undo=unmark, retry=Retry(first_s=2)),
    "call": lambda: call(pay, undo=unpay, retry=Retry(first_s=2)),
    "child": lambda: child("one"),
}


@flow("all", version=1)
def every(kind: str, items: list[int], width: int) -> Flow:
    return (yield fan_out(items, EACH[kind](), width=width))


@flow("all then none", version=1)
def every_in_vain(kind: str, items: list[int]) -> Flow:
    yield fan_out(items, EACH[kind]())
    yield step(refuse)


def refuse(work: StepWork) -> None:
    raise SoldOut("There is none left.")


def rows_of(work: StepWork, after: int | None, limit: int) -> list[int]:
    """Read items as from a table: the numbers below 25, in pages."""
    return list(range(0 if after is None else after + 1, 25))[:limit]


@flow("read", version=1)
def reading() -> Flow:
    said = yield fan_out(rows_of, step(mark), total=25)
    told = yield step(tell_failed, said["number"])
    return [said, told]


def tell_failed(work: StepWork, number: int) -> list[int]:
    return [one.place for one in work.failed_items(number)]


ALL = (every, every_in_vain, one, reading)


@pytest.fixture(autouse=True)
def fresh() -> None:
    OUTAGES.clear()
    CALLED.clear()


def passed(shop: Shop, flow_id: UUID) -> Any:
    """Let time go by until the flow has ended."""
    for _ in range(20):
        shop.passed(5)
        found = shop.flows.state(flow_id)
        if found.state.is_end or found.state is State.PARKED:
            return found
    raise AssertionError(f"expected an end, was {found}")


@pytest.mark.parametrize("width", [1, 4, 100])
@pytest.mark.parametrize("kind", ["step", "call"])
def test_each_item_is_done_once_and_the_failed_ones_are_told(
    shop: Callable[..., Shop], kind: str, width: int
) -> None:
    room = shop(*ALL, limits=SOME)
    items = [n for n in range(30) if n % 10 != 8 or kind == "step"]
    flow_id = room.started(every, kind, items, width)
    ended = passed(room, flow_id)
    bad = [n for n in items if n % 10 in (7, 8)]
    done = [n for n in items if n not in bad]
    counts = {"total": len(items), "done": len(done), "failed": len(bad), "number": 1}
    assert (ended.state, ended.outcome) == (State.DONE, counts)
    seen = [int(place) for place in room.log()] if kind == "step" else list(CALLED.values())
    assert sorted(seen) == done
    failed = room.flows.failed_items(flow_id, 1)
    assert sorted(one.item for one in failed) == bad
    assert [items[one.place] for one in failed] == [one.item for one in failed]
    codes = {one.item % 10: one.problem["code"] for one in failed}
    assert codes == {7: "shop/sold-out", **({8: "flow/item-broken"} if kind == "step" else {})}
    assert [row.name for row in room.flows.history(flow_id)] == [
        f"each:{'mark' if kind == 'step' else 'pay'}"
    ]
    [line] = room.flows.progress(flow_id)
    assert (line.done, line.total) == (len(items), len(items))


def test_items_that_are_flows_leave_only_those_that_failed(shop: Callable[..., Shop]) -> None:
    room = shop(*ALL, limits=SOME)
    items = [n for n in range(20) if n % 10 != 8]
    flow_id = room.started(every, "child", items, 4)
    ended = passed(room, flow_id)
    assert ended.outcome == {"total": 18, "done": 16, "failed": 2, "number": 1}
    left = {one.name: one.state for one in room.flows.page().items}
    assert left == {"one": State.FAILED, "all": State.DONE}
    kept = sa.select(sa.func.count()).select_from(room.flows.tables.steps)
    assert room.room.read(lambda connection: connection.execute(kept).scalar_one()) == 3


def test_a_parked_item_waits_for_a_person_and_the_others_go_on(shop: Callable[..., Shop]) -> None:
    room = shop(*ALL, limits=SOME)
    flow_id = room.started(every, "child", [1, 8, 2, 4], 2)
    room.passed(60)
    assert room.flows.state(flow_id).state is State.WAITING
    assert room.log() == ["1", "2", "4"]
    [parked] = room.flows.page(state=State.PARKED).items
    room.flows.cancel(parked.flow_id)
    assert passed(room, flow_id).outcome == {"total": 4, "done": 3, "failed": 1, "number": 1}


def test_items_are_read_page_by_page(shop: Callable[..., Shop]) -> None:
    room = shop(*ALL, limits=SOME)
    ended = passed(room, room.started(reading))
    assert ended.outcome == [
        {"total": 25, "done": 21, "failed": 4, "number": 1},
        [7, 8, 17, 18],
    ]


@pytest.mark.parametrize("kind", ["step", "call"])
def test_what_was_done_is_undone_and_what_failed_is_not(
    shop: Callable[..., Shop], kind: str
) -> None:
    room = shop(*ALL, limits=SOME)
    items = [1, 7, 2, 3, 4, 17, 5]
    ended = passed(room, room.started(every_in_vain, kind, items))
    assert ended.state is State.FAILED
    if kind == "step":
        undone = sorted(line for line in room.log() if line.startswith("undo"))
        assert undone == [f"undo {n}" for n in (1, 2, 3, 4, 5)]
    else:
        assert sorted(n for n in CALLED.values() if n < 0) == [-5, -4, -3, -2, -1]


@pytest.mark.parametrize("kind", ["step", "child"])
def test_a_cancelled_fan_out_begins_nothing_and_undoes_what_was_done(
    shop: Callable[..., Shop], kind: str
) -> None:
    room = shop(*ALL, limits=FlowLimits(items_a_turn=3, flows_a_commit=2, callers=0))
    flow_id = room.started(every, kind, [n for n in range(1_000) if n % 10 < 3], 5)
    for _ in range(4):
        room.engine.turn()
    room.flows.cancel(flow_id)
    ended = passed(room, flow_id)
    assert ended.state is State.CANCELLED
    lines = room.log()
    done = {line for line in lines if not line.startswith("undo")}
    undone = {line.removeprefix("undo ") for line in lines if line.startswith("undo")}
    assert 0 < len(done) < 20
    assert undone == done if kind == "step" else undone <= done
    assert sum(room.flows.counts().values()) == 0


@pytest.mark.parametrize("kind", ["step", pytest.param("child", marks=pytest.mark.slow)])
def test_a_crash_at_any_commit_changes_nothing(tmp_path_factory: Any, kind: str) -> None:
    items = [1, 7, 2, 3, 4, 5]
    for commit in count(1):
        crashed = 0
        for is_kept in (False, True):
            OUTAGES.clear()
            home = tmp_path_factory.mktemp("crash")
            room = opened(f"sqlite:///{home / 'rooms.db'}", *ALL, limits=SOME)
            flow_id = room.started(every, kind, items, 3)
            room.plan.commits = 0
            room.plan.crashes = [(commit, is_kept)]
            crashes = 0
            for _ in range(20):
                try:
                    room.passed(5)
                except Crash:
                    crashes += 1
                    room.room.database.close()
                    room.clock.advance(room.limits.lease_s + 1)
                    room = room.reopened()
                if room.flows.state(flow_id).state.is_end:
                    break
            assert room.flows.state(flow_id).outcome == {
                "total": 6,
                "done": 5,
                "failed": 1,
                "number": 1,
            }
            assert sorted(room.log()) == ["1", "2", "3", "4", "5"]
            crashed += crashes
            room.plan.crashes = []
            room.close()
        if not crashed:
            assert commit > 4
            return


def test_a_fan_out_wider_than_allowed_is_parked(shop: Callable[..., Shop]) -> None:
    room = shop(*ALL, limits=FlowLimits(width_max=8, callers=0))
    parked = room.ran(every, "step", [1], 9)
    assert (parked.state, parked.outcome["kind"]) == (State.PARKED, "too many")


def test_nothing_to_do_is_done_at_once(shop: Callable[..., Shop]) -> None:
    room = shop(*ALL, limits=SOME)
    assert room.ran(every, "step", [], 1).outcome == {
        "total": 0,
        "done": 0,
        "failed": 0,
        "number": 1,
    }


def test_a_flow_nobody_registered_is_refused_into_the_flow(shop: Callable[..., Shop]) -> None:
    @flow("wrong", version=1)
    def wrong() -> Flow:
        yield fan_out([1], child("nobody"))

    room = shop(wrong, limits=SOME)
    failed = room.ran(wrong)
    assert (failed.state, failed.outcome["code"]) == (State.FAILED, "flow/unknown")
    assert room.flows.history(failed.flow_id)[0].outcome is Outcome.REFUSED
