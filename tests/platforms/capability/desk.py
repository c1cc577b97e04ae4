"""The task centre for tests: a clock that is set, flows that are worked by hand, a core's tasks."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from yunjin.chassis.flow import (
    Definition,
    Engine,
    Flow,
    FlowLimits,
    Flows,
    Registry,
    ask_person,
    flow,
)
from yunjin.foundation.banking.api.agreements import Waiting
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.errors import NotFound
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.api.tasks import (
    Choice,
    FieldKind,
    FieldValue,
    FormField,
    Link,
    NewTask,
    Task,
    TasksApi,
)

NOON_NS = 1_767_600_000_000_000_000


@dataclass
class FakeCore:
    """The thin core, as far as tasks go."""

    found: list[Waiting] = field(default_factory=list)

    def waiting(self, *, is_done: bool = False, limit: int = 50) -> list[Waiting]:
        return [one for one in reversed(self.found) if one.is_done == is_done][:limit]

    def settle(self, task_id: int, note: str) -> None:
        if all(one.task_id != task_id for one in self.found):
            raise NotFound(f"There is no task {task_id}.")
        self.found = [
            replace(one, is_done=True, detail=f"{one.detail} [{note}]")
            if one.task_id == task_id
            else one
            for one in self.found
        ]

    def add(self, count: int) -> None:
        for _ in range(count):
            number = len(self.found) + 1
            self.found.append(
                Waiting(
                    task_id=number,
                    agreement_id=number * 10,
                    date=dt.date(2026, 1, 4),
                    code="standing-order",
                    detail=f"{number}: no money",
                )
            )


@dataclass
class Desk:
    """The centre, its flows and an engine that is turned by hand."""

    clock: FixedClock
    core: FakeCore
    tasks: TasksApi
    flows: Flows
    engine: Engine
    room: Any

    def new_id(self) -> UUID:
        return uuid7(self.clock)

    def opened(self, queue: str = "general", title: str = "核对", **more: Any) -> Task:
        return self.tasks.open(self.new_id(), NewTask(queue=queue, title=title, **more))

    def passed(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.engine.drain()

    def start(self, of: Definition, *args: Any) -> UUID:
        flow_id = self.new_id()
        self.flows.start(flow_id, of, *args)
        self.engine.drain()
        return flow_id


def opened(url: str, home: Path, *definitions: Any) -> Desk:
    """Open the room over an empty database; definitions : functions of the tasks' door."""
    clock, core = FixedClock(NOON_NS), FakeCore()
    tables = database.build(database.Settings(url=url), tenant="demo", clock=clock, home=home)
    limits = FlowLimits(callers=0)
    settings = wiring.Settings(flows=limits)
    made = wiring.parts(
        settings,
        tenant="demo",
        clock=clock,
        database=tables.doors[DatabaseApi],
        today=lambda: dt.date(2026, 1, 5),
        agreements=core,  # type: ignore[arg-type]
    )
    tasks, flows = made.doors[TasksApi], made.flows
    more = [one(tasks) for one in definitions]
    flows.registry = Registry(*flows.registry.definitions(), *more)
    return Desk(clock, core, tasks, flows, Engine(flows, holder="test"), tables)


LINK = Link(kind="party", id="P1")


FORM = (
    FormField(name="amount", kind=FieldKind.AMOUNT, zh="金额", en="Amount", currency="CNY"),
    FormField(
        name="verdict",
        kind=FieldKind.CHOICE,
        zh="结论",
        en="Verdict",
        choices=(Choice(code="yes", zh="同意", en="Approve"), Choice(code="no", zh="否", en="No")),
    ),
    FormField(name="since", kind=FieldKind.DATE, zh="起始", en="Since"),
    FormField(name="called", kind=FieldKind.YES_NO, zh="已致电", en="Called"),
    FormField(name="why", kind=FieldKind.TEXT, zh="说明", en="Why", is_required=False),
)
GOOD = {"amount": "12000", "verdict": "yes", "since": "2026-02-01", "called": "no"}


def values(**given: str) -> list[FieldValue]:
    return [FieldValue(name=name, value=value) for name, value in given.items()]


def approving(tasks: TasksApi) -> Definition:
    @flow("approving", version=1)
    def approval(give_up_s: int | None) -> Flow:
        task = NewTask(queue="lending", title="审批", form=FORM, links=(LINK,))
        return (yield from ask_person(tasks, task, give_up_s=give_up_s))

    return approval


def seen(desk: Desk, limit: int, **wanted: Any) -> list[Task]:
    """Read a list to its end."""
    found: list[Task] = []
    cursor = None
    while True:
        page = desk.tasks.tasks(limit=limit, cursor=cursor, **wanted)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with tenant.entered("demo"):
        made = opened(database_url, tmp_path, approving)
        yield made
        made.engine.close()
        made.room.close()
