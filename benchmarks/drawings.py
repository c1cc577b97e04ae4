"""`bench drawings`: flows of a BPMN drawing a CPU-second, beside the same flow in code.

The drawing has a gateway, two calls, an error event and two ends; the calls themselves cost
nothing, so that what is measured is moving tokens and journalling.

- `instances_per_cpu_s`: flows of the drawing from start to end, durable, on SQLite, group commit.
- `code_instances_per_cpu_s`: the same calls from a function.
- `moved_per_cpu_s`: the tokens alone, in memory.
"""

import datetime as dt
import os
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from benchmarks.measuring import measured
from benchmarks.running import run, say
from yunjin.chassis.flow import Engine, Flow, FlowLimits, Flows, Registry, Start, call, flow
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.adapters.spiff import Plan
from yunjin.platforms.capability.api.drawings import DrawingsApi
from yunjin.platforms.capability.domain.bpmn.reading import read

CLOCK = SystemClock()
STARTS = 500  # of a transaction
_MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def _task(node_id: str, operation: str, *pairs: tuple[str, str]) -> str:
    inputs = "".join(f'<y:input name="{name}" value="{value}"/>' for name, value in pairs)
    return (
        f'<serviceTask id="{node_id}"><extensionElements><y:call operation="{operation}">{inputs}'
        '<y:output name="hold" value="=answer.hold_id"/></y:call></extensionElements></serviceTask>'
    )


def _way(way: str, condition: str = "") -> str:
    source, target = way.split(">")
    said = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<sequenceFlow id="{source}-{target}" {ends}>{said}</sequenceFlow>'


DRAWING = (
    f'<definitions xmlns="{_MODEL}" xmlns:y="https://yunjin.example/bpmn/1" targetNamespace="b">'
    '<error id="e" errorCode="capability/limit-exceeded"/><process id="loan" isExecutable="true">'
    '<startEvent id="s"/><exclusiveGateway id="g" default="g-no"/><endEvent id="no"/>'
    '<endEvent id="end"/><boundaryEvent id="x" attachedToRef="reserve"><errorEventDefinition '
    'errorRef="e"/></boundaryEvent>'
    + _task("reserve", "limit.reserve", ("limit_id", "=limit"), ("amount_minor", "=amount"))
    + _task("confirm", "limit.confirm", ("hold_id", "=hold"))
    + "".join(map(_way, ("s>g", "g>no", "x>no", "reserve>confirm", "confirm>end")))
    + _way("g>reserve", "amount &gt; 0")
    + "</process></definitions>"
)


class Free:
    """Operations that cost nothing."""

    def can_undo(self, name: str) -> bool:
        return name == "limit.reserve"

    def act(self, command_id: UUID, name: str, inputs: Any) -> Any:
        return {"hold_id": "h"}

    def undo(self, command_id: UUID, answer: Any, name: str, inputs: Any) -> Any:
        return None


FREE = Free()


@flow("bench.loan", version=1)
def loan(inputs: dict[str, Any]) -> Flow:
    """Do what the drawing says."""
    if inputs["amount"] <= 0:
        return "no"
    held = yield call(FREE.act, "limit.reserve", inputs, undo=FREE.undo)
    yield call(FREE.act, "limit.confirm", {"hold_id": held["hold_id"]})
    return "end"


def _ran(flows: Flows, name: str, count: int) -> float:
    """Start flows and let them come to their end; return how many a CPU-second."""
    inputs = {"limit": "l", "amount": 5}
    with closing(Engine(flows, holder="bench")) as engine, measured(here=os.getpid()) as took:
        for first in range(0, count, STARTS):
            ids = [uuid7(CLOCK) for _ in range(min(STARTS, count - first))]
            flows.start_all([Start(flow_id=one, flow=name, args=(inputs,)) for one in ids])
        engine.drain()
    if flows.state(ids[-1]).outcome is None:
        raise RuntimeError("expected the flows to have ended")
    return count / took.cpu_s["here"]


def _moved(count: int) -> float:
    """Move tokens alone; return the runs a CPU-second."""
    plan = Plan(read(DRAWING))
    with measured(here=os.getpid()) as took:
        for _ in range(count):
            flow = plan.begin({"limit": "l", "amount": 5})
            while wants := flow.wants():
                flow.finish(wants[0], {"answer": {"hold_id": "h"}})
    return count / took.cpu_s["here"]


def drawings(quick: bool) -> dict[str, Any]:
    """Run flows of the drawing, the same in code, and the tokens alone."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    count = 200 if quick else 10_000
    with tempfile.TemporaryDirectory() as folder, tenant.entered("bench"):
        tables = database.build(database.Settings(), tenant="bench", clock=CLOCK, home=Path(folder))
        made = wiring.parts(
            wiring.Settings(flows=FlowLimits(callers=0)),
            tenant="bench",
            clock=CLOCK,
            database=tables.doors[DatabaseApi],
            today=lambda: dt.date(2026, 1, 5),
        )
        made.doors[DrawingsApi].bring(uuid7(CLOCK), DRAWING, by="bench")
        made.elsewhere.ground.calling = FREE
        flows = made.flows
        flows.registry = Registry(loan, elsewhere=made.elsewhere)
        say(f"{count:,} flows of the drawing")
        drawn = _ran(flows, "drawing.loan", count)
        say(f"{count:,} of the same in code")
        coded = _ran(flows, loan.name, count)
        if tables.close is not None:
            tables.close()
    say("tokens alone")
    moved = _moved(200 if quick else 5_000)
    return {
        "instances_per_cpu_s": drawn,
        "code_instances_per_cpu_s": coded,
        "moved_per_cpu_s": moved,
        "calls_a_flow": 2,
    }


if __name__ == "__main__":
    run("drawings", drawings)
