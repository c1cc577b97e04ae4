"""Goal: a flow in code is drawn as it runs, and what was drawn can be brought in and does the same.

Method: golden files; the standard's own schema; a round trip over the real centres.
"""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lxml import etree

from tests.platforms.capability.drawings.conftest import GOLDEN, Studio
from yunjin.chassis.flow import Flow, Registry, ask_person, call, child, flow, signal
from yunjin.chassis.flow import sleep as rest
from yunjin.chassis.flow.drawing import bpmn, chart_of, svg
from yunjin.chassis.flow.registry import Definition
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel.errors import Refusal
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.api.limits import LimitsApi, NewLimit
from yunjin.platforms.capability.api.tasks import FieldKind, FormField, NewTask, TasksApi
from yunjin.platforms.capability.errors import LimitExceeded

once = pytest.mark.parametrize("database_url", [""])
FINE = FormField(name="fine", kind=FieldKind.YES_NO, zh="同意", en="Fine")
NEW = NewLimit(name="限额", kind="credit", currency="CNY", ceiling_minor=1_000)
ASKED = NewTask(queue="lending", title="Look at it", form=(FINE,))


def shown_limit(limits: LimitsApi, tasks: TasksApi, give_back: Any = None) -> Definition:
    """Return a flow that says in code what a drawing could say."""

    @flow("shop.reserving", version=1)
    def reserving(limit_id: str, amount: int) -> Flow:
        hold = yield call(limits.reserve, limit_id, amount, "code", undo=give_back)
        if amount > 500:
            said = yield from ask_person(tasks, ASKED)
            if not said["values"]["fine"]:
                raise LimitExceeded("Nobody wants it.")
        yield rest(seconds=3_600)
        yield call(limits.confirm, hold["hold_id"])

    return reserving


def parcels(limits: LimitsApi) -> Definition:
    """Return a flow with every kind of way."""

    @flow("shop.parcels", version=1)
    def sent(order: int, channels: list[str]) -> Flow:
        try:
            yield call(limits.limit, order)
            yield child("shop.reserving", order, 1)
        except LimitExceeded:
            yield call(limits.close, order, name="give_up")
            return "given up"
        except Refusal:
            raise
        for channel in channels:
            if channel == "post":
                continue
            if (yield signal("paid", timeout_s=86_400)) is None:
                break
        while True:
            yield rest(seconds=5)
            if (yield call(limits.limit, order)):
                return "sent"

    return sent


def golden(name: str, text: str) -> str:
    """Return a golden file, which is written where it is not there yet."""
    path = GOLDEN / name
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{name} was written: look at it, and run again")
    return path.read_text(encoding="utf-8")


def test_a_flow_is_drawn_as_its_code_says() -> None:
    limits, tasks = object(), object()

    def operation_of(owner: object, method: str) -> tuple[str, list[str]] | None:
        parameters = {"reserve": ["limit_id", "amount_minor", "subject"], "confirm": ["hold_id"]}
        return (f"limit.{method}", parameters[method]) if method in parameters else None

    class Limits:
        reserve = confirm = limit = close = staticmethod(lambda *_: limits)

    made = shown_limit(Limits(), tasks)  # type: ignore[arg-type]
    sent = parcels(Limits())  # type: ignore[arg-type]
    for name, text in (
        ("drawn_reserving.bpmn", bpmn(chart_of(made, operation_of))),
        ("drawn_parcels.bpmn", bpmn(chart_of(sent))),
        ("drawn_parcels.svg", str(svg(chart_of(sent)))),
    ):
        assert text == golden(name, text), name


def schema() -> etree.XMLSchema:
    """Return the standard's schema, as the engine's library brings it along."""
    spiff = pytest.importorskip("SpiffWorkflow.bpmn.parser.BpmnParser")
    return etree.XMLSchema(etree.parse(spiff.XSD_PATH))


@pytest.mark.parametrize("name", ["drawn_reserving", "drawn_parcels"])
def test_what_is_drawn_is_bpmn_by_the_standard_s_schema(name: str) -> None:
    found, file = schema(), etree.parse(str(GOLDEN / f"{name}.bpmn"))
    assert found.validate(file), found.error_log
    ids = [str(one.get("id")) for one in file.iter() if one.get("id")]
    assert len(set(ids)) == len(ids)
    shown = {one.get("bpmnElement") for one in file.iter() if one.get("bpmnElement")}
    process = next(one for one in file.iter() if str(one.tag).endswith("}process"))
    nodes = {one.get("id") for one in process if not one.tag.endswith("documentation")}
    assert nodes <= shown, "expected a place for every element"


@once
def test_every_flow_of_the_room_can_be_drawn(studio: Studio, tmp_path: Path) -> None:
    """Whatever way a room's flows are written: what comes of them is BPMN, and a picture."""
    found = schema()
    made = wiring.parts(
        wiring.Settings(),
        tenant="demo",
        clock=studio.clock,
        database=studio.room.doors[DatabaseApi],
        today=studio.made.ground.today,
    )
    definitions = made.flows.registry.definitions()
    assert definitions
    for one in definitions:
        text = bpmn(chart_of(one))
        file = etree.fromstring(text.encode())
        assert found.validate(file), (one.name, found.error_log)
        assert len(chart_of(one).shapes) > 2, one.name
        assert svg(chart_of(one)).startswith("<svg")


@once
@pytest.mark.parametrize("amount", [400, 600, 5_000])
@pytest.mark.parametrize("fine", ["yes", "no"])
def test_what_was_drawn_from_code_is_brought_in_and_does_the_same(
    studio: Studio, amount: int, fine: str
) -> None:
    centre = studio.limits
    plain = Plainly(centre)
    studio.made.doors[LimitsApi] = plain

    def give_back(command_id: UUID, answer: Any, *_: Any) -> None:
        plain.cancel(command_id, answer["hold_id"])

    made = shown_limit(plain, studio.tasks, give_back)  # type: ignore[arg-type]
    studio.flows.registry = Registry(
        *studio.made.definitions, made, elsewhere=studio.made.elsewhere
    )
    studio.bring(studio.drawings.drawn("shop.reserving"))
    ends = []
    for how in ("code", "drawing"):
        limit = centre.open(studio.id(), NEW)
        flow_id, limit_id = studio.id(), str(limit.limit_id)
        if how == "code":
            studio.flows.start(flow_id, made, limit_id, amount)
        else:
            inputs = {"limit_id": limit_id, "amount": amount}
            studio.drawings.start(flow_id, "shop.reserving", inputs)
        studio.engine.drain()
        asked = [(one.queue, one.title, one.form) for one in studio.waiting()]
        for task in studio.waiting():
            studio.complete(task, fine=fine)
        studio.pass_time(3_601)
        now, found = centre.limit(limit.limit_id), studio.state(flow_id)
        ends.append((now.held_minor, now.used_minor, found.state, asked))
    assert ends[0] == ends[1]


class Plainly:
    """The limit centre as a flow in code asks it: JSON values in and out."""

    def __init__(self, limits: LimitsApi) -> None:
        self._limits = limits

    def reserve(self, command_id: UUID, limit_id: Any, amount_minor: int, subject: str = "") -> Any:
        made = self._limits.reserve(command_id, UUID(str(limit_id)), amount_minor, subject)
        return {"hold_id": str(made.hold_id)}

    def confirm(self, command_id: UUID, hold_id: Any) -> Any:
        return {"used": self._limits.confirm(command_id, UUID(str(hold_id))).used_minor}

    def cancel(self, command_id: UUID, hold_id: Any) -> None:
        self._limits.cancel(command_id, UUID(str(hold_id)))
