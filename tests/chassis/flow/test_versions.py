"""Goal: code may change while flows run; what does not fit its journal is stopped and named.

Method: a flow is started under one function and carried on, after a restart, under another.
"""

from collections.abc import Callable

import pytest

from tests.chassis.flow.shop import Shop, note, unnote
from yunjin.chassis.flow import Definition, Flow, State, flow, signal, started_version, step
from yunjin.kernel.ids import uuid7

Open = Callable[..., Shop]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (["note", "refuse", "signal:go"], "was 'unnote'"),
        (["signal:go"], "was 'signal:go'"),
        ([], "was the end of the flow"),
    ],
)
def test_code_that_changed_under_a_running_flow_is_found_out(
    shop: Open, other: list[str], said: str
) -> None:
    @flow("plan", version=1)
    def plan() -> Flow:
        yield step(note, "a")
        yield step(note, "b")
        yield signal("go")

    @flow("plan", version=1)
    def changed() -> Flow:
        if len(other) > 1:
            yield step(note, "a")
            yield step(unnote, "b")
        for _ in other:
            yield signal("go")

    room = shop(plan)
    waiting = room.ran(plan)
    room.close()
    later = room.reopened(changed)
    later.flows.signal(waiting.flow_id, "go", signal_id=uuid7(room.clock))
    later.engine.drain()
    parked = later.flows.state(waiting.flow_id)
    assert (parked.state, parked.outcome["kind"]) == (State.PARKED, "flow changed")
    assert said in parked.outcome["reason"]
    assert "'note'" in parked.outcome["reason"]
    assert later.log() == ["a", "b"]
    later.close()
    back = room.reopened(plan)
    back.flows.retry(waiting.flow_id)
    back.engine.drain()
    assert back.flows.state(waiting.flow_id).state is State.DONE
    back.close()


def test_a_running_flow_goes_on_under_its_version_while_new_ones_take_the_newest(
    shop: Open,
) -> None:
    def version(number: int, *follows: int) -> Definition:
        @flow("versioned", version=number, follows=follows)
        def versioned() -> Flow:
            began = yield started_version()
            yield signal("go")
            return [number, began]

        return versioned

    first, second, third = version(1), version(2), version(3, 1, 2)
    room = shop(first)
    old = room.ran(first).flow_id
    both = room.reopened(first, second)
    new = both.started("versioned")
    both.flows.signal(old, "go", signal_id=uuid7(room.clock))
    room.engine.close()
    both.engine.drain()
    assert both.flows.state(old).outcome == [1, 1]
    assert both.flows.state(new).version == 2
    both.engine.close()
    without = room.reopened(first)
    without.flows.signal(new, "go", signal_id=uuid7(room.clock))
    without.engine.drain()
    parked = without.flows.state(new)
    assert (parked.state, parked.outcome["kind"]) == (State.PARKED, "version missing")
    assert "expected version 2 of versioned" in parked.outcome["reason"]
    without.engine.close()
    follower = room.reopened(third)
    follower.flows.retry(new)
    follower.engine.drain()
    assert follower.flows.state(new).outcome == [3, 2]
    for each in (both, without, follower):
        each.close()
