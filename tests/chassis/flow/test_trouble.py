"""Goal: trouble of one flow stays its own, is visible to a person, and can be seen to.

Method: steps that raise what they should not, answers nobody can keep, code that changed under a
running flow, events and rows that cannot be saved; beside each a flow in health that must end.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from tests.chassis.flow.shop import LOG, Closed, Noted, Shop, SoldOut, fails, note, refuse, unnote
from yunjin.chassis.flow import (
    Definition,
    Flow,
    FlowLimits,
    FlowState,
    Retry,
    State,
    StepWork,
    call,
    child,
    flow,
    gather,
    step,
)
from yunjin.kernel.errors import Bug, Refusal

Open = Callable[..., Shop]


@flow("healthy", version=1)
def healthy() -> Flow:
    for n in range(3):
        yield step(note, f"healthy {n}")


def one(act: Callable[..., Any], *, first: bool = True) -> Definition:
    """Return a flow that writes a line and then does one thing."""

    @flow("ill", version=1)
    def ill() -> Flow:
        if first:
            yield step(note, "before")
        return (yield step(act, name="bad"))

    return ill


def beside_health(room: Shop, ill: Definition) -> FlowState:
    """Run a flow with healthy ones around it, which must end; return where it stands."""
    around = [room.started(healthy)]
    flow_id = room.started(ill)
    around.append(room.started(healthy))
    room.engine.drain()
    assert [room.flows.state(each).state for each in around] == [State.DONE] * 2
    return room.flows.state(flow_id)


class Deep(Refusal):
    code, status, title = "shop/deep", 409, "Deep"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (KeyError("column"), "KeyError"),
        (Bug("expected 1, was 2"), "Bug"),
        (RecursionError("deep"), "RecursionError"),
        (MemoryError(), "MemoryError"),
        (ValueError("\ud800 lone"), "ValueError"),
        (StopIteration(3), "StopIteration"),
    ],
)
def test_a_step_with_a_bug_parks_its_flow_and_no_other(
    shop: Open, error: Exception, kind: str
) -> None:
    ill = one(fails(error))
    room = shop(ill, healthy)
    parked = beside_health(room, ill)
    assert parked.state is State.PARKED
    assert (parked.outcome["kind"], parked.outcome["step"]) == (kind, "bad")
    assert parked.outcome["number"] == 2
    assert "never kept" not in room.log()
    assert room.flows.page().items[0].flow_id == parked.flow_id  # what needs a person comes first


def test_a_parked_flow_goes_on_from_where_it_was_once_it_is_seen_to(shop: Open) -> None:
    broken = [True]

    def mend(work: StepWork) -> str:
        if broken[0]:
            raise KeyError("rate")
        return note(work, "mended")

    ill = one(mend)
    room = shop(ill, healthy)
    parked = beside_health(room, ill)
    broken[0] = False
    room.passed(100)
    assert room.flows.state(parked.flow_id).state is State.PARKED
    room.flows.retry(parked.flow_id)
    room.engine.drain()
    ended = room.flows.state(parked.flow_id)
    assert (ended.state, ended.outcome) == (State.DONE, "mended")
    assert room.log().count("before") == 1


@pytest.mark.parametrize(
    "answer",
    [
        "x" * 5_000,
        ["é" * 2_500],
        {1, 2},
        object(),
        {"n": float("nan")},
        "\ud800",
        {"k": "\udfff"},
        {1: 1, "1": 2},
        b"bytes",
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_answer_that_cannot_be_kept_parks_the_flow_and_undoes_the_step(
    shop: Open, answer: Any
) -> None:
    def give(work: StepWork) -> Any:
        note(work, "given")
        return answer

    ill = one(give)
    room = shop(ill, healthy, limits=FlowLimits(answer_bytes_max=4_096, callers=0))
    parked = beside_health(room, ill)
    assert (parked.state, parked.outcome["kind"]) == (State.PARKED, "answer refused")
    assert "given" not in room.log()


def test_an_answer_of_the_largest_size_is_kept(shop: Open) -> None:
    ill = one(lambda work: "x" * 4_094)
    room = shop(ill, limits=FlowLimits(answer_bytes_max=4_096, callers=0))
    assert room.ran(ill).state is State.DONE


def test_a_flow_s_own_answer_is_bounded_too(shop: Open) -> None:
    @flow("boast", version=1)
    def boast() -> Flow:
        yield step(note, "said")
        return "x" * 5_000

    room = shop(boast, healthy, limits=FlowLimits(answer_bytes_max=4_096, callers=0))
    assert beside_health(room, boast).outcome["kind"] == "answer refused"


def _bad_event(work: StepWork) -> None:
    note(work, "told badly")
    work.outbox.add(Noted(place=object()))  # type: ignore[arg-type]


def _bad_statement(work: StepWork) -> None:
    note(work, "stated badly")
    work.connection.execute(sa.text("SELECT nothing FROM nowhere"))


def _taken_key(work: StepWork) -> None:
    for _ in range(2):
        work.connection.execute(sa.insert(LOG).values(place="taken", position=0))


def test_what_only_fails_while_it_is_saved_is_found_and_parked_alone(shop: Open) -> None:
    ill = one(_bad_event)
    room = shop(ill, healthy, limits=FlowLimits(callers=0))
    parked = beside_health(room, ill)
    assert parked.state is State.PARKED
    assert parked.outcome["step"] == "(saving)"
    assert "told badly" not in room.log()


def test_a_wrong_statement_parks_and_a_taken_key_is_refused_after_three_tries(shop: Open) -> None:
    ill = one(_bad_statement)
    room = shop(ill, healthy)
    assert beside_health(room, ill).outcome["kind"] == "Misused"
    room.engine.close()
    again = shop(one(_taken_key))
    ended = again.ran("ill")
    assert (ended.state, ended.outcome["code"]) == (State.FAILED, "persistence/conflict")
    assert "stated badly" not in again.log()


def test_a_problem_s_odd_facts_do_not_hurt(shop: Open) -> None:
    @flow("odd", version=1)
    def odd() -> Flow:
        try:
            yield step(fails(Deep("\ud800" * 9_000, who=object(), much="x" * 9_000)), name="bad")
        except Deep as deep:
            return [len(deep.detail), deep.facts]

    assert shop(odd).ran(odd).outcome == [400, {}]


def test_trouble_while_undoing_parks_the_flow_and_a_retry_finishes_it(shop: Open) -> None:
    broken = [True]

    def undo(work: StepWork, answer: str, *args: Any) -> None:
        if broken[0]:
            raise SoldOut("Cannot be undone.")
        unnote(work, answer)

    @flow("stuck", version=1)
    def stuck() -> Flow:
        yield step(note, "a", undo=unnote)
        yield step(note, "b", undo=undo)
        yield step(note, "c", undo=unnote)
        yield step(refuse, "d")

    room = shop(stuck, healthy)
    parked = beside_health(room, stuck)
    assert (parked.state, parked.outcome["step"], parked.outcome["number"]) == (
        State.PARKED,
        "undo:note",
        -2,
    )
    broken[0] = False
    room.flows.retry(parked.flow_id)
    room.engine.drain()
    ended = room.flows.state(parked.flow_id)
    assert (ended.state, ended.outcome["label"]) == (State.FAILED, "d")
    log = [line for line in room.log() if not line.startswith("healthy")]
    assert log == ["a", "b", "c", "undo c", "undo b", "undo a"]


def _too_wide() -> Flow:
    yield gather(*(step(note, str(n)) for n in range(11)))


def _no_intent() -> Flow:
    yield 5  # type: ignore[misc]


def _nested() -> Flow:
    yield gather(gather(step(note, "a")))  # type: ignore[arg-type]


def _raises() -> Flow:
    yield step(note, "a")
    raise ZeroDivisionError("in the flow")


def _unfit_child() -> Flow:
    yield child("healthy", {1, 2})


def _takes_none(argument: int) -> Flow:
    yield step(note, "a")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (_too_wide, "too many"),
        (_no_intent, "no intent"),
        (_nested, "no intent"),
        (_raises, "ZeroDivisionError"),
        (_unfit_child, "answer refused"),
        (_takes_none, "TypeError"),
    ],
)
def test_a_flow_whose_code_is_wrong_is_parked(
    shop: Open, body: Callable[..., Flow], kind: str
) -> None:
    ill = flow("ill", version=1)(body)
    room = shop(ill, healthy, limits=FlowLimits(fan_out_max=10, callers=0))
    parked = beside_health(room, ill)
    assert (parked.state, parked.outcome["kind"]) == (State.PARKED, kind)


def test_a_child_nobody_knows_is_refused_inside_the_parent(shop: Open) -> None:
    @flow("lonely", version=1)
    def lonely() -> Flow:
        try:
            yield child("nobody")
        except Refusal as refused:
            return refused.code

    assert shop(lonely).ran(lonely).outcome == "flow/unknown"


def test_a_call_with_a_bug_parks_and_a_refused_call_is_thrown(shop: Open) -> None:
    def crash(command_id: object) -> None:
        raise KeyError("x")

    def deny(command_id: object) -> None:
        raise SoldOut("No.", label="call")

    @flow("calling", version=1)
    def calling() -> Flow:
        try:
            yield call(deny)
        except SoldOut as refused:
            yield step(note, refused.facts["label"])
        yield call(crash)

    room = shop(calling, healthy)
    parked = beside_health(room, calling)
    assert (parked.state, parked.outcome["step"]) == (State.PARKED, "crash")
    assert "call" in room.log()


def test_a_statement_that_ends_the_whole_transaction_counts_as_its_step_s_try(shop: Open) -> None:
    tries: list[int] = []

    def unlucky(work: StepWork) -> str:
        tries.append(1)
        note(work, "lucky")
        if len(tries) < 3:
            work.connection.exec_driver_sql("ROLLBACK")  # as the engine does to a deadlock's loser
            if work.connection.dialect.name == "mysql":
                raise sa.exc.OperationalError("x", {}, pymysql.err.OperationalError(1213, "dead"))
            busy = sqlite3.OperationalError("busy")
            busy.sqlite_errorcode = 5
            raise sa.exc.OperationalError("x", {}, busy)
        return "done"

    @flow("unlucky", version=1)
    def flow_of() -> Flow:
        return (yield step(unlucky, retry=Retry(first_s=0)))

    room = shop(flow_of, healthy, limits=FlowLimits(callers=0))
    assert beside_health(room, flow_of).outcome == "done"
    assert (len(tries), room.log().count("lucky")) == (3, 1)


def test_an_outage_of_one_flow_does_not_hold_up_others(shop: Open) -> None:
    ill = one(fails(Closed("No.")))
    room = shop(ill, healthy)
    waiting = beside_health(room, ill)
    assert (waiting.state, waiting.waits_for) == (State.WAITING, "bad")
