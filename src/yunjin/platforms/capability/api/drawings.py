"""Drawings 流程图: BPMN 2.0 that is brought in and run over the centres' commands, and drawn out.

A drawing's service tasks name operations of the catalogue, such as `limit.reserve`; its user tasks
are tasks of people; its flows are durable flows like any other. docs/how-to/bpmn.md says which
elements are understood.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events.drawings import DrawingBrought, DrawingRetired

BYTES_MAX: Final = 1_000_000  # of a drawing's file
ELEMENTS_MAX: Final = 2_000  # of a drawing
CODE_LENGTH: Final = 40
FLOW: Final = "drawing."  # before a drawing's code: what its flows are called
Value: TypeAlias = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a drawing. element: its id in the file; "" for the file as a whole."""

    element: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is said of a file before it is brought in. It can be where nothing was found.

    inputs : names that its expressions use and nothing in the drawing sets before.
    """

    code: str
    name: str
    findings: tuple[Finding, ...]
    operations: tuple[str, ...]
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A version of a drawing.

    code : the id of the file's process.  version : from 1; the newest is started.
    operations : what its tasks ask of centres, each once.
    inputs : what a flow of it has to be started with.
    """

    code: str
    version: int
    name: str
    operations: tuple[str, ...]
    inputs: tuple[str, ...]
    by: str
    at: dt.datetime
    is_retired: bool


class DrawingsApi(Protocol):
    """Drawings: brought in by version, checked, started; flows in code drawn for people."""

    @command(undone_by="retire")
    def bring(self, command_id: UUID, text: str, *, by: str) -> Drawing:
        """Bring a drawing in: the next version of the code that its process has as id.

        Raises: DrawingRefused (with each element and reason), BpmnNotInstalled, Malformed.
        """

    @command(lasts="bring the drawing again; what runs goes on")
    def retire(self, command_id: UUID, code: str, *, by: str) -> Drawing:
        """Let a drawing start no more flows. Raises: DrawingNotFound."""

    @command(undone_by="cancel")
    def start(self, command_id: UUID, code: str, inputs: Mapping[str, Value]) -> UUID:
        """Start a flow of a drawing's newest version; its id is the command's.

        Raises: DrawingNotFound, DrawingRetired, BpmnNotInstalled, Malformed (inputs).
        """

    @command(lasts="what was done is undone; start another flow")
    def cancel(self, command_id: UUID, flow_id: UUID, *, by: str, why: str) -> None:
        """End a flow; what it did is undone, last first. Raises: NoSuchFlow, FlowEnded."""

    @command(lasts="the flow has heard it")
    def tell(
        self, command_id: UUID, flow_id: UUID, message: str, values: Mapping[str, Value]
    ) -> None:
        """Tell a flow a message that its drawing waits for, now or later.

        Raises: NoSuchFlow, FlowEnded, Malformed.
        """

    @query
    def check(self, text: str) -> Checked:
        """Say what is wrong with a drawing, and bring nothing in. Raises: Malformed (its size)."""

    @query
    def drawing(self, code: str, version: int = 0) -> Drawing:
        """Return a drawing; version 0 is the newest. Raises: DrawingNotFound."""

    @query
    def drawings(self, *, limit: int = 50, cursor: str | None = None) -> Page[Drawing]:
        """Return the newest version of each drawing, by code. Raises: Malformed (cursor)."""

    @query
    def text(self, code: str, version: int = 0) -> str:
        """Return a drawing's BPMN as it was brought in. Raises: DrawingNotFound."""

    @query
    def picture(self, code: str, version: int = 0) -> str:
        """Return a drawing as SVG. Raises: DrawingNotFound."""

    @query
    def flows(self) -> list[str]:
        """Return the names of the flows that are written in code and can be drawn."""

    @query
    def drawn(self, flow: str) -> str:
        """Return a flow that is written in code as BPMN 2.0, laid out. Raises: FlowUnknown."""

    @query
    def drawn_picture(self, flow: str) -> str:
        """Return a flow that is written in code as SVG. Raises: FlowUnknown."""


DRAWINGS: Final = Centre(
    code="drawing",
    words=("流程图中心", "Drawings"),
    purpose=(
        "BPMN 2.0 流程图：带进来检查后在各中心的命令上运行；代码写的流程也能画出来。",
        "BPMN 2.0: drawings are checked and run over the centres' commands; flows written in code "
        "are drawn.",
    ),
    bian=("Business Architecture", "System Development"),
    door=DrawingsApi,
    events=(DrawingBrought, DrawingRetired),
    slo=Slo(p99_ms=200),
)
