"""A chart: shapes and the lines between them, as BPMN has them, before and after its layout."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ShapeKind(StrEnum):
    """What a shape is: the element of BPMN."""

    START = "startEvent"
    END = "endEvent"
    TASK = "task"  # a step of the room itself: no operation that others may ask
    SERVICE = "serviceTask"
    USER = "userTask"
    SCRIPT = "scriptTask"
    CHILD = "callActivity"
    GROUP = "subProcess"
    CHOICE = "exclusiveGateway"
    PARALLEL = "parallelGateway"
    INCLUSIVE = "inclusiveGateway"
    FIRST = "eventBasedGateway"
    CATCH = "intermediateCatchEvent"
    THROW = "intermediateThrowEvent"
    EDGE = "boundaryEvent"

    @property
    def is_event(self) -> bool:
        """Whether it is drawn as a circle."""
        return self.value.endswith("Event")

    @property
    def is_gateway(self) -> bool:
        """Whether it is drawn as a diamond."""
        return self.value.endswith("Gateway")


@dataclass(slots=True, kw_only=True)
class Mapped:
    """What a service task asks, or a user task shows: for who brings the drawing in again."""

    operation: str = ""
    inputs: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[tuple[str, str]] = field(default_factory=list)
    queue: str = ""
    fields: list[Any] = field(default_factory=list)  # of a form, as the task centre has them


@dataclass(slots=True, kw_only=True)
class Shape:
    """One element.

    Parameters
    ----------
    event : "timer", "message", "error", "compensate", "terminate" or "".  said : what of it.
    host : of an event on the edge of another shape.
    within : the sub-process it is in.
    step : what the journal of a flow calls it; "" where it leaves no row.
    is_many : the same for each of several.
    undone_by : the name of what takes it back.
    x, y, width, height : the layout, in pixels.
    """

    id: str
    kind: ShapeKind
    name: str = ""
    event: str = ""
    said: str = ""
    host: str = ""
    within: str = ""
    step: str = ""
    is_many: bool = False
    is_interrupting: bool = True
    undone_by: str = ""
    mapped: Mapped | None = None
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


@dataclass(slots=True, kw_only=True)
class Line:
    """An arrow. condition: an expression; "" always. is_default: where no other condition holds."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str = ""
    is_default: bool = False
    points: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Chart:
    """A flow as shapes and lines. width, height : of the whole, once it is laid."""

    code: str
    name: str
    shapes: list[Shape] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    width: int = 0
    height: int = 0

    def shape(self, shape_id: str) -> Shape:
        """Return a shape."""
        return next(one for one in self.shapes if one.id == shape_id)
