"""What a drawing says, once it was read: nodes, arrows between them, and what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from yunjin.platforms.capability.api.drawings import Finding
from yunjin.platforms.capability.api.tasks import FormField


class Kind(StrEnum):
    """What a node does. The value is its element in plain BPMN."""

    START = "startEvent"
    END = "endEvent"
    CALL = "serviceTask"
    PERSON = "userTask"
    ASSIGN = "scriptTask"
    CHILD = "callActivity"
    GROUP = "subProcess"
    EXCLUSIVE = "exclusiveGateway"
    PARALLEL = "parallelGateway"
    INCLUSIVE = "inclusiveGateway"
    FIRST = "eventBasedGateway"
    CATCH = "intermediateCatchEvent"
    PASS = "intermediateThrowEvent"
    BOUNDARY = "boundaryEvent"


class Event(StrEnum):
    """What a catch, a boundary or an end is about."""

    NONE = ""
    TIMER = "timer"
    MESSAGE = "message"
    ERROR = "error"
    COMPENSATE = "compensate"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One element.

    Parameters
    ----------
    within : the sub-process it is in; "" for the process.
    event : what it waits for or ends by.  said : the timer, the message's name, the error's code.
    attached_to, is_interrupting : of a boundary event.
    calls : the operation, such as "limit.reserve"; of a child the flow.
    inputs, outputs : (name, value) and (variable, expression).
    undo : "" as the catalogue says, "none", or the id of the task that undoes it.
    is_undo : it is drawn as what undoes another one, and stands in no path.
    default : the arrow that is taken where no condition holds.
    """

    id: str
    kind: Kind
    name: str
    within: str = ""
    event: Event = Event.NONE
    said: str = ""
    attached_to: str = ""
    is_interrupting: bool = True
    calls: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    undo: str = ""
    is_undo: bool = False
    default: str = ""
    queue: str = "general"
    assignee: str = ""
    note: str = ""
    form: tuple[FormField, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one node to another, where the condition holds; "" always. name : for people."""

    id: str
    source: str
    target: str
    condition: str = ""
    name: str = ""


@dataclass(slots=True)
class Model:
    """A drawing as it was read, with what is wrong with it so far."""

    code: str = ""
    name: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    inputs: tuple[str, ...] = ()

    def find(self, element: str, reason: str) -> None:
        """Note what is wrong."""
        self.findings.append(Finding(element[:80], reason[:300]))

    def inside(self, within: str) -> Iterator[Node]:
        """Yield the nodes of a level, but those that only undo others."""
        return (one for one in self.nodes.values() if one.within == within and not one.is_undo)

    def leaving(self, node_id: str) -> list[Arrow]:
        """Return the arrows from a node."""
        return [one for one in self.arrows if one.source == node_id]

    def reaching(self, node_id: str) -> list[Arrow]:
        """Return the arrows to a node."""
        return [one for one in self.arrows if one.target == node_id]

    def at(self, node_id: str) -> list[Node]:
        """Return the boundary events of a node, in the order of the file."""
        return [one for one in self.nodes.values() if one.attached_to == node_id]
