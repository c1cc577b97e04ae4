"""Goal: whatever fails and whenever the process dies, a flow of a drawing ends done or undone.

Method: Hypothesis plans refusals, outages and lost answers of the limit centre, deaths of the
engine, and what the person says; then the books of the limit are looked at.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.platforms.capability.drawings.conftest import Studio
from yunjin.chassis.flow import Engine, State
from yunjin.kernel.errors import Outage, Unknown
from yunjin.platforms.capability.errors import LimitNotOpen

pytestmark = pytest.mark.parametrize("database_url", [""])

FAULTS = ("refuses", "is down", "loses its answer")


class Failing:
    """The calling of operations, which goes wrong as planned.

    What was done is not refused when it is asked for again: a centre keeps its first answer.
    """

    def __init__(self, calling: Any, plan: list[str]) -> None:
        self._calling, self._plan = calling, plan
        self._done: set[UUID] = set()

    def can_undo(self, name: str) -> bool:
        return bool(self._calling.can_undo(name))

    def act(self, command_id: UUID, name: str, inputs: Any) -> Any:
        may_refuse = command_id not in self._done

        def act() -> Any:
            answer = self._calling.act(command_id, name, inputs)
            self._done.add(command_id)
            return answer

        return self._tried(act, may_refuse=may_refuse)

    def undo(self, command_id: UUID, answer: Any, name: str, inputs: Any) -> Any:
        undo = self._calling.undo
        return self._tried(lambda: undo(command_id, answer, name, inputs), may_refuse=False)

    def _tried(self, ask: Callable[[], Any], *, may_refuse: bool) -> Any:
        fault = self._plan.pop(0) if self._plan else ""
        if fault == "refuses" and may_refuse:
            raise LimitNotOpen("It is frozen.")
        if fault == "is down":
            raise Outage("It is down.")
        answer = ask()
        if fault == "loses its answer":
            raise Unknown("The answer was lost.")
        return answer


@contextmanager
def failing(studio: Studio, plan: list[str]) -> Iterator[None]:
    """Let operations go wrong for a while."""
    [acting] = studio.made.acting
    calling = acting.calling
    acting.calling = Failing(calling, plan)
    yield
    acting.calling = calling


def restarted(studio: Studio) -> None:
    """Let the process die: what is in memory is gone."""
    studio.engine.close()
    studio.made.elsewhere._kept.clear()
    studio.engine = Engine(studio.flows, holder=str(studio.id()))


@given(
    plan=st.lists(st.sampled_from(["", *FAULTS]), max_size=8),
    deaths=st.lists(st.booleans(), min_size=6, max_size=6),
    said=st.sampled_from(["yes", "no", "nothing", "cancelled"]),
    amount_minor=st.sampled_from([100, 600, 5_000]),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_loan_is_done_or_undone_and_never_in_between(
    studio: Studio, plan: list[str], deaths: list[bool], said: str, amount_minor: int
) -> None:
    studio.brought("cash_loan")
    limit = studio.limit(1_000)
    inputs = {"limit_id": str(limit.limit_id), "amount_minor": amount_minor, "application": "A"}
    event(f"{said}, {len([one for one in plan if one])} faults")
    with failing(studio, plan):
        flow_id = studio.start("cash_loan", inputs)
        for is_death in deaths:
            if is_death:
                restarted(studio)
            studio.pass_time(200)
        for task in studio.waiting():
            if said in ("yes", "no"):
                studio.complete(task, approved=said)
        if said == "cancelled" and not studio.state(flow_id).state.is_end:
            studio.drawings.cancel(studio.id(), flow_id, by="安娜", why="撤回")
        for _ in range(6):
            studio.pass_time(86_400)
    found = studio.state(flow_id)
    assert found.state.is_end, found
    is_done = found.state is State.DONE and found.outcome["end"] == "Event_done"
    now = studio.limits.limit(limit.limit_id)
    assert (now.held_minor, now.used_minor) == (0, amount_minor if is_done else 0)
    assert studio.waiting() == []
    if said in ("no", "nothing") and amount_minor == 600:
        assert not is_done


def test_the_faults_are_met(studio: Studio) -> None:
    """What is planned above is no shadow play: all of it is met, and undone."""
    studio.brought("cash_loan")
    limit, plan = studio.limit(1_000), ["loses its answer", "", "is down", "refuses", "is down"]
    inputs = {"limit_id": str(limit.limit_id), "amount_minor": 100, "application": "A"}
    with failing(studio, plan):
        flow_id = studio.start("cash_loan", inputs)
        for _ in range(6):
            studio.pass_time(300)
    assert plan == []
    assert studio.state(flow_id).outcome["code"] == "capability/limit-not-open"
    now = studio.limits.limit(limit.limit_id)
    assert (now.held_minor, now.used_minor) == (0, 0)
