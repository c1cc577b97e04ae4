"""A drawing that was brought in, as the chart that is laid and shown."""

from typing import Final

from yunjin.chassis.flow.drawing.charts import Chart, Line, Shape, ShapeKind
from yunjin.platforms.capability.domain.bpmn.model import Kind, Model, Node

_KINDS: Final = {kind: ShapeKind(kind.value) for kind in Kind}
_NAME_LENGTH: Final = 60  # of a step in the journal


def step_of(node: Node) -> str:
    """Return what the journal of a flow calls the step of a node."""
    if node.kind is Kind.CHILD:
        return f"child:drawing.{node.calls}"
    return (node.name or node.id)[:_NAME_LENGTH]


def chart(model: Model) -> Chart:
    """Return a drawing's chart, not laid yet; lines that lead nowhere are left out."""
    made = Chart(code=model.code, name=model.name)
    for node in model.nodes.values():
        if node.is_undo:
            continue
        undoing = model.nodes.get(node.undo)
        made.shapes.append(
            Shape(
                id=node.id,
                kind=_KINDS[node.kind],
                name=node.name or node.calls or (node.said if node.event else ""),
                event=node.event.value,
                said=node.said,
                host=node.attached_to,
                within=node.within,
                is_interrupting=node.is_interrupting,
                step=step_of(node) if node.kind in (Kind.CALL, Kind.PERSON, Kind.CHILD) else "",
                undone_by="" if undoing is None else undoing.name or undoing.calls,
            )
        )
    there = {one.id for one in made.shapes}
    for arrow in model.arrows:
        if arrow.source in there and arrow.target in there:
            is_default = model.nodes[arrow.source].default == arrow.id
            name = arrow.name or arrow.condition.strip().removeprefix("=").strip("${}")
            made.lines.append(
                Line(
                    id=arrow.id,
                    source=arrow.source,
                    target=arrow.target,
                    name=name,
                    condition=arrow.condition,
                    is_default=is_default,
                )
            )
    return made
