"""Goal: what cannot be run is refused when it is brought in, by element and reason; so is malice.

Method: small drawings with one thing wrong each, and the files that an attacker would send.
"""

import pytest

from tests.platforms.capability.drawings.conftest import Studio
from tests.platforms.capability.drawings.pens import HEAD, arrows, call, drawn, process
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.drawings import BYTES_MAX
from yunjin.platforms.capability.api.limits import LIMITS
from yunjin.platforms.capability.api.tasks import TASKS
from yunjin.platforms.capability.domain.bpmn.checks import check
from yunjin.platforms.capability.domain.bpmn.model import Model
from yunjin.platforms.capability.domain.bpmn.operations import Operations
from yunjin.platforms.capability.domain.bpmn.reading import read
from yunjin.platforms.capability.errors.drawings import DrawingRefused

once = pytest.mark.parametrize("database_url", [""])  # nothing here depends on the engine


def read_and_checked(text: str) -> Model:
    model = read(text)
    check(model, Operations([LIMITS, TASKS]), lambda _: False)
    return model


def found(text: str) -> list[tuple[str, str]]:
    return [(one.element, one.reason) for one in read_and_checked(text).findings]


@once
def test_a_good_drawing_is_found_good(studio: Studio) -> None:
    said = studio.drawings.check(drawn())
    assert (said.findings, said.operations, said.inputs) == ((), ("limit.limit",), ("limit_id",))
    assert found(drawn()) == []


EDGE = '<bpmn:boundaryEvent id="edge" attachedToRef="task">{}</bpmn:boundaryEvent>'
GATE = (
    '<bpmn:startEvent id="start"/><bpmn:exclusiveGateway id="gate"/><bpmn:endEvent id="end"/>'
    '<bpmn:endEvent id="other"/>' + arrows("start>gate")
)
WRONG = {
    "unknown operation": (drawn(call("limit.delete")), "task", "there is no operation"),
    "no operation": (drawn('<bpmn:serviceTask id="task"/>'), "task", "it names none"),
    "missing input": (
        drawn(call("limit.reserve", "limit_id:=a")),
        "task",
        "limit.reserve needs amount_minor",
    ),
    "unknown input": (
        drawn(call("limit.limit", "limit_id:=a", "colour:red")),
        "task",
        "takes no 'colour'",
    ),
    "nothing known to undo it": (
        drawn(call("limit.change", "limit_id:=a")),
        "task",
        "draw a task for compensation",
    ),
    "a value of another kind": (
        drawn(call("limit.reserve", "limit_id:=a", "amount_minor:a lot")),
        "task",
        "the input amount_minor of limit.reserve",
    ),
    "a plain task": (drawn('<bpmn:task id="task"/>'), "task", "does not say what it does"),
    "a Java class": (
        drawn('<bpmn:serviceTask id="task" camunda:class="org.evil.Run"/>'),
        "task",
        "a Java class is not run",
    ),
    "a listener": (
        drawn(
            '<bpmn:userTask id="task"><bpmn:extensionElements><camunda:taskListener '
            'event="create"/></bpmn:extensionElements></bpmn:userTask>'
        ),
        "task",
        "a listener is not run",
    ),
    "a loop": (
        drawn(
            '<bpmn:userTask id="task"><bpmn:standardLoopCharacteristics/></bpmn:userTask>',
        ),
        "task",
        "loops of a task are not run",
    ),
    "several of one": (
        drawn('<bpmn:userTask id="task"><bpmn:multiInstanceLoopCharacteristics/></bpmn:userTask>'),
        "task",
        "several of one task are not run",
    ),
    "an element of tomorrow": (
        drawn(more='<bpmn:quantumTask id="q"/>'),
        "q",
        "quantumTask is not understood",
    ),
    "a signal": (
        drawn(
            more=EDGE.format("<bpmn:signalEventDefinition/>"), ways=arrows("edge>end", within="e")
        ),
        "edge",
        "signals are not run",
    ),
    "a timer on a call": (
        drawn(
            more=EDGE.format(
                "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
                "</bpmn:timerEventDefinition>"
            ),
            ways=arrows("edge>end", within="e"),
        ),
        "edge",
        "timer events do not hang on serviceTasks",
    ),
    "a way that leads nowhere": (
        process(
            '<bpmn:startEvent id="start"/><bpmn:userTask id="task"/><bpmn:endEvent id="end"/>'
            '<bpmn:userTask id="trap"/><bpmn:parallelGateway id="split"/>'
            + arrows("start>split", "split>task", "split>trap", "task>end")
        ),
        "trap",
        "no way leads from it to an end",
    ),
    "a circle without an end": (
        process(
            '<bpmn:startEvent id="start"/><bpmn:userTask id="task"/><bpmn:endEvent id="end"/>'
            + arrows("start>task", "task>task")
        ),
        "task",
        "no way leads from it to an end",
    ),
    "nothing leads to it": (
        drawn(more='<bpmn:userTask id="island"/>', ways=arrows("island>end", within="i")),
        "island",
        "nothing leads to it",
    ),
    "no end": (
        process('<bpmn:startEvent id="start"/><bpmn:userTask id="task"/>' + arrows("start>task")),
        "sample",
        "expected one start event, and at least one end event",
    ),
    "an arrow to nowhere": (drawn(ways=arrows("task>ghost", within="g")), "gw0", "'ghost'"),
    "two ways from a task": (
        drawn(more='<bpmn:endEvent id="two"/>', ways=arrows("task>two", within="t")),
        "task",
        "put a gateway behind it",
    ),
    "no condition": (
        process(GATE + arrows("gate>end", "gate>other", within="g")),
        "gw0",
        "expected a condition",
    ),
    "an unreadable form": (
        drawn(
            '<bpmn:userTask id="task"><bpmn:extensionElements><camunda:formData><camunda:formField '
            'id="x" type="file"/></camunda:formData></bpmn:extensionElements></bpmn:userTask>'
        ),
        "task",
        "expected one of string",
    ),
    "an amount without its currency": (
        drawn(
            '<bpmn:userTask id="task"><bpmn:extensionElements><camunda:formData><camunda:formField '
            'id="x" type="long"/></camunda:formData></bpmn:extensionElements></bpmn:userTask>'
        ),
        "task",
        "its form: ",
    ),
    "an unknown flow": (
        drawn('<bpmn:callActivity id="task" calledElement="nobody"/>'),
        "task",
        "there is no drawing and no flow called 'nobody'",
    ),
    "two processes": (
        f'{HEAD}<bpmn:process id="a"/><bpmn:process id="b"/></bpmn:definitions>',
        "",
        "expected one process that is executable, was 2",
    ),
    "an import": (drawn(top='<bpmn:import location="http://evil/x"/>'), "", "not followed"),
    "a month": (
        process(
            '<bpmn:startEvent id="start"/><bpmn:intermediateCatchEvent id="task">'
            "<bpmn:timerEventDefinition><bpmn:timeDuration>P1M</bpmn:timeDuration>"
            '</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent><bpmn:endEvent id="end"/>'
            + arrows("start>task", "task>end")
        ),
        "task",
        "a duration such as P2DT12H",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_run_is_told_by_element_and_reason(name: str) -> None:
    text, element, reason = WRONG[name]
    told = found(text)
    assert [e for e, r in told if e == element and reason in r], told


@once
def test_what_is_wrong_is_told_to_whoever_brings_it(studio: Studio) -> None:
    text, element, reason = WRONG["unknown operation"]
    with pytest.raises(DrawingRefused, match=r"task: .*limit\.delete") as caught:
        studio.bring(text)
    [told] = caught.value.facts["findings"]
    assert (told["element"], reason in told["reason"]) == (element, True)
    assert studio.drawings.drawings().items == ()


SCRIPTS = [
    "__import__('os').system('id')",
    "open('/etc/passwd').read()",
    "().__class__.__bases__[0].__subclasses__()",
    "x.__class__",
    "[y for y in (1, 2)]",
    "lambda: 1",
    "1 if True else 2",
    "a ** 99999999",
    "a / 0",
    "f'{a}'",
    "(" * 500 + "1" + ")" * 500,
    "1" * 5_000,
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_code_gets_in_by_a_condition_or_a_script(script: str) -> None:
    said = script.replace("&", "&amp;").replace("<", "&lt;")
    condition = (
        f'<bpmn:sequenceFlow id="c" sourceRef="gate" targetRef="end"><bpmn:conditionExpression>'
        f"{said}</bpmn:conditionExpression></bpmn:sequenceFlow>"
        '<bpmn:sequenceFlow id="d" sourceRef="gate" targetRef="other"/>'
    )
    gate = GATE.replace('id="gate"', 'id="gate" default="d"')
    assert [e for e, _ in found(process(gate + condition))] == ["c"]
    task = (
        '<bpmn:scriptTask id="task" scriptFormat="python" camunda:resultVariable="x">'
        f"<bpmn:script>{said}</bpmn:script></bpmn:scriptTask>"
    )
    assert "task" in [e for e, _ in found(drawn(task))]


def bomb(kind: str) -> str:
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "ha">' for n in range(9)
    )
    inner = {"laughs": "&e8;", "file": "&f;"}[kind]
    file = '<!ENTITY f SYSTEM "file:///etc/passwd">'
    text = (
        drawn().replace('name="Look"', "").replace("<bpmn:startEvent", f"{inner}<bpmn:startEvent")
    )
    return f"<!DOCTYPE x [{entities}{file}]>{text}"


HOSTILE = {
    "entity bomb": bomb("laughs"),
    "a file of ours": bomb("file"),
    "no XML": "<bpmn:definitions",
    "nothing": " ",
    "half a character": drawn().replace("Look", "\ud800"),
    "a NUL": drawn().replace("Look", "\x00"),
    "another language": "<html/>",
    "too deep": process("<bpmn:subProcess>" * 300 + "</bpmn:subProcess>" * 300),
    "too many": process("<bpmn:documentation/>" * 41_000),
    "an id for a shell": drawn().replace('"task"', '"task;rm -rf"'),
    "an id of the engine": drawn().replace('"start"', '"Start.BoundaryEventSplit\'"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_whole(name: str) -> None:
    assert found(HOSTILE[name])


@once
def test_a_huge_file_is_not_read(studio: Studio) -> None:
    with pytest.raises(Malformed):
        studio.drawings.check("x" * (BYTES_MAX + 1))


@once
def test_names_that_the_engine_uses_itself_are_only_names(studio: Studio) -> None:
    """Elements called as the engine calls its own parts cannot take their place."""
    text = drawn().replace('"start"', '"Start"').replace('"end"', '"sample.EndJoin"')
    text = text.replace('"task"', '"End"')
    studio.bring(text)
    limit = studio.limit()
    flow_id = studio.start("sample", {"limit_id": str(limit.limit_id)})
    assert studio.ended(flow_id)["end"] == "sample.EndJoin"
