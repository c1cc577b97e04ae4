"""Goal: gateways, events, sub-processes and called drawings take the ways that BPMN says.

Method: small drawings on the real centres, an engine that is turned by hand, a clock that is set.
"""

import pytest

from tests.platforms.capability.drawings.conftest import Studio
from tests.platforms.capability.drawings.pens import (
    arrows,
    call,
    choice,
    drawn,
    event,
    person,
    process,
    start_and,
    timer,
)
from yunjin.chassis.flow import FlowEnded, NoSuchFlow, State
from yunjin.kernel.errors import Malformed

pytestmark = pytest.mark.parametrize("database_url", [""])

PAID = '<bpmn:message id="m" name="paid"/>'
HEARD = '<bpmn:messageEventDefinition messageRef="m"/>'
PAIR = "bpmn:parallelGateway"


def titles(studio: Studio) -> list[str]:
    return [one.title for one in studio.waiting()]


def test_branches_go_on_side_by_side_and_are_waited_for(studio: Studio) -> None:
    nodes = start_and(
        f'<{PAIR} id="split"/>', person("a"), person("a2"), person("b"), f'<{PAIR} id="join"/>'
    )
    ways = arrows("start>split", "split>a", "split>b", "a>a2", "a2>join", "b>join", "join>end")
    studio.bring(process(nodes + ways))
    flow_id = studio.start("sample", {})
    a, b = studio.waiting()
    assert [a.title, b.title] == ["a", "b"]
    studio.complete(a)
    assert titles(studio) == ["a2", "b"]  # b holds nobody up
    studio.complete(studio.waiting()[0])
    assert studio.state(flow_id).state is State.WAITING
    studio.complete(b)
    assert studio.ended(flow_id)["end"] == "end"


def test_whatever_comes_first_decides(studio: Studio) -> None:
    nodes = start_and(
        '<bpmn:eventBasedGateway id="first"/>',
        event("intermediateCatchEvent", "heard", "", HEARD),
        event("intermediateCatchEvent", "late", "", timer("PT1H")),
        '<bpmn:endEvent id="too_late"/>',
    )
    ways = arrows("start>first", "first>heard", "first>late", "heard>end", "late>too_late")
    studio.bring(process(nodes + ways, PAID))
    one, other = studio.start("sample", {}), studio.start("sample", {})
    studio.drawings.tell(studio.id(), one, "paid", {})
    studio.pass_time(3_601)
    assert studio.ended(one)["end"] == "end"
    assert studio.ended(other)["end"] == "too_late"


def test_a_message_brings_values_and_is_heard_once(studio: Studio) -> None:
    task = (
        '<bpmn:receiveTask id="task" messageRef="m"><bpmn:extensionElements><yunjin:output '
        'name="amount" value="=answer.amount_minor"/></bpmn:extensionElements></bpmn:receiveTask>'
    )
    studio.bring(drawn(task, top=PAID))
    flow_id, again = studio.start("sample", {}), studio.id()
    for _ in range(2):
        studio.drawings.tell(again, flow_id, "paid", {"amount_minor": 12})
    studio.engine.drain()
    assert studio.ended(flow_id)["variables"] == {"amount": 12}
    with pytest.raises(FlowEnded):
        studio.drawings.tell(studio.id(), flow_id, "paid", {})
    with pytest.raises(NoSuchFlow):
        studio.drawings.tell(studio.id(), studio.id(), "paid", {})


def test_no_message_passes_for_a_person_s_answer(studio: Studio) -> None:
    studio.bring(drawn(person("task")))
    flow_id = studio.start("sample", {})
    [task] = studio.waiting()
    studio.drawings.tell(studio.id(), flow_id, f"task:{task.task_id}", {"state": "completed"})
    studio.engine.drain()
    assert studio.state(flow_id).state is State.WAITING


def test_a_reminder_is_sent_while_the_task_stays(studio: Studio) -> None:
    nodes = start_and(
        person("task"),
        event("boundaryEvent", "slow", 'attachedToRef="task" cancelActivity="false"', timer("P1D")),
        person("remind"),
        '<bpmn:endEvent id="reminded"/>',
    )
    ways = arrows("start>task", "task>end", "slow>remind", "remind>reminded")
    studio.bring(process(nodes + ways))
    flow_id = studio.start("sample", {})
    studio.pass_time(86_401)
    assert titles(studio) == ["remind", "task"]
    remind, task = studio.waiting()
    studio.complete(task)
    studio.complete(remind)
    assert studio.ended(flow_id)["end"] == "reminded"


GROUP = (
    '<bpmn:subProcess id="group"><bpmn:startEvent id="s"/>{}<bpmn:endEvent id="e"/>{}'
    "</bpmn:subProcess>"
)


def test_a_deadline_ends_a_whole_sub_process(studio: Studio) -> None:
    inner = GROUP.format(
        person("one") + person("two"), arrows("s>one", "one>two", "two>e", within="i")
    )
    nodes = start_and(
        inner,
        event("boundaryEvent", "over", 'attachedToRef="group"', timer("P1D")),
        '<bpmn:endEvent id="late"/>',
    )
    studio.bring(process(nodes + arrows("start>group", "group>end", "over>late")))
    flow_id = studio.start("sample", {})
    studio.complete(studio.waiting()[0])
    assert titles(studio) == ["two"]
    studio.pass_time(86_401)
    assert studio.ended(flow_id)["end"] == "late"
    assert titles(studio) == []


def test_an_error_inside_a_sub_process_is_caught_around_it(studio: Studio) -> None:
    top = '<bpmn:error id="e1" errorCode="capability/limit-not-found"/>'
    asked = call("limit.limit", "limit_id:=limit_id")
    inner = GROUP.format(asked, arrows("s>task", "task>e", within="i"))
    nodes = start_and(
        inner,
        event("boundaryEvent", "any", 'attachedToRef="group"', "<bpmn:errorEventDefinition/>"),
        event(
            "boundaryEvent",
            "this",
            'attachedToRef="group"',
            '<bpmn:errorEventDefinition errorRef="e1"/>',
        ),
        '<bpmn:endEvent id="caught"/>',
        '<bpmn:endEvent id="caught_any"/>',
    )
    ways = arrows("start>group", "group>end", "any>caught_any", "this>caught")
    studio.bring(process(nodes + ways, top))
    flow_id = studio.start("sample", {"limit_id": str(studio.id())})
    assert studio.ended(flow_id)["end"] == "caught"  # the code counts before "any"


def test_a_task_is_undone_as_it_is_drawn(studio: Studio) -> None:
    """A change of a limit's ceiling has no undoing of its own: the drawing says it."""
    undo = call("limit.change", "limit_id:=limit_id", "ceiling_minor:=before", "note:undone")
    undo = undo.replace('id="task"', 'id="undo" isForCompensation="true"')
    nodes = start_and(
        call("limit.change", "limit_id:=limit_id", "ceiling_minor:=after"),
        event("boundaryEvent", "back", 'attachedToRef="task"', "<bpmn:compensateEventDefinition/>"),
        undo,
        person("look", "fine:yes_no"),
        '<bpmn:exclusiveGateway id="gate" default="gate1"/>',
        '<bpmn:endEvent id="taken_back"><bpmn:compensateEventDefinition/></bpmn:endEvent>',
        '<bpmn:association id="as" associationDirection="One" sourceRef="back" targetRef="undo"/>',
    )
    ways = arrows("start>task", "task>look", "look>gate") + choice("gate", "end:fine", "taken_back")
    drawing = studio.bring(process(nodes + ways))
    assert drawing.inputs == ("after", "before", "limit_id")
    limit = studio.limit(1_000)
    inputs = {"limit_id": str(limit.limit_id), "before": 1_000, "after": 5_000}
    flow_id = studio.start("sample", inputs)
    assert studio.limits.limit(limit.limit_id).ceiling_minor == 5_000
    studio.complete(studio.waiting()[0], fine="no")
    assert studio.state(flow_id).outcome["error"] == "compensated"
    assert studio.limits.limit(limit.limit_id).ceiling_minor == 1_000


def test_a_drawing_calls_another_and_takes_what_it_found(studio: Studio) -> None:
    studio.bring(drawn(person("task", "score:text")).replace('id="sample"', 'id="scoring"'))
    caller = (
        '<bpmn:callActivity id="task" calledElement="scoring"><bpmn:extensionElements>'
        '<yunjin:output name="score" value="=answer.score"/></bpmn:extensionElements>'
        "</bpmn:callActivity>"
    )
    studio.bring(drawn(caller))
    flow_id = studio.start("sample", {})
    studio.complete(studio.waiting()[0], score="A")
    assert studio.ended(flow_id)["variables"] == {"score": "A"}


def test_a_script_computes_and_an_arrow_leads_back(studio: Studio) -> None:
    count = (
        '<bpmn:scriptTask id="count" camunda:resultVariable="tries">'
        "<bpmn:script>tries + 1</bpmn:script></bpmn:scriptTask>"
    )
    nodes = start_and(count, person("task", "ok:yes_no"), '<bpmn:exclusiveGateway id="gate"/>')
    ways = arrows("start>count", "count>task", "task>gate")
    ways += choice("gate", "end:ok or tries &gt;= 3", "count:not (ok or tries &gt;= 3)")
    assert studio.bring(process(nodes + ways)).inputs == ("tries",)
    flow_id = studio.start("sample", {"tries": 0})
    for _ in range(3):
        studio.complete(studio.waiting()[0], ok="no")
    assert studio.ended(flow_id)["variables"] == {"tries": 3, "ok": False}


def test_a_circle_that_waits_for_nobody_is_left_to_a_person(studio: Studio) -> None:
    nodes = start_and('<bpmn:exclusiveGateway id="gate"/>', '<bpmn:exclusiveGateway id="back"/>')
    ways = arrows("start>gate", "back>gate") + choice("gate", "end:n &gt; 5", "back:n &lt;= 5")
    studio.bring(process(nodes + ways))
    found = studio.state(studio.start("sample", {"n": 1}))
    assert (found.state, found.outcome["kind"]) == (State.PARKED, "DrawingStuck")


def test_a_condition_without_an_answer_is_left_to_a_person(studio: Studio) -> None:
    nodes = start_and(
        '<bpmn:exclusiveGateway id="gate" default="gate1"/>', '<bpmn:endEvent id="x"/>'
    )
    studio.bring(process(nodes + arrows("start>gate") + choice("gate", "end:n &gt; 5", "x")))
    found = studio.state(studio.start("sample", {"n": None}))
    assert found.state is State.PARKED
    assert "gate" in found.outcome["reason"]
    assert "null" in found.outcome["reason"]


def test_an_inclusive_gateway_waits_for_the_ways_that_were_taken(studio: Studio) -> None:
    nodes = start_and(
        '<bpmn:inclusiveGateway id="some" default="some2"/>',
        person("a"),
        person("b"),
        person("c"),
        '<bpmn:inclusiveGateway id="joined"/>',
    )
    ways = arrows("start>some", "a>joined", "b>joined", "c>joined", "joined>end")
    ways += choice("some", "a:n &gt; 1", "b:n &gt; 2", "c")
    studio.bring(process(nodes + ways))
    both, one, none = (studio.start("sample", {"n": n}) for n in (3, 2, 1))
    assert titles(studio) == ["a", "a", "b", "c"]
    for task in studio.waiting():
        assert studio.state(both).state is State.WAITING or task.title == "c"
        studio.complete(task)
    assert {studio.ended(each)["end"] for each in (both, one, none)} == {"end"}


def test_an_end_that_terminates_ends_every_branch(studio: Studio) -> None:
    nodes = start_and(
        f'<{PAIR} id="split"/>',
        person("a"),
        person("b"),
        '<bpmn:endEvent id="stop"><bpmn:terminateEventDefinition/></bpmn:endEvent>',
    )
    ways = arrows("start>split", "split>a", "split>b", "a>end", "b>stop")
    studio.bring(process(nodes + ways))
    flow_id = studio.start("sample", {})
    studio.complete(studio.waiting()[1])
    assert studio.ended(flow_id)["end"] == "stop"
    assert titles(studio) == []


def test_a_task_that_is_withdrawn_is_an_error_of_its_own(studio: Studio) -> None:
    top = '<bpmn:error id="e1" errorCode="flow/task-withdrawn"/>'
    nodes = start_and(
        person("task"),
        event(
            "boundaryEvent",
            "gone",
            'attachedToRef="task"',
            '<bpmn:errorEventDefinition errorRef="e1"/>',
        ),
        '<bpmn:endEvent id="nobody"/>',
    )
    studio.bring(process(nodes + arrows("start>task", "task>end", "gone>nobody"), top))
    flow_id = studio.start("sample", {})
    studio.tasks.withdraw(studio.id(), studio.waiting()[0].task_id, "不需要了", by="安娜")
    studio.engine.drain()
    assert studio.ended(flow_id)["end"] == "nobody"


def test_camunda_8_is_understood_as_well(studio: Studio) -> None:
    task = (
        '<bpmn:serviceTask id="task"><bpmn:extensionElements>'
        '<zeebe:taskDefinition type="limit.open"/><zeebe:ioMapping>'
        '<zeebe:input source="Festival" target="limit.name"/>'
        '<zeebe:input source="credit" target="limit.kind"/>'
        '<zeebe:input source="CNY" target="limit.currency"/>'
        '<zeebe:input source="=amount * 2" target="limit.ceiling_minor"/>'
        '<zeebe:output source="=answer.limit_id" target="limit_id"/>'
        "</zeebe:ioMapping></bpmn:extensionElements></bpmn:serviceTask>"
    )
    studio.bring(drawn(task))
    said = studio.ended(studio.start("sample", {"amount": 500}))
    [limit] = studio.limits.limits().items
    assert (str(limit.limit_id), limit.ceiling_minor) == (said["variables"]["limit_id"], 1_000)


def test_a_wrong_value_is_a_refusal_that_names_the_input(studio: Studio) -> None:
    studio.bring(drawn())
    found = studio.state(studio.start("sample", {"limit_id": "no id"}))
    assert (found.state, found.outcome["code"]) == (State.FAILED, "kernel/malformed")
    assert "limit_id" in found.outcome["detail"]
    with pytest.raises(Malformed):
        studio.drawings.start(studio.id(), "sample", {"limit_id": ["x"]})  # type: ignore[dict-item]


def test_variables_do_not_grow_without_an_end(studio: Studio) -> None:
    double = (
        '<bpmn:scriptTask id="task" camunda:resultVariable="text">'
        "<bpmn:script>text + text</bpmn:script></bpmn:scriptTask>"
    )
    again = double.replace('id="task"', 'id="again"').replace('"text"', '"more"')
    nodes = start_and(
        double, *(again.replace("again", f"a{n}").replace("more", f"v{n}") for n in range(6))
    )
    ways = arrows("start>task", "task>a0", *(f"a{n}>a{n + 1}" for n in range(5)), "a5>end")
    studio.bring(process(nodes + ways))
    found = studio.state(studio.start("sample", {"text": "x" * 9_999}))
    assert (found.state, found.outcome["code"]) == (State.FAILED, "kernel/malformed")
