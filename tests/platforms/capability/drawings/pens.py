"""Small drawings for tests: nodes, the arrows between them, and the frame around them."""

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
HEAD = (
    f'<bpmn:definitions xmlns:bpmn="{MODEL}" xmlns:yunjin="https://yunjin.example/bpmn/1" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="x">'
)
QUERY = (
    '<bpmn:serviceTask id="task" name="Look"><bpmn:extensionElements>'
    '<yunjin:call operation="limit.limit"><yunjin:input name="limit_id" value="=limit_id"/>'
    "</yunjin:call></bpmn:extensionElements></bpmn:serviceTask>"
)


def arrows(*ways: str, within: str = "") -> str:
    """Return sequence flows: `a>b` each."""
    made = ""
    for at, way in enumerate(ways):
        source, target = way.split(">")
        made += f'<bpmn:sequenceFlow id="{within}w{at}" sourceRef="{source}" targetRef="{target}"/>'
    return made


def process(body: str, top: str = "", marks: str = 'id="sample" isExecutable="true"') -> str:
    return f"{HEAD}{top}<bpmn:process {marks}>{body}</bpmn:process></bpmn:definitions>"


def drawn(task: str = QUERY, more: str = "", top: str = "", ways: str = "") -> str:
    """Return a drawing of one task between a start and an end."""
    nodes = f'<bpmn:startEvent id="start"/>{task}<bpmn:endEvent id="end"/>'
    return process(nodes + arrows("start>task", "task>end") + more + ways, top)


def call(operation: str, *inputs: str, marks: str = "") -> str:
    said = "".join(
        f'<yunjin:input name="{one.split(":", 1)[0]}" value="{one.split(":", 1)[1]}"/>'
        for one in inputs
    )
    return (
        '<bpmn:serviceTask id="task"><bpmn:extensionElements>'
        f'<yunjin:call operation="{operation}"{marks}>{said}</yunjin:call>'
        "</bpmn:extensionElements></bpmn:serviceTask>"
    )


def start_and(*nodes: str) -> str:
    """Return nodes with a start event and an end event."""
    return '<bpmn:startEvent id="start"/>' + "".join(nodes) + '<bpmn:endEvent id="end"/>'


def person(node_id: str, *fields: str) -> str:
    """Return a user task. fields : `name:kind` each."""
    said = "".join(
        f'<yunjin:field name="{one.split(":")[0]}" kind="{one.split(":")[1]}"/>' for one in fields
    )
    return (
        f'<bpmn:userTask id="{node_id}" name="{node_id}"><bpmn:extensionElements>'
        f'<yunjin:task queue="general">{said}</yunjin:task></bpmn:extensionElements>'
        "</bpmn:userTask>"
    )


def event(kind: str, node_id: str, marks: str, inner: str) -> str:
    """Return a catch or a boundary event."""
    return f'<bpmn:{kind} id="{node_id}" {marks}>{inner}</bpmn:{kind}>'


def timer(span: str) -> str:
    """Return the definition of a timer."""
    inner = f"<bpmn:timeDuration>{span}</bpmn:timeDuration>"
    return f"<bpmn:timerEventDefinition>{inner}</bpmn:timerEventDefinition>"


def choice(source: str, *ways: str) -> str:
    """Return the ways from a gateway: `target:condition` each, without a condition the default."""
    made = ""
    for at, way in enumerate(ways):
        target, _, said = way.partition(":")
        inner = f"<bpmn:conditionExpression>{said}</bpmn:conditionExpression>" if said else ""
        ends = f'sourceRef="{source}" targetRef="{target}"'
        made += f'<bpmn:sequenceFlow id="{source}{at}" {ends}>{inner}</bpmn:sequenceFlow>'
    return made
