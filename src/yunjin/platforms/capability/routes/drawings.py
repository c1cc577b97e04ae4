"""Drawings over HTTP: BPMN in and out, checked, started, told."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr

from yunjin.chassis.transport.values import Answer, Command, Form, Key, id_of
from yunjin.platforms.capability.api.drawings import BYTES_MAX, CODE_LENGTH, Drawing, DrawingsApi
from yunjin.platforms.capability.routes.tasks import Person
from yunjin.platforms.capability.routes.values import Cursor, Limit

_XML = "application/xml"
_SVG = "image/svg+xml"
Text = Annotated[str, Field(min_length=1, max_length=BYTES_MAX)]
CodePath = Annotated[str, Path(min_length=1, max_length=CODE_LENGTH, pattern="^[!-~]+$")]
FlowPath = Annotated[str, Path(min_length=1, max_length=64, pattern="^[!-~]+$")]
Version = Annotated[int, Query(ge=0, le=2**31 - 1)]
MessageName = Annotated[str, Field(min_length=1, max_length=50)]


def _plain(given: Any) -> Any:
    """Refuse what is no text, whole number, true, false or null, before a union tries each."""
    if given is not None and type(given) not in (bool, int, str):
        raise ValueError("expected a text, a whole number, true, false or null")
    return given


Given = Annotated[StrictBool | StrictInt | StrictStr | None, BeforeValidator(_plain)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Values = Annotated[dict[Name, Given], Field(max_length=200)]


class CheckForm(Form):
    """A drawing to be checked."""

    text: Text


class BringForm(Command):
    """A drawing to be brought in. text: BPMN 2.0, XML."""

    text: Text
    by: Person


class ByForm(Command):
    """A command, and who gives it."""

    by: Person


class StartForm(Command):
    """What a flow is started with, by name."""

    inputs: Values = Field(default_factory=dict)


class TellForm(Command):
    """A message for a flow."""

    message: MessageName
    values: Values = Field(default_factory=dict)


class CancelForm(Command):
    """Who ends a flow, and why."""

    by: Person
    why: Annotated[str, Field(min_length=1, max_length=200)]


class FindingOut(Answer):
    """What is wrong. element: its id in the file; "" for the file as a whole."""

    element: str
    reason: str


class CheckedOut(Answer):
    """What is said of a drawing; without findings it can be brought in."""

    code: str
    name: str
    findings: list[FindingOut]
    operations: list[str]
    inputs: list[str]


class DrawingOut(Answer):
    """A version of a drawing. operations: what it asks; inputs: what its flows start with."""

    code: str
    version: int
    name: str
    operations: list[str]
    inputs: list[str]
    by: str
    at: dt.datetime
    is_retired: bool


class DrawingsOut(Answer):
    """A page of drawings."""

    items: list[DrawingOut]
    next_cursor: str | None


class StartedOut(Answer):
    """A flow that was started."""

    flow_id: UUID


class DrawingRoutes:
    """The addresses of drawings."""

    def __init__(self, drawings: DrawingsApi) -> None:
        self._drawings = drawings

    def drawings(self, limit: Limit = 50, cursor: Cursor = None) -> DrawingsOut:
        """Return the newest version of each drawing, by code."""
        return DrawingsOut.model_validate(self._drawings.drawings(limit=limit, cursor=cursor))

    def bring_drawing(self, form: BringForm, key: Key = None) -> DrawingOut:
        """Bring a drawing in: the next version of its code."""
        return _out(self._drawings.bring(id_of(form, key), form.text, by=form.by))

    def check_drawing(self, form: CheckForm) -> CheckedOut:
        """Say what is wrong with a drawing, and bring nothing in."""
        return CheckedOut.model_validate(self._drawings.check(form.text))

    def drawing(self, code: CodePath, version: Version = 0) -> DrawingOut:
        """Return a drawing; version 0 is the newest."""
        return _out(self._drawings.drawing(code, version))

    def drawing_bpmn(self, code: CodePath, version: Version = 0) -> Response:
        """Return a drawing's BPMN as it was brought in."""
        return Response(self._drawings.text(code, version), media_type=_XML)

    def drawing_picture(self, code: CodePath, version: Version = 0) -> Response:
        """Return a drawing as SVG."""
        return Response(self._drawings.picture(code, version), media_type=_SVG)

    def retire_drawing(self, code: CodePath, form: ByForm, key: Key = None) -> DrawingOut:
        """Let a drawing start no more flows."""
        return _out(self._drawings.retire(id_of(form, key), code, by=form.by))

    def start_drawing(self, code: CodePath, form: StartForm, key: Key = None) -> StartedOut:
        """Start a flow of a drawing; its id is the command's."""
        flow_id = self._drawings.start(id_of(form, key), code, form.inputs)
        return StartedOut(flow_id=flow_id)

    def tell_drawing(self, flow_id: UUID, form: TellForm, key: Key = None) -> Response:
        """Tell a flow a message that its drawing waits for."""
        self._drawings.tell(id_of(form, key), flow_id, form.message, form.values)
        return Response(status_code=204)

    def cancel_drawing(self, flow_id: UUID, form: CancelForm, key: Key = None) -> Response:
        """End a flow; what it did is undone."""
        self._drawings.cancel(id_of(form, key), flow_id, by=form.by, why=form.why)
        return Response(status_code=204)

    def drawn_flows(self) -> list[str]:
        """Return the names of the flows in code that can be drawn."""
        return self._drawings.flows()

    def drawn_bpmn(self, flow: FlowPath) -> Response:
        """Return a flow in code as BPMN 2.0."""
        return Response(self._drawings.drawn(flow), media_type=_XML)

    def drawn_picture(self, flow: FlowPath) -> Response:
        """Return a flow in code as SVG."""
        return Response(self._drawings.drawn_picture(flow), media_type=_SVG)


def router(drawings: DrawingsApi) -> APIRouter:
    """Return the router of drawings."""
    made, to = APIRouter(tags=["drawings"]), DrawingRoutes(drawings)
    made.get("/drawings")(to.drawings)
    made.post("/drawings", status_code=201)(to.bring_drawing)
    made.post("/drawings/check")(to.check_drawing)
    made.get("/drawings/{code}")(to.drawing)
    made.get("/drawings/{code}/bpmn", response_class=Response)(to.drawing_bpmn)
    made.get("/drawings/{code}/picture", response_class=Response)(to.drawing_picture)
    made.post("/drawings/{code}/retire")(to.retire_drawing)
    made.post("/drawings/{code}/flows", status_code=202)(to.start_drawing)
    made.post("/drawing_flows/{flow_id}/messages", status_code=204)(to.tell_drawing)
    made.post("/drawing_flows/{flow_id}/cancel", status_code=204)(to.cancel_drawing)
    made.get("/drawn_flows")(to.drawn_flows)
    made.get("/drawn_flows/{flow}/bpmn", response_class=Response)(to.drawn_bpmn)
    made.get("/drawn_flows/{flow}/picture", response_class=Response)(to.drawn_picture)
    return made


def _out(one: Drawing) -> DrawingOut:
    return DrawingOut.model_validate(one)
