"""Goal: every history of tasks is one that an oracle foretells. Method: random acts, both engines.

The oracle keeps each task's state and who has it in a dictionary; time alone may take one away.
"""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.capability.desk import Desk, seen
from yunjin.platforms.capability.errors import TaskRefused

HOUR_S = 3_600
acts = st.tuples(
    st.sampled_from(["open", "claim", "release", "assign", "complete", "withdraw", "wait"]),
    st.integers(0, 9),
    st.sampled_from(["an", "bo"]),
)


@given(st.lists(acts, min_size=1, max_size=25))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_history_of_tasks_is_what_the_oracle_says(
    desk: Desk, history: list[tuple[str, int, str]]
) -> None:
    before = {one.task_id for one in seen(desk, 200)}
    known: dict[UUID, tuple[str, str]] = {}  # state, who has it
    for word, which, by in history:
        if word == "open":
            known[desk.opened("payments").task_id] = ("open", "")
        elif word == "wait":
            desk.passed(HOUR_S)
        elif known:
            task_id = list(known)[which % len(known)]
            _act(desk, known, word, task_id, by)
        for task_id, (state, _) in known.items():
            task = desk.tasks.task(task_id)
            # Time takes a task away from who has it; nothing else happens by itself.
            if task.escalations and state == "claimed" and not task.assignee:
                known[task_id] = ("open", "")
            assert (task.state.value, task.assignee if state == "claimed" else "") == known[task_id]
    open_ones = {one.task_id for one in seen(desk, 3)} - before
    assert open_ones == {one for one, (state, _) in known.items() if state in ("open", "claimed")}
    for task_id in open_ones:
        desk.tasks.withdraw(desk.new_id(), task_id, "over", "an")


def _act(desk: Desk, known: dict[UUID, tuple[str, str]], word: str, task_id: UUID, by: str) -> None:
    state, has = known[task_id]
    is_open = state in ("open", "claimed")
    deeds: dict[str, tuple[bool, tuple[str, str], Callable[[], object]]] = {
        "claim": (
            is_open and has in ("", by),
            ("claimed", by),
            lambda: desk.tasks.claim(desk.new_id(), task_id, by),
        ),
        "release": (is_open, ("open", ""), lambda: desk.tasks.release(desk.new_id(), task_id, by)),
        "assign": (
            is_open,
            ("claimed", "cy"),
            lambda: desk.tasks.assign(desk.new_id(), task_id, "cy", by),
        ),
        "complete": (
            is_open and has in ("", by),
            ("completed", ""),
            lambda: desk.tasks.complete(desk.new_id(), task_id, [], by),
        ),
        "withdraw": (
            is_open,
            ("withdrawn", ""),
            lambda: desk.tasks.withdraw(desk.new_id(), task_id, "over", by),
        ),
    }
    is_fine, then, act = deeds[word]
    if is_fine:
        act()
        known[task_id] = then
        return
    with pytest.raises(TaskRefused):
        act()
