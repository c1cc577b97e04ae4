"""Goal: whatever a drawing is turned into, it is refused in words or it runs; nothing else.

Method: Hypothesis drops, doubles and rewires elements of a good drawing; what passes the checks is
handed to the engine and walked with arbitrary answers.
"""

import copy
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.platforms.capability.drawings.conftest import GOLDEN
from yunjin.platforms.capability.adapters.spiff import Plan, Run
from yunjin.platforms.capability.api.limits import LIMITS
from yunjin.platforms.capability.api.tasks import TASKS
from yunjin.platforms.capability.domain.bpmn.checks import check
from yunjin.platforms.capability.domain.bpmn.model import Kind
from yunjin.platforms.capability.domain.bpmn.operations import Operations
from yunjin.platforms.capability.domain.bpmn.picture import chart
from yunjin.platforms.capability.domain.bpmn.reading import read
from yunjin.platforms.capability.errors.drawings import DrawingStuck

LOAN = etree.fromstring((GOLDEN / "cash_loan.bpmn").read_bytes())
OPERATIONS = Operations([LIMITS, TASKS])
DEEDS = ("drop", "double", "rewire", "retype", "unmark", "move")
MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
TYPES = ("parallelGateway", "inclusiveGateway", "exclusiveGateway", "userTask", "endEvent")


def changed(root: Any, deed: str, one: int, other: int) -> None:
    """Change one element of the process, by numbers that are taken as they come."""
    process = root.find(f"{MODEL}process")
    found = [e for e in process.iter() if e is not process and e.getparent() is not None]
    if not found:
        return
    first, second = found[one % len(found)], found[other % len(found)]
    if deed == "drop":
        first.getparent().remove(first)
    elif deed == "double":
        first.getparent().append(copy.deepcopy(first))
    elif deed == "rewire":
        flows = list(process.iter(f"{MODEL}sequenceFlow"))
        nodes = [e for e in process if e.get("id") and not e.tag.endswith("sequenceFlow")]
        if flows and nodes:
            end = "sourceRef" if one % 2 else "targetRef"
            flows[one % len(flows)].set(end, nodes[other % len(nodes)].get("id"))
    elif deed == "retype" and first.getparent() is process:
        first.tag = f"{MODEL}{TYPES[other % len(TYPES)]}"
    elif deed == "unmark" and first.attrib:
        del first.attrib[sorted(first.attrib)[other % len(first.attrib)]]
    elif deed == "move" and second not in first.iter() and first not in second.iterancestors():
        second.append(first)


def walked(run: Run, choices: list[int]) -> None:
    """Let a flow go on with arbitrary answers, refusals among them."""
    for choice in choices:
        wants = run.wants()
        if run.is_ended or not wants:
            return
        want = wants[choice % len(wants)]
        if want.node.kind is Kind.END or (choice % 3 == 0 and want.node.kind is Kind.CALL):
            if not run.refuse(want, "capability/limit-exceeded", "no"):
                return
        else:
            values = {one.name: bool(choice % 2) for one in want.node.form}
            answer = {"hold_id": "h", "used_minor": 1}
            run.finish(want, {**values, "answer": answer, "by": "an"})


@given(
    deeds=st.lists(
        st.tuples(st.sampled_from(DEEDS), st.integers(0, 200), st.integers(0, 200)), max_size=4
    ),
    choices=st.lists(st.integers(0, 50), max_size=12),
    amount_minor=st.sampled_from([1, 600, None]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_drawing_that_was_tampered_with_is_refused_or_runs(
    deeds: list[tuple[str, int, int]], choices: list[int], amount_minor: int | None
) -> None:
    root = copy.deepcopy(LOAN)
    for deed in deeds:
        changed(root, *deed)
    model = read(etree.tostring(root, encoding="unicode"))
    check(model, OPERATIONS, lambda _: False)
    chart(model)
    event("refused" if model.findings else "runs")
    if model.findings:
        assert all(one.reason for one in model.findings)
        return
    run = Plan(model).begin(dict.fromkeys(model.inputs, amount_minor))
    place = ""
    try:
        walked(run, choices)
    except DrawingStuck as stuck:
        event("stuck")
        place = stuck.facts["element"]
    assert place in ("", *model.nodes)
