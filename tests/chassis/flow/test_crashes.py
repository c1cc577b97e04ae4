"""Goal: whatever crashes at whatever commit, a flow comes to what it would have come to in peace.

Method: Hypothesis writes programs and a history of crashes, engine limits and signals; a plain
interpreter of the same program is the oracle. One rich program crashes once at every single commit,
before and after it, or has that commit refused, or its answer lost. (Real kills: test_killed.py.)
"""

import itertools
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.chassis.flow.program import REMOTE, TRIES, Op, Oracle, program, programs, words
from tests.chassis.flow.shop import Crash, CrashPlan, Shop, note, opened, unnote
from yunjin.chassis.flow import Flow, FlowLimits, State, child, flow, signal, step
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7

ROUNDS = 60
TINY = FlowLimits(flows_a_commit=1, steps_in_a_row=1, steps_a_commit=1, callers=0, live_max=1)
WIDE = FlowLimits(callers=0)


def _act(do: str, label: str, *, outages: int = 0, is_refused: bool = False) -> Op:
    return {
        "do": do,
        "is_caught": False,
        "label": label,
        "outages": outages,
        "is_refused": is_refused,
        "undo": True,
    }


WORD: Op = {"do": "signal", "is_caught": False, "word": "go", "is_sent": True, "payload": 5}
RICH: list[Op] = [
    _act("step", "0", outages=1),
    _act("call", "1", outages=1),
    {"do": "sleep", "is_caught": False, "seconds": 7},
    WORD | {"timeout_s": None, "at": 2},
    {
        "do": "gather",
        "is_caught": True,
        "parts": [_act("step", f"4g{n}", outages=n, is_refused=n == 1) for n in range(3)],
    },
    {"do": "child", "is_caught": False, "ops": [_act("step", "5.0"), _act("call", "5.1")]},
    {
        "do": "each",
        "is_caught": False,
        "of": "step",
        "width": 2,
        "undo": True,
        "items": [{"label": f"e{n}", "outages": n % 2, "is_refused": n == 2} for n in range(4)],
    },
    _act("step", "6", is_refused=True),
]


class History:
    """A program on its way through crashes: the driver of both kinds of test."""

    def __init__(self, shop: Shop, ops: list[Op]) -> None:
        REMOTE.done.clear()
        REMOTE.tries.clear()
        TRIES.clear()
        self.shop, self.ops = shop, ops
        self.flow_id = uuid7(shop.clock)
        self._signal_ids = {op["word"]: uuid7(shop.clock) for op in words(ops)}

    def run(self) -> None:
        """Live through time until everything has ended, opening anew after each crash."""
        self._survive(self._start)
        for turn in range(ROUNDS):
            for op in words(self.ops):
                if op["at"] == turn:
                    self._survive(lambda op=op: self._say(op))
            self._survive(self._drain)
            if self._is_over():
                return
            self.shop.clock.advance(11)
        raise AssertionError(f"expected an end, was {self.shop.flows.state(self.flow_id)}")

    def _is_over(self) -> bool:
        open_states = (State.RUNNING, State.WAITING, State.PARKED)
        return not any(self.shop.flows.counts()[state] for state in open_states)

    def _survive(self, act: Any) -> None:
        while True:
            try:
                act()
                return
            except Crash:
                # The lease of the dead ends by itself; here it is as if that time had passed.
                self.shop.room.database.close()
                self.shop.clock.advance(self.shop.limits.lease_s + 1)
                self.shop = self.shop.reopened()
            except (Outage, Unknown):
                continue  # the worker waits a moment and takes another turn

    def _start(self) -> None:
        self.shop.flows.start(self.flow_id, "program", self.ops)

    def _say(self, op: Op) -> None:
        word = op["word"]
        state = self.shop.flows.state(self.flow_id).state
        if not state.is_end:
            self.shop.flows.signal(
                self.flow_id, word, op["payload"], signal_id=self._signal_ids[word]
            )

    def _drain(self) -> None:
        self.shop.engine.drain()

    def check(self) -> None:
        """Hold what happened against the oracle."""
        oracle = Oracle()
        is_done, answer = oracle.run(self.ops)
        ended = self.shop.flows.state(self.flow_id)
        assert ended.state is (State.DONE if is_done else State.FAILED)
        if is_done:
            assert ended.outcome == answer
        else:
            assert ended.outcome["label"] == answer
        log = self.shop.log()
        assert Counter(log) == Counter(oracle.steps)  # none lost, none doubled
        assert self.shop.told() == len(oracle.steps)  # nor any event
        undone = [line for line in log if line.startswith("undo")]
        assert undone == [line for line in oracle.steps if line.startswith("undo")]
        remote = Counter(REMOTE.done.values())
        assert remote == Counter(oracle.remote)


# A signal whose timer was never set, since the steps beside it had used up the commit.
TWO: list[Op] = [_act("step", "g0"), _act("step", "g1")]
UNSENT = WORD | {"is_sent": False, "payload": None, "timeout_s": 30, "at": 0}
STARVED: list[Op] = [{"do": "gather", "is_caught": False, "parts": [*TWO, UNSENT]}]
# The same with a signal that is there already: it was read, and not acted upon.
EARLY = WORD | {"timeout_s": None, "at": 0}
UNHEARD: list[Op] = [{"do": "gather", "is_caught": False, "parts": [*TWO, EARLY]}]


@example(ops=STARVED, limits=TINY, crashes=[])
@example(ops=UNHEARD, limits=TINY, crashes=[])
@settings(derandomize=True)
@given(
    ops=programs(),
    limits=st.sampled_from([TINY, WIDE, FlowLimits(flows_a_commit=2, callers=0, live_max=2)]),
    crashes=st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.booleans()), max_size=8),
)
def test_a_history_with_crashes_ends_as_one_in_peace(
    ops: list[Op], limits: FlowLimits, crashes: list[tuple[int, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'rooms.db'}"
        history = History(opened(url, program, limits=limits, plan=CrashPlan(crashes)), ops)
        try:
            history.run()
            history.shop.plan.crashes.clear()
            history.check()
        finally:
            history.shop.room.database.close()


def _commits_in_peace(folder: Path) -> int:
    history = History(opened(f"sqlite:///{folder / 'peace.db'}", program, limits=TINY), RICH)
    history.run()
    history.check()
    history.shop.close()
    return history.shop.plan.commits


@pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_crash_at_a_commit_loses_and_doubles_nothing(tmp_path: Path, stride: int) -> None:
    total = _commits_in_peace(tmp_path)
    assert total > 30
    crashed = 0
    for commit in range(1, total, stride):
        for kind in ((False,), (True,), (False, True), (True, True)):
            url = f"sqlite:///{tmp_path / f'{commit}-{len(kind)}-{kind[0]}.db'}"
            plan = CrashPlan([(commit, *kind)])
            history = History(opened(url, program, limits=TINY, plan=plan), RICH)
            history.run()
            history.check()
            history.shop.close()
            crashed += history.shop.plan.crashed
    sure = range(1, total - 7, stride)  # the last commits may not come in a shorter history
    assert crashed >= 4 * len(sure)


@flow("inner", version=1)
def inner() -> Flow:
    yield step(note, "inner", undo=unnote)
    yield signal("never")


@flow("outer", version=1)
def outer() -> Flow:
    yield step(note, "outer", undo=unnote)
    try:
        yield child("inner")
    except Problem:
        return "lived on"


def test_a_cancelled_flow_stays_cancelled_whatever_commit_crashes(tmp_path: Path) -> None:
    crashed = 0
    for commit, is_kept in itertools.product(range(1, 9), (False, True)):
        url = f"sqlite:///{tmp_path / f'{commit}-{is_kept}.db'}"
        shop = opened(url, inner, outer, limits=TINY)
        flow_id = shop.ran(outer).flow_id
        shop.flows.cancel(flow_id)
        shop.plan.commits, shop.plan.crashes = 0, [(commit, is_kept)]
        try:
            shop.engine.drain()
        except Crash:
            shop.room.database.close()
            shop.clock.advance(shop.limits.lease_s + 1)
            shop, crashed = shop.reopened(), crashed + 1
            shop.engine.drain()
        shop.plan.crashes.clear()  # of a commit that never came
        assert shop.flows.state(flow_id).state is State.CANCELLED
        assert shop.log() == ["outer", "inner", "undo inner", "undo outer"]
        shop.close()
    assert crashed >= 10


@pytest.mark.mariadb
def test_a_crash_at_commits_of_a_server_loses_and_doubles_nothing(mariadb: Any) -> None:
    for commit in range(1, 30, 4):
        plan = CrashPlan([(commit, True), (3, False)])
        url = mariadb.fresh_url()
        history = History(opened(url, program, limits=TINY, plan=plan), RICH)
        history.run()
        history.check()
        history.shop.close()
        assert history.shop.plan.crashed == 2


def test_the_oracle_sees_a_step_that_is_done_twice(tmp_path: Path) -> None:
    """The check can fail: a line too many, a line too few, an order turned round."""
    url = f"sqlite:///{tmp_path / 'rooms.db'}"
    history = History(opened(url, program, limits=WIDE), RICH)
    history.run()
    history.check()
    work = history.shop.room
    for statement in (
        "INSERT INTO shop_log VALUES ('x/0', 99)",
        "DELETE FROM shop_log WHERE position IN (0, 99)",
        "UPDATE shop_log SET position = 100 - position",
    ):
        work.run(lambda w, s=statement: w.connection.exec_driver_sql(s))
        with pytest.raises(AssertionError):
            history.check()
    history.shop.close()
