"""Goal: flows are started once, found, counted, and deleted when they are old.

Method: the door's methods one by one, with ids sent twice, ids of strangers, and cursors of others.
"""

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.chassis.flow.shop import FLOW_TABLES, TABLES, Shop, note
from yunjin.chassis.flow import (
    Flow,
    FlowEnded,
    FlowLimits,
    FlowNotParked,
    FlowUnknown,
    NoSuchFlow,
    Registry,
    Start,
    State,
    TooLarge,
    flow,
    signal,
    step,
)
from yunjin.chassis.persistence import complaints
from yunjin.kernel.errors import Bug, IdempotencyConflict, Malformed, NotFound
from yunjin.kernel.ids import uuid7

Open = Callable[..., Shop]


@flow("line", version=1)
def line(label: str) -> Flow:
    return (yield step(note, label))


@flow("wait", version=1)
def wait() -> Flow:
    return (yield signal("go"))


def test_a_start_that_is_sent_twice_starts_one_flow(shop: Open) -> None:
    room = shop(line)
    flow_id = uuid7(room.clock)
    for _ in range(2):
        room.flows.start(flow_id, line, "a")
        room.engine.drain()
    assert room.log() == ["a"]
    with pytest.raises(IdempotencyConflict):
        room.flows.start(flow_id, line, "b")


def test_a_flow_starts_with_the_room_s_own_change_or_not_at_all(shop: Open) -> None:
    room = shop(line)
    kept, dropped = uuid7(room.clock), uuid7(room.clock)
    with room.room.work() as work:
        room.flows.start(kept, line, "kept", work=work)

    def change_and_fail() -> None:
        with room.room.work() as work:
            room.flows.start(dropped, line, "dropped", work=work)
            raise NotFound("The room's own change failed.")

    with pytest.raises(NotFound):
        change_and_fail()
    room.engine.drain()
    assert room.log() == ["kept"]
    with pytest.raises(NoSuchFlow):
        room.flows.state(dropped)


def test_many_start_all_or_none(shop: Open) -> None:
    room = shop(line)
    taken = room.started(line, "taken")
    starts = [Start(flow_id=uuid7(room.clock), flow="line", args=(f"{n}",)) for n in range(3)]
    with pytest.raises(IdempotencyConflict):
        room.flows.start_all([*starts, Start(flow_id=taken, flow="line", args=("other",))])
    with pytest.raises(IdempotencyConflict):
        room.flows.start_all([*starts, Start(flow_id=starts[0].flow_id, flow="line", args=("x",))])
    room.flows.start_all([*starts, Start(flow_id=taken, flow="line", args=("taken",))])
    room.engine.drain()
    assert sorted(room.log()) == ["0", "1", "2", "taken"]


def test_what_no_flow_can_carry_is_refused_at_the_door(shop: Open) -> None:
    room = shop(line, wait, limits=FlowLimits(answer_bytes_max=100, callers=0))
    flow_id = room.ran(wait).flow_id
    with pytest.raises(FlowUnknown):
        room.started("nobody")
    with pytest.raises(TooLarge):
        room.started(line, "x" * 100)
    for args in ({1, 2}, "\ud800", b"x"):
        with pytest.raises(Malformed):
            room.started(line, args)
    with pytest.raises(TooLarge):
        room.flows.signal(flow_id, "go", "x" * 100, signal_id=uuid7(room.clock))
    for word in ("", "x" * 65):
        with pytest.raises(Malformed):
            room.flows.signal(flow_id, word, signal_id=uuid7(room.clock))
    assert room.flows.state(flow_id).state is State.WAITING


def test_a_flow_that_is_not_there_or_over_takes_no_orders(shop: Open) -> None:
    room = shop(line)
    ended, nobody = room.ran(line, "a").flow_id, uuid7(room.clock)
    for act in (room.flows.cancel, room.flows.retry, room.flows.history, room.flows.state):
        with pytest.raises(NoSuchFlow):
            act(nobody)
    with pytest.raises(FlowEnded):
        room.flows.cancel(ended)
    with pytest.raises(FlowNotParked):
        room.flows.retry(ended)
    for flow_id, refusal in ((ended, FlowEnded), (nobody, NoSuchFlow)):
        with pytest.raises(refusal):
            room.flows.signal(flow_id, "go", signal_id=uuid7(room.clock))


def test_pages_give_every_flow_once_and_can_be_narrowed(shop: Open) -> None:
    room = shop(line, wait, limits=FlowLimits(callers=0))
    ids = {room.started(line, f"{n}") for n in range(7)} | {room.started(wait) for _ in range(6)}
    room.engine.drain()

    def pages(**of: object) -> list[tuple[UUID, State]]:
        found, cursor = [], ""
        while True:
            page = room.flows.page(cursor=cursor, limit=3, **of)  # type: ignore[arg-type]
            assert len(page.items) <= 3
            found += [(one.flow_id, one.state) for one in page.items]
            if page.next_cursor is None:
                return found
            cursor = page.next_cursor

    everything = pages()
    assert {flow_id for flow_id, _ in everything} == ids
    assert len(everything) == 13
    assert [state for _, state in everything] == [State.WAITING] * 6 + [State.DONE] * 7
    assert len(pages(name="line")) == 7
    assert len(pages(state=State.WAITING, name="wait")) == 6
    assert pages(state=State.PARKED) == []
    with pytest.raises(Malformed):
        room.flows.page(cursor="bm90IG91cnM")
    assert room.flows.counts() == {State.PARKED: 0, State.RUNNING: 0, State.WAITING: 6}


def test_a_history_is_given_in_parts(shop: Open) -> None:
    @flow("lines", version=1)
    def lines() -> Flow:
        for n in range(5):
            yield step(note, f"{n}")

    room = shop(lines)
    flow_id = room.ran(lines).flow_id
    first = room.flows.history(flow_id, limit=3)
    rest = room.flows.history(flow_id, after=first[-1].number)
    assert [row.answer for row in (*first, *rest)] == [f"{n}" for n in range(5)]


def test_old_ends_are_deleted_with_their_journals_and_nothing_else_is(shop: Open) -> None:
    room = shop(line, wait)
    old, waiting = room.ran(line, "old").flow_id, room.ran(wait).flow_id
    room.flows.signal(waiting, "not yet", signal_id=uuid7(room.clock))
    room.clock.advance(10 * 86_400)
    young = room.ran(line, "young").flow_id
    assert room.flows.prune(days=9) == 1
    with pytest.raises(NoSuchFlow):
        room.flows.state(old)
    assert room.flows.history(young) != []
    assert room.flows.state(waiting).state is State.WAITING
    assert room.flows.prune(days=9) == 0


def test_the_tables_are_alike_on_every_engine(shop: Open) -> None:
    room = shop(line)
    assert complaints(TABLES) == []
    assert {"shop_flows", "shop_flow_steps"} <= set(TABLES.tables)
    if room.room.database.engine.dialect.name == "sqlite":
        plan = "EXPLAIN QUERY PLAN SELECT flow_id FROM shop_flows WHERE state = 3 AND due_us <= 5"
        [row] = room.room.read(lambda c: c.exec_driver_sql(f"{plan} ORDER BY due_us").all())
        assert "COVERING INDEX shop_flows_due" in row[3]
    assert FLOW_TABLES.flows.name == "shop_flows"


def test_two_flows_of_one_name_and_version_are_refused_when_they_are_registered() -> None:
    with pytest.raises(Bug, match="were two"):
        Registry(line, line)
    for name, version in (("", 1), ("x" * 65, 1), ("名", 1), ("a ", 1), ("a", 0)):
        with pytest.raises(Bug):
            flow(name, version=version)
    with pytest.raises(Bug, match="older versions"):
        flow("a", version=2, follows=[2])
