"""A room with limits, tasks and drawings: its flows are turned by hand, its clock is set."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.data import ROOT
from tests.mariadb import database_url, mariadb
from yunjin.chassis.flow import Engine, FlowLimits, Flows, FlowState, Registry, State
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.api.drawings import Drawing, DrawingsApi
from yunjin.platforms.capability.api.limits import Limit, LimitsApi, NewLimit
from yunjin.platforms.capability.api.tasks import FieldValue, Task, TasksApi
from yunjin.platforms.capability.wiring import drawings as centre_of_drawings
from yunjin.platforms.capability.wiring import limits as centre_of_limits
from yunjin.platforms.capability.wiring import tasks as centre_of_tasks
from yunjin.platforms.capability.wiring.making import Ground, Making, begun

__all__ = ["database_url", "mariadb"]

NOON_NS = 1_767_600_000_000_000_000
GOLDEN = ROOT / "tests" / "golden" / "bpmn"


@dataclass
class Studio:
    """The doors, and an engine that is turned by hand."""

    clock: FixedClock
    made: Making
    engine: Engine
    room: Any

    @property
    def drawings(self) -> DrawingsApi:
        return self.made.doors[DrawingsApi]  # type: ignore[no-any-return]

    @property
    def tasks(self) -> TasksApi:
        return self.made.doors[TasksApi]  # type: ignore[no-any-return]

    @property
    def limits(self) -> LimitsApi:
        return self.made.doors[LimitsApi]  # type: ignore[no-any-return]

    @property
    def flows(self) -> Flows:
        return self.made.flows

    def id(self) -> UUID:
        return uuid7(self.clock)

    def bring(self, text: str) -> Drawing:
        return self.drawings.bring(self.id(), text, by="安娜")

    def brought(self, name: str) -> Drawing:
        return self.bring((GOLDEN / f"{name}.bpmn").read_text(encoding="utf-8"))

    def start(self, code: str, inputs: Mapping[str, Any]) -> UUID:
        flow_id = self.drawings.start(self.id(), code, inputs)
        self.engine.drain()
        return flow_id

    def state(self, flow_id: UUID) -> FlowState:
        return self.flows.state(flow_id)

    def ended(self, flow_id: UUID) -> Any:
        """Return the answer of a flow that is done."""
        found = self.state(flow_id)
        assert found.state is State.DONE, found
        return found.outcome

    def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.engine.drain()

    def waiting(self) -> list[Task]:
        """Return people's open tasks, by title."""
        return sorted(self.tasks.tasks().items, key=lambda one: one.title)

    def complete(self, task: Task, **given: str) -> None:
        values = [FieldValue(name=name, value=said) for name, said in given.items()]
        self.tasks.complete(self.id(), task.task_id, values, by="李雷")
        self.engine.drain()

    def limit(self, ceiling_minor: int = 1_000) -> Limit:
        new = NewLimit(name="限额", kind="credit", currency="CNY", ceiling_minor=ceiling_minor)
        return self.limits.open(self.id(), new)

    def steps(self, flow_id: UUID) -> list[str]:
        return [one.name for one in self.flows.history(flow_id)]


def opened(url: str, home: Path) -> Studio:
    """Open the room over a database."""
    clock = FixedClock(NOON_NS)
    tables = database.build(database.Settings(url=url), tenant="demo", clock=clock, home=home)
    centres = (centre_of_limits, centre_of_tasks, centre_of_drawings)
    ground = Ground(
        settings=wiring.Settings(flows=FlowLimits(callers=0)),
        tenant="demo",
        clock=clock,
        room=wiring.prepare(tables.doors[DatabaseApi]),
        today=lambda: dt.date(2026, 1, 5),
        centres=tuple(one for each in centres for one in each.CENTRES),
    )
    made = begun(ground)
    for each in centres:
        each.add(made)
    made.flows.registry = Registry(*made.definitions, elsewhere=made.elsewhere)
    return Studio(clock, made, Engine(made.flows, holder="test"), tables)


@pytest.fixture
def studio(database_url: str, tmp_path: Path) -> Iterator[Studio]:
    with tenant.entered("demo"):
        made = opened(database_url, tmp_path)
        yield made
        made.engine.close()
        made.room.close()
