"""Goal: a flow hears the first of several words, keeps the others, and finds flows kept elsewhere.

Method: the engine turned by hand, made anew between the words.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.chassis.flow.shop import Shop, note
from yunjin.chassis.flow import (
    Definition,
    Flow,
    FlowUnknown,
    Registry,
    State,
    child,
    first_signal,
    flow,
    step,
)
from yunjin.kernel.errors import Bug
from yunjin.kernel.ids import uuid7

Open = Callable[..., Shop]


@flow("either", version=1)
def either(until_ns: int | None) -> Flow:
    first = yield first_signal(["paid", "cancelled"], until_ns=until_ns)
    second = yield first_signal(["paid", "cancelled", "asked"], until_ns=until_ns)
    return [first, second]


def tell(room: Shop, flow_id: Any, word: str, payload: Any = None) -> None:
    room.clock.advance(1)
    room.flows.signal(flow_id, word, payload, signal_id=uuid7(room.clock))
    room.engine.drain()


def test_the_first_of_several_words_is_heard_and_the_others_are_kept(shop: Open) -> None:
    room = shop(either)
    flow_id = room.started(either, None)
    tell(room, flow_id, "asked", 1)
    assert room.flows.state(flow_id).waits_for == "signal:paid +1"
    tell(room, flow_id, "cancelled", {"by": "an"})
    room = room.reopened()
    room.engine.drain()
    assert room.flows.state(flow_id).outcome == [
        {"word": "cancelled", "payload": {"by": "an"}},
        {"word": "asked", "payload": 1},
    ]
    room.close()


def test_no_word_in_time_is_answered_by_nothing(shop: Open) -> None:
    room = shop(either)
    flow_id = room.started(either, room.clock.now_ns() + 60_000_000_000)
    tell(room, flow_id, "paid")
    room.passed(61)
    assert room.flows.state(flow_id).outcome == [{"word": "paid", "payload": None}, None]


def test_no_word_at_all_is_no_wait() -> None:
    with pytest.raises(Bug):
        first_signal([])


class Kept:
    """Flows that are kept in a drawer."""

    def __init__(self) -> None:
        self.made = [Definition("kept", n, self._function(n)) for n in (1, 2)]

    def _function(self, number: int) -> Callable[..., Flow]:
        def kept(label: str) -> Flow:
            return [number, (yield step(note, label))]

        return kept

    def names(self) -> Sequence[str]:
        return ["kept"]

    def newest(self, name: str) -> Definition | None:
        return self.made[-1] if name == "kept" and self.made else None

    def of(self, name: str, version: int) -> Definition | None:
        return next((one for one in self.made if (one.name, one.version) == (name, version)), None)


@flow("asking", version=1)
def asking() -> Flow:
    return (yield child("kept", "a"))


def test_flows_may_be_kept_elsewhere(shop: Open) -> None:
    room = shop(asking)
    kept = Kept()
    room.flows.registry = Registry(asking, elsewhere=kept)
    assert room.flows.registry.names() == ["asking", "kept"]
    flow_id = room.started(asking)
    room.engine.drain()
    assert room.flows.state(flow_id).outcome == [2, "a"]
    with pytest.raises(FlowUnknown):
        room.started("lost")


def test_a_version_that_is_nowhere_parks_its_flow(shop: Open) -> None:
    room = shop(asking)
    kept = Kept()
    room.flows.registry = Registry(asking, elsewhere=kept)
    flow_id = room.started("kept", "b")
    kept.made.pop()
    room.engine.drain()
    found = room.flows.state(flow_id)
    assert (found.state, found.outcome["kind"]) == (State.PARKED, "version missing")
    kept.made.append(Kept().made[-1])
    room.flows.retry(flow_id)
    room.engine.drain()
    assert room.flows.state(flow_id).outcome == [2, "b"]
