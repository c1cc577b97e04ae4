"""A chart as BPMN 2.0 with its layout (BPMN DI): what bpmn.io and Camunda Modeler open."""

from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from yunjin.chassis.flow.drawing.charts import Chart, Line, Mapped, Shape, ShapeKind
from yunjin.chassis.flow.drawing.layout import laid

OWN: Final = "https://yunjin.example/bpmn/1"
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"\n'
    '    xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"\n'
    '    xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"\n'
    '    xmlns:di="http://www.omg.org/spec/DD/20100524/DI"\n'
    '    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n'
    f'    xmlns:yunjin="{OWN}"\n'
    f'    id="definitions" targetNamespace="{OWN}" exporter="Yunjin">\n'
)


def bpmn(chart: Chart) -> str:
    """Return a chart as a BPMN 2.0 file; the same chart is the same text."""
    chart = laid(chart)
    declared = [text for one in chart.shapes if (text := _declared(one))]
    process = f"  <bpmn:process id={quoteattr(chart.code)} name={quoteattr(chart.name)}"
    body = _level(chart, "", "    ")
    diagram = "".join([_placed(one) for one in chart.shapes] + [_run(one) for one in chart.lines])
    return (
        f"{_HEAD}{''.join(declared)}"
        f'{process} isExecutable="true">\n{body}  </bpmn:process>\n'
        '  <bpmndi:BPMNDiagram id="diagram">\n'
        f'    <bpmndi:BPMNPlane id="plane" bpmnElement={quoteattr(chart.code)}>\n'
        f"{diagram}    </bpmndi:BPMNPlane>\n  </bpmndi:BPMNDiagram>\n</bpmn:definitions>\n"
    )


def _declared(one: Shape) -> str:
    """Return what an event refers to at the file's top."""
    if one.event == "message":
        return f'  <bpmn:message id="message_{one.id}" name={quoteattr(one.said)}/>\n'
    if one.event == "error" and one.said:
        code = quoteattr(one.said)
        return f'  <bpmn:error id="error_{one.id}" name={code} errorCode={code}/>\n'
    return ""


def _level(chart: Chart, within: str, pad: str) -> str:
    parts = [_element(chart, one, pad) for one in chart.shapes if one.within == within]
    inside = {one.id for one in chart.shapes if one.within == within}
    parts += [_flow(one, pad) for one in chart.lines if one.source in inside]
    return "".join(parts)


def _element(chart: Chart, one: Shape, pad: str) -> str:
    default = next((x.id for x in chart.lines if x.source == one.id and x.is_default), "")
    marks = f" name={quoteattr(one.name)}" if one.name else ""
    marks += f" default={quoteattr(default)}" if default else ""
    if one.kind is ShapeKind.EDGE:
        marks += f" attachedToRef={quoteattr(one.host)}"
        marks += "" if one.is_interrupting else ' cancelActivity="false"'
    if one.kind is ShapeKind.CHILD:
        marks += f" calledElement={quoteattr(one.said)}"
    inner = _said(one, f"{pad}  ") + _extensions(one, f"{pad}  ") + _ends(chart, one, f"{pad}  ")
    inner += _event(one, f"{pad}  ")
    if one.is_many:
        inner += f"{pad}  <bpmn:multiInstanceLoopCharacteristics/>\n"
    if one.kind is ShapeKind.GROUP:
        inner += _level(chart, one.id, f"{pad}  ")
    tag = f"bpmn:{one.kind.value}"
    if not inner:
        return f"{pad}<{tag} id={quoteattr(one.id)}{marks}/>\n"
    return f"{pad}<{tag} id={quoteattr(one.id)}{marks}>\n{inner}{pad}</{tag}>\n"


def _said(one: Shape, pad: str) -> str:
    said = [f"Journal: {one.step}"] if one.step else []
    said += [f"Undone by: {one.undone_by}"] if one.undone_by else []
    if not said:
        return ""
    return f"{pad}<bpmn:documentation>{escape('. '.join(said))}</bpmn:documentation>\n"


def _extensions(one: Shape, pad: str) -> str:
    if one.mapped is None:
        return ""
    inner = _task(one.mapped, pad) if one.kind is ShapeKind.USER else _call(one.mapped, pad)
    return f"{pad}<bpmn:extensionElements>\n{inner}{pad}</bpmn:extensionElements>\n"


def _call(mapped: Mapped, pad: str) -> str:
    lines = [f"{pad}  <yunjin:call operation={quoteattr(mapped.operation)}>\n"]
    lines += [_pair("input", pad, *one) for one in mapped.inputs]
    lines += [_pair("output", pad, *one) for one in mapped.outputs]
    return "".join([*lines, f"{pad}  </yunjin:call>\n"])


def _task(mapped: Mapped, pad: str) -> str:
    lines = [f"{pad}  <yunjin:task queue={quoteattr(mapped.queue)}>\n"]
    lines += [_field(one, pad) for one in mapped.fields]
    lines += [_pair("output", pad, *one) for one in mapped.outputs]
    return "".join([*lines, f"{pad}  </yunjin:task>\n"])


def _pair(what: str, pad: str, name: str, value: str) -> str:
    return f"{pad}    <yunjin:{what} name={quoteattr(name)} value={quoteattr(value)}/>\n"


def _field(one: Any, pad: str) -> str:
    marks = f" name={quoteattr(one.name)} kind={quoteattr(str(one.kind))}"
    marks += f" zh={quoteattr(one.zh)} en={quoteattr(one.en)}"
    marks += "" if one.is_required else ' required="false"'
    marks += f" currency={quoteattr(one.currency)}" if one.currency else ""
    choices = "".join(
        f"{pad}      <yunjin:choice code={quoteattr(each.code)} zh={quoteattr(each.zh)}"
        f" en={quoteattr(each.en)}/>\n"
        for each in one.choices
    )
    if not choices:
        return f"{pad}    <yunjin:field{marks}/>\n"
    return f"{pad}    <yunjin:field{marks}>\n{choices}{pad}    </yunjin:field>\n"


def _ends(chart: Chart, one: Shape, pad: str) -> str:
    comes = [
        f"{pad}<bpmn:incoming>{x.id}</bpmn:incoming>\n" for x in chart.lines if x.target == one.id
    ]
    goes = [
        f"{pad}<bpmn:outgoing>{x.id}</bpmn:outgoing>\n" for x in chart.lines if x.source == one.id
    ]
    return "".join(comes + goes)


def _event(one: Shape, pad: str) -> str:
    if not one.event:
        return ""
    tag = f"bpmn:{one.event}EventDefinition"
    if one.event == "timer":
        kind = "timeDuration" if one.said.startswith(("P", "=")) else "timeDate"
        said = f'<bpmn:{kind} xsi:type="bpmn:tFormalExpression">{escape(one.said)}</bpmn:{kind}>'
        return f"{pad}<{tag}>{said}</{tag}>\n"
    refers = one.event == "message" or (one.event == "error" and one.said)
    mark = f' {one.event}Ref="{one.event}_{one.id}"' if refers else ""
    return f"{pad}<{tag}{mark}/>\n"


def _flow(one: Line, pad: str) -> str:
    name = f" name={quoteattr(one.name)}" if one.name else ""
    ends = f"sourceRef={quoteattr(one.source)} targetRef={quoteattr(one.target)}"
    head = f"{pad}<bpmn:sequenceFlow id={quoteattr(one.id)}{name} {ends}"
    if not one.condition or one.is_default:
        return f"{head}/>\n"
    said = escape(one.condition)
    inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{said}</'
    return f"{head}>\n{pad}  {inner}bpmn:conditionExpression>\n{pad}</bpmn:sequenceFlow>\n"


def _placed(one: Shape) -> str:
    place = f'<dc:Bounds x="{one.x}" y="{one.y}" width="{one.width}" height="{one.height}"/>'
    mark = ' isExpanded="true"' if one.kind is ShapeKind.GROUP else ""
    mark += ' isMarkerVisible="true"' if one.kind is ShapeKind.CHOICE else ""
    return (
        f'      <bpmndi:BPMNShape id="{one.id}_di" bpmnElement={quoteattr(one.id)}{mark}>\n'
        f"        {place}\n      </bpmndi:BPMNShape>\n"
    )


def _run(one: Line) -> str:
    points = "".join(f'        <di:waypoint x="{x}" y="{y}"/>\n' for x, y in one.points)
    head = f'      <bpmndi:BPMNEdge id="{one.id}_di" bpmnElement={quoteattr(one.id)}>\n'
    return f"{head}{points}      </bpmndi:BPMNEdge>\n"
