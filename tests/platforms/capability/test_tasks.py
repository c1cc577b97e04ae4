"""Goal: what a person has to do is in one list, done once, by one, in time; and the flow hears it.

Method: stories on both engines with a clock that is set and flows that are turned by hand. (Random
histories: test_task_histories.py.)
"""

import datetime as dt
import threading
from typing import Any
from uuid import UUID

import pytest

from tests.platforms.capability.desk import FORM, GOOD, LINK, Desk, seen, values
from yunjin.chassis.flow import State
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.platforms.capability.api.tasks import (
    FieldKind,
    FormField,
    Link,
    NewTask,
    Priority,
    Queue,
    TaskState,
)
from yunjin.platforms.capability.errors import (
    QueueNotFound,
    TaskFormRefused,
    TaskNotFound,
    TaskRefused,
)

HOUR_S = 3_600


def test_a_flow_asks_a_person_and_goes_on_with_the_answer(desk: Desk) -> None:
    flow_id = desk.start(desk.flows.registry.newest("approving"), None)
    [task] = desk.tasks.tasks(queue="lending").items
    assert (task.flow_id, task.links, task.due_at) == (
        flow_id,
        (LINK,),
        task.opened_at + dt.timedelta(days=2),
    )
    assert desk.flows.state(flow_id).waits_for == f"signal:task:{task.task_id}"
    desk.tasks.claim(desk.new_id(), task.task_id, "安")
    command = desk.new_id()
    done = desk.tasks.complete(command, task.task_id, values(**GOOD), "安")
    assert desk.tasks.complete(command, task.task_id, values(**GOOD), "安") == done
    assert (done.state, done.ended_by) == (TaskState.COMPLETED, "安")
    desk.engine.drain()
    ended = desk.flows.state(flow_id)
    given = {"amount": 12_000, "verdict": "yes", "since": "2026-02-01", "called": False}
    assert (ended.state, ended.outcome) == (State.DONE, {"by": "安", "values": given})
    assert [one.what for one in desk.tasks.history(task.task_id)] == [
        "opened",
        "claimed",
        "completed",
    ]
    assert sum(desk.flows.counts().values()) == 0  # the flow that watched the time has ended too


def test_a_flow_that_is_cancelled_withdraws_its_task(desk: Desk) -> None:
    flow_id = desk.start(desk.flows.registry.newest("approving"), None)
    desk.flows.cancel(flow_id)
    desk.engine.drain()
    [task] = desk.tasks.tasks(is_ended=True).items
    assert task.state is TaskState.WITHDRAWN
    assert desk.flows.state(flow_id).state is State.CANCELLED
    assert sum(desk.flows.counts().values()) == 0


def test_a_flow_gives_up_and_nobody_answers_afterwards(desk: Desk) -> None:
    flow_id = desk.start(desk.flows.registry.newest("approving"), HOUR_S)
    [task] = desk.tasks.tasks().items
    desk.passed(HOUR_S + 1)
    assert (desk.flows.state(flow_id).state, desk.flows.state(flow_id).outcome) == (
        State.DONE,
        None,
    )
    with pytest.raises(TaskRefused):
        desk.tasks.complete(desk.new_id(), task.task_id, values(**GOOD), "安")


def test_what_was_answered_just_before_the_flow_gave_up_counts(desk: Desk) -> None:
    flow_id = desk.start(desk.flows.registry.newest("approving"), HOUR_S)
    [task] = desk.tasks.tasks().items
    desk.clock.advance(HOUR_S + 1)  # time is over, and the engine has not looked yet
    desk.tasks.complete(desk.new_id(), task.task_id, values(**GOOD), "安")
    desk.engine.drain()
    assert desk.flows.state(flow_id).outcome["by"] == "安"


def test_a_withdrawn_task_ends_the_flow_that_waits(desk: Desk) -> None:
    flow_id = desk.start(desk.flows.registry.newest("approving"), None)
    [task] = desk.tasks.tasks().items
    desk.tasks.withdraw(desk.new_id(), task.task_id, "客户撤销", "安")
    desk.engine.drain()
    ended = desk.flows.state(flow_id)
    assert (ended.state, ended.outcome["code"]) == (State.FAILED, "flow/task-withdrawn")


def test_one_has_a_task_and_others_wait_for_it(desk: Desk) -> None:
    task_id = desk.opened().task_id
    claimed = desk.tasks.claim(desk.new_id(), task_id, "an")
    assert (claimed.state, claimed.assignee) == (TaskState.CLAIMED, "an")
    assert desk.tasks.claim(desk.new_id(), task_id, "an") == claimed
    with pytest.raises(TaskRefused) as refused:
        desk.tasks.claim(desk.new_id(), task_id, "bo")
    assert refused.value.facts == {"why": "taken", "assignee": "an"}
    with pytest.raises(TaskRefused):
        desk.tasks.complete(desk.new_id(), task_id, [], "bo")
    assert desk.tasks.assign(desk.new_id(), task_id, "bo", "chief").assignee == "bo"
    assert desk.tasks.release(desk.new_id(), task_id, "bo").state is TaskState.OPEN
    assert desk.tasks.complete(desk.new_id(), task_id, [], "cy").ended_by == "cy"
    with pytest.raises(TaskRefused):
        desk.tasks.claim(desk.new_id(), task_id, "an")
    said = desk.tasks.comment(desk.new_id(), task_id, "客户已回电", "an")
    assert (said.text, said.by) == ("客户已回电", "an")
    assert [(one.what, one.by) for one in desk.tasks.history(task_id)][-4:] == [
        ("assigned", "chief"),
        ("released", "bo"),
        ("completed", "cy"),
        ("commented", "an"),
    ]


def test_a_task_is_opened_once_under_its_id(desk: Desk) -> None:
    command = desk.new_id()
    first = desk.tasks.open(command, NewTask(queue="general", title="a", links=(LINK,)))
    assert desk.tasks.open(command, NewTask(queue="general", title="a", links=(LINK,))) == first
    with pytest.raises(IdempotencyConflict):
        desk.tasks.open(command, NewTask(queue="general", title="b"))
    assert first.task_id == command
    assert [one.task_id for one in desk.tasks.tasks(link=LINK).items] == [command]
    assert desk.tasks.tasks(link=Link(kind="party", id="P2")).items == ()


def test_a_task_nobody_does_in_time_is_passed_on(desk: Desk) -> None:
    queue = Queue(code="counter", zh="柜面", en="Counter", sla_s=HOUR_S, escalate_to="chief")
    with pytest.raises(QueueNotFound):
        desk.tasks.put_queue(desk.new_id(), queue)
    chief = Queue(code="chief", zh="主管", en="Chief", sla_s=2 * HOUR_S)
    for one in (chief, queue):
        desk.tasks.put_queue(desk.new_id(), one)
    task_id = desk.opened("counter").task_id
    desk.tasks.claim(desk.new_id(), task_id, "an")
    desk.passed(HOUR_S - 1)
    assert not desk.tasks.task(task_id).is_overdue
    desk.clock.advance(2)
    assert desk.tasks.task(task_id).is_overdue
    assert [one.task_id for one in desk.tasks.tasks(is_overdue=True).items] == [task_id]
    desk.engine.drain()
    passed = desk.tasks.task(task_id)
    assert (passed.queue, passed.assignee, passed.priority, passed.escalations) == (
        "chief",
        "",
        Priority.HIGH,
        1,
    )
    assert not passed.is_overdue
    desk.passed(2 * HOUR_S + 1)
    again = desk.tasks.task(task_id)
    assert (again.queue, again.priority, again.escalations) == ("chief", Priority.URGENT, 2)
    assert again.is_overdue  # there is nobody above: it stays, and is seen
    states = {one.queue.code: (one.open, one.overdue) for one in desk.tasks.queues()}
    assert (states["counter"], states["chief"]) == ((0, 0), (1, 1))


def test_a_time_that_is_changed_is_watched_anew(desk: Desk) -> None:
    task = desk.opened("payments")  # four hours, then operations
    later = task.opened_at + dt.timedelta(hours=8)
    desk.tasks.change(desk.new_id(), task.task_id, by="an", due_at=later, priority=Priority.LOW)
    desk.passed(5 * HOUR_S)
    assert desk.tasks.task(task.task_id).queue == "payments"
    desk.passed(4 * HOUR_S)
    passed = desk.tasks.task(task.task_id)
    assert (passed.queue, passed.priority) == ("operations", Priority.NORMAL)
    moved = desk.tasks.change(desk.new_id(), task.task_id, by="an", queue="general")
    assert moved.queue == "general"


@pytest.mark.parametrize(
    ("wrong", "field", "why"),
    [
        ({"amount": "12.5"}, "amount", "no-amount"),
        ({"amount": "0"}, "amount", "out-of-bounds"),
        ({"verdict": "maybe"}, "verdict", "no-choice"),
        ({"since": "2026-02-30"}, "since", "no-date"),
        ({"called": "true"}, "called", "no-flag"),
        ({"called": ""}, "called", "missing"),
        ({"why": "x" * 1_001}, "why", "too-long"),
        ({"other": "1"}, "other", "unknown"),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(
    desk: Desk, wrong: dict[str, str], field: str, why: str
) -> None:
    task_id = desk.opened(form=FORM).task_id
    with pytest.raises(TaskFormRefused) as refused:
        desk.tasks.complete(desk.new_id(), task_id, values(**{**GOOD, **wrong}), "an")
    assert refused.value.facts == {"field": field, "why": why}
    assert desk.tasks.task(task_id).state is TaskState.OPEN


def test_a_task_that_cannot_be_done_is_not_opened(desk: Desk) -> None:
    amount = FormField(name="amount", kind=FieldKind.AMOUNT, zh="金额", en="Amount")
    text = FormField(name="why", kind=FieldKind.TEXT, zh="说明", en="Why")
    choice = FormField(name="of", kind=FieldKind.CHOICE, zh="选", en="Of")
    wrong: list[dict[str, Any]] = [
        {"title": " "},
        {"title": "x" * 201},
        {"form": (amount,)},
        {"form": (choice,)},
        {"form": (text, text)},
        {"links": (LINK, LINK)},
        {"due_at": dt.datetime(2026, 1, 1)},
        {"assignee": " an"},
    ]
    for each in wrong:
        with pytest.raises(Malformed):
            desk.opened(**each)
    for queue in ("nowhere", "banking"):
        with pytest.raises(QueueNotFound):
            desk.opened(queue)
    with pytest.raises(TaskNotFound):
        desk.tasks.task(desk.new_id())
    assert desk.tasks.tasks().items == ()


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
def test_one_list_has_the_core_s_tasks_behind_the_others(desk: Desk, limit: int) -> None:
    own = [
        desk.opened("operations", f"{n}", priority=priority).title
        for n, priority in enumerate((Priority.LOW, Priority.URGENT, Priority.NORMAL))
    ]
    desk.core.add(3)
    found = seen(desk, limit)
    assert [one.title for one in found] == [own[1], own[2], own[0], *["standing-order"] * 3]
    assert [one.links[0].id for one in found[3:]] == ["30", "20", "10"]
    assert len(seen(desk, limit, queue="banking")) == 3
    assert len(seen(desk, limit, queue="operations")) == 3
    assert len(seen(desk, limit, link=Link(kind="agreement", id="20"))) == 1
    with pytest.raises(Malformed):
        desk.tasks.tasks(cursor="made-up")


def test_a_task_of_the_core_is_settled_from_the_same_list(desk: Desk) -> None:
    desk.core.add(2)
    task = desk.tasks.tasks(queue="banking").items[0]
    assert desk.tasks.task(task.task_id) == task
    with pytest.raises(TaskFormRefused):
        desk.tasks.complete(desk.new_id(), task.task_id, [], "an")
    for act in (desk.tasks.claim, desk.tasks.release):
        with pytest.raises(TaskRefused):
            act(desk.new_id(), task.task_id, "an")
    command = desk.new_id()
    done = desk.tasks.complete(command, task.task_id, values(note="补足余额"), "an")
    assert done.state is TaskState.COMPLETED
    assert desk.core.found[1].detail == "2: no money [an: 补足余额]"
    desk.tasks.complete(command, task.task_id, values(note="补足余额"), "an")
    assert [one.task_id for one in seen(desk, 5, is_ended=True)] == [task.task_id]
    with pytest.raises(TaskNotFound):
        desk.tasks.task(UUID(int=task.task_id.int + 70))
    assert {one.queue.code: one.open for one in desk.tasks.queues()}["banking"] == 1


def test_of_many_who_complete_at_once_one_does(desk: Desk) -> None:
    task_id = desk.opened().task_id
    came: list[str] = []

    def complete(by: str) -> None:
        try:
            came.append(desk.tasks.complete(desk.new_id(), task_id, [], by).ended_by)
        except TaskRefused:
            came.append("")

    threads = [threading.Thread(target=complete, args=[f"p{n}"]) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(map(bool, came)) == [False, False, False, True]


def test_what_no_task_can_have_is_not_found(desk: Desk) -> None:
    """Words that are longer than any code, or end in a blank, are asked of no database."""
    for link in (Link(kind="x" * 40, id="1"), Link(kind="case", id="y" * 90)):
        assert desk.tasks.tasks(link=link).items == ()
    for word in ("somebody ", "nobody" * 20):
        assert desk.tasks.tasks(assignee=word).items == ()
        assert desk.tasks.tasks(queue=word).items == ()
