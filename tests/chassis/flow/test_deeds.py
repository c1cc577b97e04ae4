"""Goal: a person can bring every flow on or to its end, and who did it and why is kept.

Method: a flow in each kind of trouble on both engines; a deed is judged by what became of the flow,
by what was undone, and by the record; where it makes no sense it is refused and nothing is kept.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.chassis.flow.shop import Closed, Shop, SoldOut, note, unnote
from yunjin.chassis.flow import (
    Choices,
    Flow,
    FlowEnded,
    FlowNotParked,
    NothingToSkip,
    Outcome,
    Person,
    State,
    StepWork,
    TooLarge,
    call,
    child,
    flow,
    gather,
    signal,
    step,
)
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7

Open = Callable[..., Shop]
AN = Person("安", "主机已停用")
_is_mended: set[str] = set()


@pytest.fixture(autouse=True)
def broken() -> None:
    _is_mended.clear()


def post(work: StepWork, label: str) -> str:
    if label not in _is_mended:
        raise KeyError("no account")
    return note(work, label)


def send(command_id: UUID) -> str:
    if "send" not in _is_mended:
        raise Closed("Not now.")
    return "sent"


def refuse(work: StepWork) -> None:
    raise SoldOut("There is none left.")


def undo_badly(work: StepWork, answer: Any, *args: Any) -> None:
    raise KeyError("cannot be undone")


@flow("posting", version=1)
def posting() -> Flow:
    yield step(note, "first", undo=unnote)
    answer = yield step(post, "second", undo=unnote)
    yield step(note, f"third after {answer}", undo=unnote)
    yield signal("go on")
    return answer


@flow("sending", version=1)
def sending() -> Flow:
    return (yield gather(call(send), child("listening")))


@flow("listening", version=1)
def listening() -> Flow:
    return (yield signal("go on"))


@flow("undoing", version=1)
def undoing() -> Flow:
    yield step(note, "first", undo=unnote)
    yield step(note, "second", undo=undo_badly)
    yield step(refuse)


@flow("crooked", version=1)
def crooked() -> Flow:
    found = yield step(note, "first")
    return found["nothing"]


@flow("leaf", version=1)
def leaf(label: str) -> Flow:
    yield step(note, f"{label} one", undo=unnote)
    return (yield step(note, f"{label} two", undo=unnote))


@flow("branch", version=1)
def branch(label: str) -> Flow:
    yield child("leaf", f"{label} leaf")
    return (yield step(note, label, undo=unnote))


@flow("tree", version=1)
def tree(end: str, keep: bool) -> Flow:
    yield step(note, "root", undo=unnote)
    yield child("branch", "branch", keep=keep)
    yield step(note, "top", undo=unnote)
    if end == "fails":
        yield step(refuse)
    yield signal("never")


ALL = (posting, sending, listening, undoing, crooked, leaf, branch, tree)


def told(room: Shop, flow_id: UUID) -> list[tuple[str, int, str, str, str]]:
    return [(d.deed, d.number, d.step, d.who, d.why) for d in room.flows.deeds(flow_id)]


def test_a_skipped_step_is_answered_by_the_person_and_never_undone(shop: Open) -> None:
    room = shop(*ALL)
    flow_id = room.ran(posting).flow_id
    assert room.flows.choices(flow_id) == Choices(
        can_retry=True, can_cancel=True, skip=2, step="post"
    )
    room.flows.skip(flow_id, 2, by=AN, answer="by hand")
    room.engine.drain()
    assert room.flows.state(flow_id).state is State.WAITING
    row = room.flows.history(flow_id)[1]
    assert (row.name, row.outcome, row.answer) == ("post", Outcome.SKIPPED, "by hand")
    assert told(room, flow_id) == [("skip", 2, "post", "安", "主机已停用")]
    room.clock.advance(1)
    room.flows.cancel(flow_id, by=Person("Bo"))
    room.engine.drain()
    assert room.log() == [
        "first",
        "third after by hand",
        "undo third after by hand",
        "undo first",
    ]
    assert told(room, flow_id)[1:] == [("cancel", 0, "", "Bo", "")]


def test_a_retry_is_told_with_the_step_it_was_for(shop: Open) -> None:
    room = shop(*ALL)
    flow_id = room.ran(posting).flow_id
    room.flows.retry(flow_id, by=AN)
    room.engine.drain()
    assert room.flows.state(flow_id).state is State.PARKED
    _is_mended.add("second")
    room.flows.retry(flow_id, by=AN)
    room.engine.drain()
    assert room.log() == ["first", "second", "third after second"]
    assert told(room, flow_id) == [("retry", 2, "post", "安", "主机已停用")] * 2


def test_what_waits_for_its_next_try_has_it_now_or_is_skipped(shop: Open) -> None:
    room = shop(*ALL)
    for deed in ("retry", "skip"):
        _is_mended.clear()
        flow_id = room.ran(sending).flow_id
        room.engine.drain()
        assert room.flows.choices(flow_id).skip == 1
        if deed == "retry":
            _is_mended.add("send")
            room.flows.retry(flow_id, by=AN)
        else:
            room.flows.skip(flow_id, 1, by=AN)
        room.engine.drain()
        assert room.flows.history(flow_id)[0].outcome is (
            Outcome.ANSWERED if deed == "retry" else Outcome.SKIPPED
        )
        [waiting] = room.flows.page(name="listening", state=State.WAITING).items
        room.flows.signal(waiting.flow_id, "go on", 7, signal_id=uuid7(room.clock))
        room.engine.drain()
        answer = ["sent" if deed == "retry" else None, 7]
        assert room.flows.state(flow_id).outcome == answer


def test_an_undoing_that_fails_is_skipped_and_the_others_go_on(shop: Open) -> None:
    room = shop(*ALL)
    parked = room.ran(undoing)
    assert (parked.state, parked.outcome["number"]) == (State.PARKED, -2)
    room.flows.skip(parked.flow_id, -2, by=AN)
    room.engine.drain()
    assert room.flows.state(parked.flow_id).state is State.FAILED
    assert room.log() == ["first", "second", "undo first"]


def test_a_deed_that_makes_no_sense_is_refused_and_leaves_no_record(shop: Open) -> None:
    room = shop(*ALL)
    waiting, done = room.ran(listening).flow_id, room.ran(leaf, "x").flow_id
    crooked_one, parked = room.ran(crooked), room.ran(posting).flow_id
    assert (crooked_one.state, crooked_one.outcome["number"]) == (State.PARKED, 1)
    flows = room.flows
    with pytest.raises(FlowNotParked):
        flows.retry(waiting, by=AN)
    for flow_id, number in ((waiting, 1), (done, 1), (crooked_one.flow_id, 1), (parked, 1)):
        with pytest.raises(NothingToSkip):
            flows.skip(flow_id, number, by=AN)
    with pytest.raises(Malformed):
        flows.skip(parked, 2, by=Person("an", " "))
    with pytest.raises(Malformed):
        flows.skip(parked, 2, by=Person("an", "x" * 201))
    with pytest.raises(Malformed):
        flows.skip(parked, 2, by=AN, answer=float("nan"))
    with pytest.raises(TooLarge):
        flows.skip(parked, 2, by=AN, answer="x" * 70_000)
    with pytest.raises(FlowEnded):
        flows.cancel(done, by=AN)
    assert flows.choices(done) == Choices(can_retry=False, can_cancel=False, skip=0, step="")
    assert flows.choices(crooked_one.flow_id).skip == 0
    assert [told(room, each) for each in (waiting, done, parked)] == [[], [], []]


@pytest.mark.parametrize("end", ["fails", "is cancelled"])
def test_children_that_are_done_are_undone_in_their_place(shop: Open, end: str) -> None:
    room = shop(*ALL)
    flow_id = room.ran(tree, end, False).flow_id
    if end == "is cancelled":
        room.flows.cancel(flow_id)
        room.engine.drain()
    lines = ["root", "branch leaf one", "branch leaf two", "branch", "top"]
    assert room.log() == [*lines, *[f"undo {line}" for line in reversed(lines)]]
    states = {one.name: one.state for one in room.flows.page().items}
    ended = State.FAILED if end == "fails" else State.CANCELLED
    assert states == {"tree": ended, "branch": State.CANCELLED, "leaf": State.CANCELLED}


def test_what_a_kept_child_did_stays_done(shop: Open) -> None:
    room = shop(*ALL)
    room.ran(tree, "fails", True)
    assert [line for line in room.log() if line.startswith("undo")] == ["undo top", "undo root"]


def test_a_child_whose_journal_is_gone_leaves_the_parent_to_a_person(shop: Open) -> None:
    room = shop(*ALL)
    flow_id = room.ran(tree, "waits", False).flow_id
    room.clock.advance(86_400 * 2)
    assert room.flows.prune(days=1) == 2
    room.flows.cancel(flow_id)
    room.engine.drain()
    parked = room.flows.state(flow_id)
    assert (parked.state, parked.outcome["kind"]) == (State.PARKED, "child gone")
    room.flows.skip(flow_id, parked.outcome["number"], by=AN)
    room.engine.drain()
    assert room.flows.state(flow_id).state is State.CANCELLED
    assert room.log()[-2:] == ["undo top", "undo root"]
