"""A drawing as plain BPMN for the engine that moves its tokens: only what that has to know.

No text of the drawing gets there: elements are numbered, conditions are the numbers of their
arrows. What does something is a manual task, and what waits is a message, so that the engine does
nothing but say which of them are next.
"""

from dataclasses import dataclass, field
from typing import Final

from yunjin.platforms.capability.domain.bpmn.model import Event, Kind, Model, Node
from yunjin.platforms.capability.domain.bpmn.opening import BPMN

PROCESS: Final = "p"
_ACTING: Final = frozenset([Kind.CALL, Kind.PERSON, Kind.ASSIGN, Kind.CHILD])
_EVENT: Final = "<messageEventDefinition messageRef='m{0}'/>"


@dataclass(slots=True)
class Plain:
    """Plain BPMN, and which of its elements stands for which of the drawing's."""

    text: str = ""
    node_of: dict[str, str] = field(default_factory=dict)
    arrow_of: dict[str, str] = field(default_factory=dict)


def plain(model: Model) -> Plain:
    """Return a checked drawing as plain BPMN."""
    made = Plain()
    numbers = {node_id: f"n{at}" for at, node_id in enumerate(model.nodes)}
    made.node_of = {number: node_id for node_id, number in numbers.items()}
    arrows = {arrow.id: f"a{at}" for at, arrow in enumerate(model.arrows)}
    made.arrow_of = {number: arrow_id for arrow_id, number in arrows.items()}
    waits = [
        f"<message id='m{numbers[one.id]}' name='m{numbers[one.id]}'/>"
        for one in model.nodes.values()
        if one.kind in (Kind.CATCH, Kind.BOUNDARY)
    ]
    body = _level(model, "", numbers, arrows)
    made.text = (
        f"<definitions xmlns='{BPMN}'>{''.join(waits)}"
        f"<process id='{PROCESS}' isExecutable='true'>{body}</process></definitions>"
    )
    return made


def _level(model: Model, within: str, numbers: dict[str, str], arrows: dict[str, str]) -> str:
    parts = [_node(model, node, numbers, arrows) for node in model.inside(within)]
    for arrow in model.arrows:
        source = model.nodes[arrow.source]
        if source.within != within:
            continue
        ends = f"sourceRef='{numbers[arrow.source]}' targetRef='{numbers[arrow.target]}'"
        said = f"<conditionExpression>{arrows[arrow.id]}</conditionExpression>"
        parts.append(
            f"<sequenceFlow id='{arrows[arrow.id]}' {ends}>"
            f"{said if arrow.condition else ''}</sequenceFlow>"
        )
    return "".join(parts)


def _node(model: Model, node: Node, numbers: dict[str, str], arrows: dict[str, str]) -> str:
    number = numbers[node.id]
    if node.kind in _ACTING:
        return f"<manualTask id='{number}'/>"
    if node.kind is Kind.GROUP:
        return f"<subProcess id='{number}'>{_level(model, node.id, numbers, arrows)}</subProcess>"
    if node.kind is Kind.CATCH:
        tag = node.kind.value
        return f"<{tag} id='{number}'>{_EVENT.format(number)}</{tag}>"
    if node.kind is Kind.BOUNDARY:
        ends = "true" if node.is_interrupting else "false"
        at = f"attachedToRef='{numbers[node.attached_to]}' cancelActivity='{ends}'"
        return f"<boundaryEvent id='{number}' {at}>{_EVENT.format(number)}</boundaryEvent>"
    if node.kind is Kind.END and node.event is Event.TERMINATE:
        return f"<endEvent id='{number}'><terminateEventDefinition/></endEvent>"
    if node.kind is Kind.END and node.event is not Event.NONE:  # ours to act on; no way from here
        return f"<manualTask id='{number}'/>"
    if node.kind is Kind.PASS:
        return f"<exclusiveGateway id='{number}'/>"
    default = f" default='{arrows[node.default]}'" if node.default else ""
    return f"<{node.kind.value} id='{number}'{default}/>"
